import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = new URL("../../../examples/flashrnn-tiling/", import.meta.url);

interface Row {
  readonly problem: string;
  readonly status: string;
  readonly solution: Readonly<Record<string, number>>;
  readonly milliseconds: number;
}

test("all ten reference tilings of FlashRNN are reproduced exactly", () => {
  const references = readFileSync(new URL("reference-tilings.jsonl", folder), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { status: string; solution: Record<string, number> | null });
  const { stdout, status } = spawnSync(process.execPath, [fileURLToPath(new URL("run.js", folder)), "--json"], {
    encoding: "utf8",
  });
  const rows = JSON.parse(stdout) as Row[];
  expect(rows.length).toBe(10);
  rows.forEach((row, i) => {
    const reference = references[i]!;
    expect(row.status).toBe(reference.status);
    // Eleven unknowns a direction; the reference also lists six constants.
    expect(Object.keys(row.solution).length).toBe(reference.solution === null ? 0 : 22);
    expect(reference.solution ?? {}).toMatchObject(row.solution);
    // A generous limit, for a loaded machine; the original needed 9 s and more.
    expect(row.milliseconds).toBeLessThan(2000);
  });
  expect(status).toBe(0);
});

/** The divisors of n, ascending. */
const divisors = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/** How many forward tilings in bfloat16 an LSTM has on an H100 by the formulas of the system, one loop an unknown. */
function forwardTilings(headDim: number, heads: number, batch: number): number {
  const [gates, multiprocessors, sharedBytes, registers, maxWarps] = [4, 132, 227000, 2 * 65536, 8];
  const [elementBytes, accumulatorBytes, tileHidden, padding, reserved] = [2, 4, 16, 8, 64];
  const gateDim = gates * headDim;
  let count = 0;
  for (const [tileBatch, tileGate] of [
    [32, 8],
    [16, 16],
    [8, 32],
  ] as const) {
    for (const gridHidden of divisors(headDim / tileHidden)) {
      for (const warpsHidden of divisors(headDim / tileHidden / gridHidden)) {
        const hidden = gridHidden * warpsHidden * tileHidden;
        for (const gridGate of divisors(gateDim / tileGate)) {
          for (const loopGate of divisors(gateDim / tileGate / gridGate)) {
            for (const batchTiles of batch % tileBatch === 0 ? divisors(batch / tileBatch) : []) {
              for (const gridBatch of divisors(batchTiles)) {
                for (const warpsBatch of divisors(batchTiles / gridBatch)) {
                  const loopBatch = batchTiles / gridBatch / warpsBatch;
                  const warps = (warpsHidden * warpsBatch * gateDim) / (gridGate * loopGate * tileGate);
                  if (loopBatch > 4 || !Number.isInteger(warps) || warps > maxWarps) continue;
                  const blocks = gridGate * gridHidden * gridBatch;
                  const headChoices = divisors(heads).filter((n) => n * blocks <= multiprocessors).length;
                  for (let cached = 1; cached * hidden <= headDim; cached++) {
                    const elements = (tileHidden * tileGate * cached * warps) / warpsBatch;
                    const inRegisters =
                      elements +
                      (warps * tileBatch * tileGate * loopBatch * accumulatorBytes) / elementBytes +
                      warps * tileBatch * tileHidden;
                    if (!Number.isInteger(elements) || inRegisters > registers) continue;
                    const matrixBytes =
                      elementBytes * gridBatch * (gateDim * headDim + padding * gateDim) +
                      reserved -
                      elementBytes * elements * blocks;
                    const partialBytes =
                      accumulatorBytes *
                      warpsHidden *
                      gridHidden *
                      (batchTiles * tileBatch) *
                      (gateDim + gridGate * padding);
                    if (matrixBytes >= 1 && matrixBytes + partialBytes <= sharedBytes * blocks) count += headChoices;
                  }
                }
              }
            }
          }
        }
      }
    }
  }
  return count;
}

test("all forward tilings are found, as many as loops over the unknowns find", () => {
  const expected = { 1: forwardTilings(64, 12, 16), 4: forwardTilings(768, 1, 16) };
  expect(expected).toEqual({ 1: 3177, 4: 14787 });
  for (const [number, count] of Object.entries(expected)) {
    const { stdout } = spawnSync(
      process.execPath,
      [fileURLToPath(new URL("run.js", folder)), "--json", "--all", "--case", number],
      { encoding: "utf8" },
    );
    expect(JSON.parse(stdout)).toMatchObject([{ status: "complete", count }]);
  }
});
