import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { requireDevice, webGpuEnvironment } from "./devices.js";

const command = fileURLToPath(new URL("../../../packages/kernelgen/bin/kernelgen.js", import.meta.url));

interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (args: readonly string[], environment = webGpuEnvironment()): Promise<CommandResult> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [command, "run", ...args], { env: environment }, (_, stdout, stderr) =>
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    );
  });

const small = ["--target", "wgsl", "--head-dim", "6", "--heads", "2", "--batch", "3", "--steps", "4"];
/** An environment in which no Vulkan driver is found. */
const noDriver = { ...process.env, VK_DRIVER_FILES: "/nonexistent.json", VK_ICD_FILENAMES: "/nonexistent.json" };

describe("kernelgen run", () => {
  it("runs a kernel, and prints its error and time", async (context) => {
    await requireDevice(context);
    const { exitCode, stdout, stderr } = await run([...small, "--seed", "5"]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^lstm forward, heads 6x2, batch 3, 4 steps, fp32, states: sequence on /);
    expect(stdout).toMatch(/^seed +5$/m);
    expect(stdout).toMatch(/^ +h +\d\.\d+e-\d+ +right$/m);
    expect(stdout).toMatch(/^ +c +\d\.\d+e-\d+ +right$/m);
    expect(stdout).toMatch(/^time +\d+\.\d+ µs a step \((GPU timestamps|host clock)\), predicted \d+\.\d+ µs$/m);
  });

  it("prints one JSON object, for a catalogued device and a family, with a fresh seed each time", async (context) => {
    await requireDevice(context);
    const args = [...small, "--device", "webgpu-default", "--family", "stepwise", "--states", "last", "--json"];
    const results = await Promise.all([run(args), run(args)]);
    const reports = results.map(({ exitCode, stdout, stderr }) => {
      expect(exitCode, stderr).toBe(0);
      return JSON.parse(stdout);
    });
    for (const report of reports) {
      expect(report).toMatchObject({
        problem: { cell: "lstm", headDim: 6, heads: 2, batch: 3, steps: 4, dataType: "fp32", stateOutput: "last" },
        device: { id: "webgpu-default" },
        family: "stepwise",
        tolerance: 1e-4,
        correct: true,
      });
      expect(report.outputs.map(({ tensor }: { tensor: string }) => tensor)).toEqual(["h", "c"]);
      for (const { largestError } of report.outputs) expect(largestError).toBeLessThan(1e-5);
      expect(report.microsecondsPerStep).toBeGreaterThan(0);
    }
    expect(reports[0].seed).not.toBe(reports[1].seed);
  });

  it("exits 3 and says how to get a driver where there is no WebGPU device", async () => {
    const { exitCode, stdout, stderr } = await run([...small, "--json"], noDriver);
    expect(exitCode).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).toContain("no WebGPU adapter on this machine");
    expect(stderr).toContain("apt install chromium; export VK_DRIVER_FILES=");
    expect(stderr).not.toMatch(/^ +at .*kernelgen/m);
  });

  it.each([
    { args: ["--head-dim", "0"], says: "head dimension: 0 is not an integer from 1 to 16384" },
    { args: ["--head-dim", "7", "--seed", "-1"], says: "seed: -1 is not an integer from 0 to 4294967295" },
    { args: ["--head-dim", "7", "--device", "h200"], says: "NVIDIA H200 does not run wgsl kernels" },
    { args: ["--head-dim", "7", "--family", "grid"], says: 'unknown family "grid"' },
  ])("exits 2 for $args, device or not", async ({ args, says }) => {
    const { exitCode, stdout, stderr } = await run(["--target", "wgsl", ...args], noDriver);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(says);
  });

  it("exits 1 with the reasons for a problem that no family can serve", async (context) => {
    await requireDevice(context);
    const { exitCode, stderr } = await run(["--target", "wgsl", "--head-dim", "7", "--dtype", "bf16"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("resident: bf16: WGSL has no such type");
    expect(stderr).toContain("stepwise: bf16: WGSL has no such type");
  });
});
