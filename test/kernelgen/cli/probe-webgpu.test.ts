import { parseDevice } from "hwmodels";
import { expect, it } from "vitest";
import { requireDevice, webGpuEnvironment } from "../wgsl/devices.js";
import { runKernelgenWith } from "./run-kernelgen.js";

const probe = (variables: NodeJS.ProcessEnv) =>
  runKernelgenWith(variables as Record<string, string>, "devices", "probe", "--api", "webgpu");

it("kernelgen devices probe describes the WebGPU adapter of this machine", async (context) => {
  const { description } = await requireDevice(context);
  const { exitCode, stdout, stderr } = await probe(webGpuEnvironment());
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain(`WebGPU: ${description.name}\n`);
  expect(parseDevice(stdout, "here.json")).toEqual(description);
});

it("kernelgen devices probe ends with 3 where no driver is", async () => {
  const { exitCode, stdout, stderr } = await probe({ VK_DRIVER_FILES: "/none.json", VK_ICD_FILENAMES: "/none.json" });
  expect([exitCode, stdout]).toEqual([3, ""]);
  expect(stderr).toContain(
    "kernelgen: no webgpu device found on this machine\n  WebGPU: no WebGPU adapter on this machine\n",
  );
});
