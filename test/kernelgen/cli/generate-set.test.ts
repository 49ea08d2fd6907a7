import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runKernelgen } from "./run-kernelgen.js";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kernelgen-set-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const torch = ["generate", "--target", "torch", "--device", "h200"];

describe("kernelgen generate --target torch", () => {
  it("writes a kernel for every combination of the lists, once", async () => {
    const lists = ["--cell", "gru", "--head-dim", "16,32,16", "--heads", "2", "--batch", "2, 3", "--dtype", "fp32"];
    const out = join(directory, "package");
    const { exitCode, stdout, stderr } = await runKernelgen(
      ...torch,
      ...lists,
      "--no-training",
      "--out",
      out,
      "--json",
    );
    expect([exitCode, stderr]).toEqual([0, ""]);
    const report = JSON.parse(stdout);
    const sizes = ["16x2_b2", "16x2_b3", "32x2_b2", "32x2_b3"];
    const names = sizes.map((size) => `gru_${size}_fp32_inference_forward`);
    expect(report.plans.map(({ kernel }: { kernel: string }) => kernel)).toEqual(names);
    const any = [16, 64, 256].map((batch) => `gru_any_b${batch}_fp32_inference_forward`);
    const sources = await readdir(join(out, "recurrent_kernels", "cuda", "h200"));
    expect(sources.filter((name) => name.endsWith(".cu")).toSorted()).toEqual(
      [...names, ...any, "gru_fp32_pointwise"].map((name) => `${name}.cu`).toSorted(),
    );
    expect((await readdir(out)).toSorted()).toEqual(["README.md", "recurrent_kernels", "setup.py"]);
  });

  it("reads problems from a file, and gives training kernels their own names", async () => {
    const file = join(directory, "problems.json");
    await writeFile(file, JSON.stringify([{ cell: "elman", headDim: 32, batch: [1, 4], dataType: "fp16" }]));
    const out = join(directory, "package");
    const { exitCode, stderr } = await runKernelgen(...torch, "--problems", file, "--name", "fast", "--out", out);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const { kernels } = JSON.parse(await readFile(join(out, "fast", "plans.json"), "utf8"));
    expect(kernels.map(({ use, batch }: { use: string; batch: number }) => `${use} ${batch}`)).toEqual([
      "inference 1",
      "training 1",
      "backward 1",
      "inference 4",
      "training 4",
      "backward 4",
    ]);
  });

  it.for([
    [["--head-dim", "64", "--name", "../x"], 'package name "../x": must be 1 to 64 lower-case letters'],
    [["--head-dim", "64", "--case", "1"], "--case has no meaning for --target torch"],
    [["--head-dim", "64", "--pass", "forward"], "--pass has no meaning for --target torch: --training"],
    [["--head-dim", "64", "--states", "last"], "--states has no meaning for --target torch: there are kernels"],
    [["--head-dim", "64", "--steps", "8"], "--steps has no meaning for --target torch: the number of steps"],
    [["--head-dim", "64", "--problems", "p.json"], "--head-dim has no meaning beside --problems"],
  ] as const)("names what is wrong: %j", async ([options, message]) => {
    const { exitCode, stdout, stderr } = await runKernelgen(...torch, ...options, "--out", join(directory, "out"));
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`kernelgen: ${message}`);
    expect(await readdir(directory)).toEqual([]);
  });
});
