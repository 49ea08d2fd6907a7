import { describe, expect, it } from "vitest";
import { runKernelgen } from "./run-kernelgen.js";

/** The README's example. */
const example = ["config", "--device", "h200", "--cell", "lstm", "--head-dim", "64", "--heads", "12", "--batch", "16"];

interface Budget {
  readonly name: string;
  readonly used: number;
  readonly allowed: number;
  readonly unit: string;
}

async function jsonOf(...parameters: readonly string[]) {
  const { exitCode, stdout, stderr } = await runKernelgen(...parameters, "--json");
  expect([exitCode, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("kernelgen config --json", () => {
  it("prints one object with the problem, the plan and what every family could do", async () => {
    const report = await jsonOf(...example, "--every-family");
    expect(report).toEqual({
      problem: {
        pass: "forward",
        cell: "lstm",
        headDim: 64,
        heads: 12,
        batch: 16,
        steps: 1024,
        dataType: "bf16",
        tf32: false,
        stateOutput: "sequence",
        training: false,
      },
      device: { id: "h200", name: "NVIDIA H200" },
      target: "cuda",
      family: "resident",
      tile: expect.any(Object),
      derived: expect.any(Object),
      launch: {
        blockCount: expect.any(Number),
        threadsPerBlock: expect.any(Number),
        sharedBytesPerBlock: expect.any(Number),
      },
      budgets: expect.any(Array),
      predictedMicrosecondsPerStep: expect.any(Number),
      predictedParts: expect.any(Object),
      feasible: null,
      families: [
        ...["resident", "cluster", "direct", "grid", "stepwise"].map((family) => ({
          family,
          feasible: null,
          predictedMicrosecondsPerStep: expect.any(Number),
          reason: null,
        })),
      ],
      plan: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it("finds the same plan, and no more than whether others are faster, unless asked", async () => {
    const [{ families, ...report }, every] = await Promise.all([
      jsonOf(...example),
      jsonOf(...example, "--every-family"),
    ]);
    const chosen = every.families.find(({ family }: { family: string }) => family === every.family);
    expect(report).toEqual({ ...report, plan: every.plan, family: every.family });
    for (const outcome of families) {
      const isSlower = `no tile is faster than ${report.predictedMicrosecondsPerStep.toFixed(3)} µs a step`;
      expect(outcome.reason).toBe(outcome.family === every.family ? null : isSlower);
    }
    expect(families).toContainEqual(chosen);
  });

  it("has numbers that fit together", async () => {
    const { tile, derived, launch, budgets, families, feasible, ...report } = await jsonOf(...example, "--count");
    expect(launch.threadsPerBlock).toBe(32 * tile.warpsAlongUnits * tile.warpsAlongInner);
    expect(launch.blockCount).toBe(12 * Math.ceil(16 / derived.batchTile));
    expect(derived.unitTile).toBeGreaterThanOrEqual(64);
    const used = (name: string): number => budgets.find((budget: Budget) => budget.name === name).used;
    expect(used("threads per block")).toBe(launch.threadsPerBlock);
    expect(used("shared memory per block")).toBe(launch.sharedBytesPerBlock);
    for (const budget of budgets as Budget[]) expect(budget.used, budget.name).toBeLessThanOrEqual(budget.allowed);
    const counts = families.map((family: { feasible: number }) => family.feasible);
    expect(feasible).toBe(counts.reduce((sum: number, count: number) => sum + count));
    const [resident, , grid] = families;
    expect(report.predictedMicrosecondsPerStep).toBe(resident.predictedMicrosecondsPerStep);
    expect(resident.predictedMicrosecondsPerStep).toBeLessThan(grid.predictedMicrosecondsPerStep);
  });

  it("gives the reason of a family that has no tile", async () => {
    const sizes = ["--device", "h200", "--head-dim", "1024", "--batch", "16"];
    const report = await jsonOf("config", ...sizes, "--every-family");
    expect(report.family).toBe("direct");
    expect(report.families[0]).toEqual({
      family: "resident",
      feasible: null,
      predictedMicrosecondsPerStep: null,
      reason: expect.stringMatching(/needs at least \d+ \w+, NVIDIA H200 allows \d+/),
    });
  });

  it("considers one family where asked to, and takes every size", async () => {
    const sizes = ["--head-dim", "20", "--heads", "3", "--batch", "5", "--steps", "9"];
    const kind = ["--dtype", "fp32", "--states", "last", "--family", "grid"];
    const report = await jsonOf("config", "--device", "rtx4090", ...sizes, ...kind);
    expect(report.problem).toEqual({
      pass: "forward",
      cell: "lstm",
      headDim: 20,
      heads: 3,
      batch: 5,
      steps: 9,
      dataType: "fp32",
      tf32: false,
      stateOutput: "last",
      training: false,
    });
    expect(report.families.map(({ family }: { family: string }) => family)).toEqual(["grid"]);
  });

  it("plans for WebGPU in fp32 unless told otherwise", async () => {
    const report = await jsonOf("config", "--device", "webgpu-default", "--head-dim", "16");
    expect([report.target, report.problem.dataType]).toEqual(["wgsl", "fp32"]);
  });
});

describe("kernelgen config", () => {
  it("prints the same for a person, without colours where it is piped", async () => {
    const report = await jsonOf(...example, "--count");
    const { exitCode, stdout, stderr } = await runKernelgen(...example, "--count");
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).not.toContain("\u001b");
    // Digits are grouped by spaces.
    const lines = stdout.split("\n").map((line) => line.replaceAll(/(?<=\d) (?=\d{3}\b)/g, "").trim());
    expect(lines[0]).toBe("lstm forward, heads 64x12, batch 16, 1024 steps, bf16, states: sequence on NVIDIA H200");
    const { blockCount, threadsPerBlock, sharedBytesPerBlock } = report.launch;
    expect(lines).toContain(`family     ${report.family}`);
    expect(lines).toContain(
      `launch     ${blockCount} blocks of ${threadsPerBlock} threads, ${sharedBytesPerBlock} B of shared memory each`,
    );
    expect(lines).toContain(`predicted  ${report.predictedMicrosecondsPerStep.toFixed(3)} µs a step`);
    expect(lines).toContain(`plan       ${report.plan}`);
    const cells = lines.map((line) => line.split(/ {2,}/));
    for (const [name, value] of Object.entries(report.tile)) {
      expect(cells).toContainEqual([name, `${value}`]);
    }
    for (const { name, used, allowed, unit } of report.budgets as Budget[]) {
      expect(cells).toContainEqual([name, `${used}`, `${allowed}`, unit]);
    }
    for (const { family, feasible, predictedMicrosecondsPerStep, reason } of report.families) {
      if (reason !== null) continue;
      const time = `${predictedMicrosecondsPerStep.toFixed(3)} µs a step`;
      expect(lines.map((line) => line.replace(/ +/g, " "))).toContain(
        `${family} ${time}, ${feasible} feasible tilings`,
      );
    }
  });
});

describe("kernelgen", () => {
  it("prints its version", async () => {
    expect(await runKernelgen("--version")).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: "",
    });
  });

  it("lists its commands, and the options of each", async () => {
    const help = await runKernelgen("--help");
    expect(help.exitCode).toBe(0);
    for (const command of ["config", "generate", "run"]) expect(help.stdout).toContain(`kernelgen ${command}`);
    const { exitCode, stdout } = await runKernelgen("generate", "--help");
    expect(exitCode).toBe(0);
    for (const option of [
      "device",
      "cell",
      "head-dim",
      "heads",
      "batch",
      "steps",
      "dtype",
      "family",
      "out",
      "target",
    ]) {
      expect(stdout).toContain(`--${option}`);
    }
  });
});
