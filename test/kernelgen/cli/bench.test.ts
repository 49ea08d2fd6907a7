import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { runKernelgen } from "./run-kernelgen.js";

/** Within the project, so that a file finds the package as one of an application does. */
const cache = fileURLToPath(new URL("../../../node_modules/.cache/", import.meta.url));
mkdirSync(cache, { recursive: true });
const directory = mkdtempSync(join(cache, "bench-test-"));
afterAll(() => rmSync(directory, { recursive: true }));

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

  it("times a cell of one's own, from a file", { timeout: 60_000 }, async () => {
    const file = join(directory, "sum.ts");
    writeFileSync(
      file,
      `import { linearCell, scalar } from "kernelgen";
export default linearCell({ name: "sum", description: "a sum" as string, gates: ["x"], state: "total",
  coefficients: (u) => ({ decay: scalar.constant(1), update: u.x! }) });`,
    );
    const { exitCode, stdout } = await runKernelgen(
      "bench",
      "--cell",
      file,
      "--head-dim",
      "2",
      "--steps",
      "8",
      "--json",
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cell: "sum", channels: 2, milliseconds: [{ steps: 8 }] });
  });

  it.for([
    ["--cell ./none.ts", `cannot read ${join(process.cwd(), "none.ts")}: there is no such file`],
    ["--cell lstm", "lstm is no linear recurrence; bench has mingru, mingru_plain, minlstm, minlstm_plain, linear"],
    ["--steps 8,x", 'number of steps: "x" is not a number'],
    ["--steps 8,,9", 'number of steps: "" is not a number'],
  ])("refuses %s", async ([line, message]) => {
    const { exitCode, stderr } = await runKernelgen("bench", ...line!.split(" "));
    expect([exitCode, stderr]).toEqual([2, `kernelgen: ${message}\n`]);
  });
});
