import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { type CudaDevice, cudaDevices, findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { gridFamily } from "../../../packages/kernelgen/src/cuda/on-chip/grid.js";
import { familiesFor } from "../../../packages/kernelgen/src/families.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily, solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";
import { propertySeed } from "../../support/property-seed.js";
import { plainStepwise } from "./plain-stepwise.js";
import {
  allowances,
  type CudaFamilyName,
  coveredUnits,
  fits,
  innerLength,
  innerParts,
  mayStream,
  plainTiling,
  sumsOfUnit,
} from "./plain-tiling.js";
import { randomProblem } from "./random-problem.js";

const device = fc.constantFrom(...cudaDevices);
/** Random pairs of a device and a problem; bench/nightly asks for thousands. */
const pairs = Number(process.env.RECHECK_PAIRS ?? 20);
/** Plans that were rechecked, by pass, family and type, and pairs that no family serves: for bench/nightly's record. */
const rechecked: Record<string, number> = {};
const count = (what: string): void => {
  rechecked[what] = (rechecked[what] ?? 0) + 1;
};
/** The largest head: thousands of pairs also have heads of which a part is read anew in every step, on every GPU. */
const largestHeadDim = pairs > 100 ? 2600 : 1200;
/** A pair takes less than this. */
const pairMilliseconds = 5000;

describe("solvePlan for a random problem on any CUDA GPU of the catalogue", () => {
  it("gives plans that plain arithmetic finds sound, and right about every number that they state", {
    timeout: pairs * pairMilliseconds,
  }, () => {
    fc.assert(
      fc.property(device, randomProblem({ headDim: largestHeadDim, heads: 16, batch: 70 }), (device, problem) => {
        let search: ReturnType<typeof solvePlan>;
        // Of thousands of pairs, the numbers that a family lacks would take longer than all plans.
        const withoutReasons = pairs > 100;
        try {
          search = solvePlan(problem, device, familiesFor(device), {}, { everyFamily: true, withoutReasons });
        } catch (error) {
          count("pairs without a plan");
          expect(error).toMatchObject({ name: "KernelgenError", code: "no-configuration" });
          // A small head fits every GPU, unless the data type does not.
          expect(
            problem.headDim > 64 ||
              (problem.dataType !== "fp32" && !device.supports.bf16MatrixMultiply) ||
              problem.tf32,
          ).toBe(true);
          return;
        }
        for (const { family: asked, plan, reason } of search.outcomes) {
          if (plan === undefined) {
            // A number that is lacking, or why the family is for other problems.
            if (!withoutReasons) expect(reason).toMatch(/\d|^forward: /);
            continue;
          }
          const least = asked.leastPicoseconds?.(problem, device) ?? 0;
          expect(least / 1e6).toBeLessThanOrEqual(plan.predictedMicrosecondsPerStep);
          const use = Object.fromEntries(plan.budgets.map(({ name, used, allowed }) => [name, [used, allowed]]));
          count(`${problem.pass} ${plan.family} ${problem.tf32 ? "tf32" : problem.dataType}`);
          if (plan.derived.matrixStreamedBytes! > 0) count(`${problem.pass} ${plan.family} with a part of R from L2`);
          if (plan.family === "stepwise") {
            const { sound, launch, derived, budgets } = plainStepwise(plan, device);
            expect(sound).toBe(true);
            expect(plan.launch).toEqual(launch);
            expect(plan.derived).toMatchObject(derived);
            expect(use).toEqual(budgets);
            for (const [used, allowed] of Object.values(use)) expect(used!).toBeLessThanOrEqual(allowed!);
            continue;
          }
          const family = plan.family as CudaFamilyName;
          const plain = plainTiling(problem, device, family, plan.parameters);
          expect(plain.sound).toBe(true);
          expect(fits(plain, device, family)).toBe(true);

          // All of the problem is covered, and the last block of each kind has something to do.
          const covered = coveredUnits(problem, family);
          expect(plain.unitBlocks * plain.unitTile).toBeGreaterThanOrEqual(covered);
          expect((plain.unitBlocks - 1) * plain.unitTile).toBeLessThan(covered);
          expect(plain.batchBlocks * plain.batchTile).toBeGreaterThanOrEqual(problem.batch);
          expect((plain.batchBlocks - 1) * plain.batchTile).toBeLessThan(problem.batch);
          expect(plain.innerPadded * innerParts(plan.parameters)).toBeGreaterThanOrEqual(innerLength(problem));
          // R of the block is on the chip: the row of each sum of each unit, as long as the operand is padded; of an odd number of rows
          // that a thread has in matrix fragments, half of one more.
          const sums = sumsOfUnit(problem);
          const matrix = sums * plain.unitTile * plain.innerPadded;
          const threadRows = sums * plan.parameters.unitsPerThread! * (plan.parameters.unitGroups ?? 2);
          expect(plain.matrixRoom * threadRows).toBe(matrix * (threadRows + (threadRows % 2)));
          if (family === "resident") expect(plain.blockCount).toBe(problem.heads * plain.batchBlocks);

          expect(plan.launch).toEqual({
            blockCount: plain.launchBlocks,
            threadsPerBlock: plain.threadsPerBlock,
            sharedBytesPerBlock: plain.sharedBytes,
          });
          const { unitTile, batchTile, unitBlocks, batchBlocks, registersPerThread } = plain;
          const stated = { unitTile, batchTile, unitBlocks, batchBlocks, estimatedRegisters: registersPerThread };
          expect(plan.derived).toMatchObject(stated);
          expect(plan.derived.blockCount).toBe(plain.blockCount);
          if (!mayStream(problem, device, family)) expect(plain.matrixStreamedBytes).toBe(0);
          const needs = Object.entries(plain.needs());
          const allowed = allowances(device, family);
          expect(use).toEqual(Object.fromEntries(needs.map(([name, need]) => [name, [need, allowed[name]]])));
        }
        const predicted = search.outcomes.flatMap(({ plan }) => (plan ? [plan.predictedMicrosecondsPerStep] : []));
        expect(search.plan.predictedMicrosecondsPerStep).toBe(Math.min(...predicted));
      }),
      { seed: propertySeed, numRuns: pairs },
    );
    if (process.env.RECHECK_REPORT !== undefined) writeFileSync(process.env.RECHECK_REPORT, JSON.stringify(rechecked));
  });

  // FlashRNN finds no configuration for these LSTMs in bf16.
  it.for([
    ["a100", 2048],
    ["a100", 2176],
    ["h100", 2176],
    ["h100", 2432],
  ] as const)("has no hole on %s at LSTM heads of %i units", ([id, headDim]) => {
    for (const batch of [8, 16]) {
      const { plan } = solveFamily(defineProblem({ cell: "lstm", headDim, batch }), findDevice(id), gridFamily);
      const plain = plainTiling(plan!.problem, findDevice(id) as CudaDevice, "grid", plan!.parameters);
      expect(plain.sound && fits(plain, findDevice(id) as CudaDevice, "grid")).toBe(true);
    }
  });

  it("gives the same plan when asked again", () => {
    fc.assert(
      fc.property(device, randomProblem({ headDim: 64, heads: 12, batch: 16 }), (device, problem) => {
        fc.pre(device.supports.bf16MatrixMultiply);
        const [first, second] = [1, 2].map(() => solvePlan(problem, device, familiesFor(device)));
        expect(second).toEqual(first);
        expect(second!.plan).not.toBe(first!.plan);
      }),
      { seed: propertySeed, numRuns: 8 },
    );
  });
});
