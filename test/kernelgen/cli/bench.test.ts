import { describe, expect, it } from "vitest";
import { runKernelgen } from "./run-kernelgen.js";

describe("kernelgen bench", () => {
  it("times each number of steps each way and says how the times grow", { timeout: 60_000 }, async () => {
    const { exitCode, stdout } = await runKernelgen(
      "bench",
      "--head-dim",
      "3",
      "--steps",
      "8,32",
      "--seed",
      "1",
      "--json",
    );
    expect(exitCode).toBe(0);
    const { cell, channels, adapter, milliseconds, growth } = JSON.parse(stdout);
    expect({ cell, channels }).toEqual({ cell: "mingru", channels: 3 });
    const ways = ["cpuSequential", "cpuScan", ...(adapter === null ? [] : ["gpuScan"])];
    expect(milliseconds.map((row: { steps: number }) => row.steps)).toEqual([8, 32]);
    for (const way of ways) {
      const [first, second] = milliseconds.map((row: Record<string, number>) => row[way]);
      expect(Math.min(first, second)).toBeGreaterThan(0);
      expect(growth[way].exponent).toBeCloseTo(Math.log(second / first) / Math.log(4), 9);
    }
  });

  it.for([
    ["--cell lstm", "lstm is no linear recurrence; bench has mingru, mingru_plain, minlstm, minlstm_plain, linear"],
    ["--steps 8,x", 'number of steps: "x" is not a number'],
    ["--steps 8,,9", 'number of steps: "" is not a number'],
  ])("refuses %s", async ([line, message]) => {
    const { exitCode, stderr } = await runKernelgen("bench", ...line!.split(" "));
    expect([exitCode, stderr]).toEqual([2, `kernelgen: ${message}\n`]);
  });
});
