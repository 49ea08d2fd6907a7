import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create } from "webgpu";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { type OpenDevice, openNodeDevice } from "../../../packages/kernelgen/src/wgsl/node-device.js";
import { residentFamily } from "../../../packages/kernelgen/src/wgsl/resident.js";
import { createForward } from "../../../packages/kernelgen/src/wgsl/runtime.js";
import { stepwiseFamily } from "../../../packages/kernelgen/src/wgsl/stepwise.js";
import { verifyForward } from "../../../packages/kernelgen/src/wgsl/verify.js";
import { openNullDevice, requireDevice } from "./devices.js";
import { families, problemOf, webGpuDevice } from "./tilings.js";

const problem = problemOf({ headDim: 6, batch: 2, steps: 3 });
const plan = solveFamily(problem, webGpuDevice("webgpu-default"), residentFamily).plan!;
const source = residentFamily.emit(plan)[0]!.text;

describe("without a driver", () => {
  let dawn: OpenDevice;
  beforeAll(async () => {
    dawn = await openNullDevice();
  });
  afterAll(() => dawn.close());

  it("wrong source is an error with the compiler's message and place", async () => {
    const broken = source.replace("let o = sigmoid(u0.w);", "let o = sigmoid(u0);");
    expect(broken).not.toBe(source);
    const line = broken.slice(0, broken.indexOf("let o = sigmoid(u0);")).split("\n").length;
    await expect(createForward(dawn.device, plan, broken)).rejects.toMatchObject({
      code: "webgpu-failure",
      message: expect.stringMatching(new RegExp(`^WGSL module: [^]*:${line}:\\d+ error: .*'sigmoid'`)),
    });
  });

  it("source of another plan is an error", async () => {
    const other = solveFamily(problem, webGpuDevice("webgpu-default"), stepwiseFamily).plan!;
    await expect(createForward(dawn.device, other, source)).rejects.toMatchObject({
      code: "invalid-problem",
      message: expect.stringContaining(other.hash),
    });
  });

  it("a buffer that the device cannot have is an error", async () => {
    // 128 MiB may be bound; this is a plan for a larger device.
    const large = problemOf({ headDim: 512, steps: 20_000 });
    const bigPlan = solveFamily(large, webGpuDevice("webgpu-swiftshader"), stepwiseFamily).plan!;
    await expect(createForward(dawn.device, bigPlan, stepwiseFamily.emit(bigPlan)[0]!.text)).rejects.toMatchObject({
      code: "webgpu-failure",
      message: expect.stringMatching(/^buffers: .*163840000/),
    });
  });

  it("unknown tensors, wrong lengths and use after destroy are errors", async () => {
    const forward = await createForward(dawn.device, plan, source);
    expect(() => forward.write("weights", new Float32Array(6))).toThrow(
      'unknown tensor "weights"; tensors: wx, recurrent, bias, h_initial, c_initial, h, c',
    );
    expect(() => forward.write("bias", new Float32Array(6))).toThrow("tensor bias [4,1,6]: got 6 values, needs 24");
    await expect(forward.read("weights")).rejects.toThrow('unknown tensor "weights"');
    forward.destroy();
    await expect(forward.run()).rejects.toMatchObject({ code: "webgpu-failure" });
    await expect(forward.time(1)).rejects.toMatchObject({ code: "webgpu-failure" });
    await expect(forward.read("h")).rejects.toMatchObject({ code: "webgpu-failure" });
  });

  it("a lost device is an error", async () => {
    const other = await openNullDevice();
    const forward = await createForward(other.device, plan, source);
    await other.close();
    await expect(forward.run()).rejects.toMatchObject({
      code: "webgpu-failure",
      message: expect.stringContaining("the WebGPU device was lost (destroyed)"),
    });
  });

  it("a device without timestamps is timed by the host's clock", async () => {
    const gpu = create(["backend=null"]);
    const device = await (await gpu.requestAdapter())!.requestDevice();
    expect(device.features.has("timestamp-query")).toBe(false);
    const forward = await createForward(device, plan, source);
    const time = await forward.time(2);
    expect(time.clock).toBe("host");
    expect(time.microsecondsPerStep).toBeGreaterThan(0);
    device.destroy();
    await device.lost;
    // The package's root object must outlive what comes from it.
    expect(gpu).toBeDefined();
  });

  it("no adapter is an error that says how to get one", async () => {
    await expect(openNodeDevice(["backend=null", "adapter=none of that name"])).rejects.toMatchObject({
      code: "no-webgpu-device",
      message: expect.stringContaining("apt install chromium"),
    });
  });

  it("describes the adapter as it reports itself, with assumptions from the catalogue", () => {
    const { description, device } = dawn;
    expect(description.kind).toBe("webgpu");
    for (const [name, value] of Object.entries(description.limits)) {
      expect(device.limits[name as keyof GPUSupportedLimits], name).toBe(value);
    }
    expect(description.assumed).toEqual(webGpuDevice("webgpu-default").assumed);
  });
});

describe("with a driver", () => {
  it("a device has all that its adapter allows", async (context) => {
    const { device, description } = await requireDevice(context);
    expect(device.limits.maxComputeWorkgroupStorageSize).toBe(description.limits.maxComputeWorkgroupStorageSize);
    for (const feature of description.features) expect(device.features.has(feature), feature).toBe(true);
  });

  it("reads back what was written", async (context) => {
    const { device } = await requireDevice(context);
    const forward = await createForward(device, plan, source);
    const bias = Float32Array.from({ length: 24 }, (_, index) => index);
    forward.write("bias", bias);
    expect(await forward.read("bias")).toEqual(bias);
    forward.destroy();
  });

  it("an output that a kernel does not write is found", async (context) => {
    const { device } = await requireDevice(context);
    const incomplete = source.replace(
      "      other_states[sequence_index(slot_0, 0u, step)] = states_0.c;\n",
      "      if (step != 1u) { other_states[sequence_index(slot_0, 0u, step)] = states_0.c; }\n",
    );
    expect(incomplete).not.toBe(source);
    const forward = await createForward(device, plan, incomplete);
    const [h, c] = await verifyForward(forward, problem, 1);
    expect(h!.largestError).toBeLessThan(1e-5);
    expect(c).toEqual({ tensor: "c", largestError: Number.POSITIVE_INFINITY });
    forward.destroy();
  });

  it("a kernel that computes something else is found", async (context) => {
    const { device } = await requireDevice(context);
    const wrong = source.replace("let z = tanh_stable(u0.z);", "let z = 0.999 * tanh_stable(u0.z);");
    expect(wrong).not.toBe(source);
    const forward = await createForward(device, plan, wrong);
    for (const { largestError } of await verifyForward(forward, problem, 1)) expect(largestError).toBeGreaterThan(1e-4);
    forward.destroy();
  });

  it.for(families)("times the family $name and leaves the outputs right", async (family, context) => {
    const { device } = await requireDevice(context);
    // Of so many steps, all take much longer than one.
    const problem = problemOf({ headDim: 6, batch: 2, steps: 400 });
    const timed = solveFamily(problem, webGpuDevice("webgpu-default"), family).plan!;
    const forward = await createForward(device, timed, family.emit(timed)[0]!.text);
    for (const { largestError } of await verifyForward(forward, problem, 2)) expect(largestError).toBeLessThan(1e-4);
    const before = await forward.read("h");
    const start = performance.now();
    const time = await forward.time(3);
    const microseconds = (performance.now() - start) * 1e3;
    expect(["timestamp-query", "host"]).toContain(time.clock);
    expect(time.microsecondsPerStep).toBeGreaterThan(0);
    expect(time.microsecondsPerStep * 3 * problem.steps).toBeLessThan(microseconds);
    expect(await forward.read("h")).toEqual(before);
    forward.destroy();
  });
});
