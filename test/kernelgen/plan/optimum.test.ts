import { evaluate, Model } from "constrint";
import fc from "fast-check";
import { type CudaDevice, cudaDevices } from "hwmodels";
import { describe, expect, it } from "vitest";
import { clusterFamily } from "../../../packages/kernelgen/src/cuda/on-chip/cluster.js";
import { directFamily } from "../../../packages/kernelgen/src/cuda/on-chip/direct.js";
import { gridFamily } from "../../../packages/kernelgen/src/cuda/on-chip/grid.js";
import { residentFamily } from "../../../packages/kernelgen/src/cuda/on-chip/resident.js";
import type { KernelFamily } from "../../../packages/kernelgen/src/plan/family.js";
import type { Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { propertySeed } from "../../support/property-seed.js";
import { type CudaFamilyName, everyChoice, fits, type Parameters, plainTiling } from "./plain-tiling.js";
import { randomProblem } from "./random-problem.js";

/** All tilings that work, tried one by one, each with its cost by the family's own expression. */
function feasibleByTrial(problem: Problem, device: CudaDevice, family: KernelFamily<CudaDevice>) {
  const name = family.name as CudaFamilyName;
  const found: { parameters: Parameters; picoseconds: number }[] = [];
  if (family.refuse(problem, device) !== undefined) return found;
  const { cost } = family.tile(problem, device, new Model());
  for (const parameters of everyChoice(problem, device, name)) {
    const tiling = plainTiling(problem, device, name, parameters);
    if (!tiling.sound || !fits(tiling, device, name)) continue;
    found.push({ parameters, picoseconds: evaluate(cost, { ...parameters, ...tiling.auxiliaries }) });
  }
  return found;
}

/** GPUs of the catalogue, and the same with less of everything, so that each budget decides sometimes. */
const device: fc.Arbitrary<CudaDevice> = fc
  .record({
    device: fc.constantFrom(...cudaDevices.filter(({ supports }) => supports.bf16MatrixMultiply)),
    less: fc.record(
      {
        registersPerBlock: fc.constantFrom(4096, 8192, 16_384),
        sharedBytesPerBlockOptin: fc.constantFrom(512, 2048, 8192),
        multiprocessorCount: fc.constantFrom(2, 6, 15),
        maxThreadsPerBlock: fc.constantFrom(64, 256),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ device, less }) => ({ ...device, ...less }));

// The more unknowns a family has, the longer trying all of its tilings takes.
const families: readonly {
  family: KernelFamily<CudaDevice>;
  numRuns: number;
  sizes: { headDim: number; heads: number; batch: number };
  passes?: readonly Problem["pass"][];
}[] = [
  { family: residentFamily, numRuns: 6, sizes: { headDim: 30, heads: 6, batch: 6 } },
  { family: clusterFamily, numRuns: 8, sizes: { headDim: 30, heads: 6, batch: 6 } },
  { family: gridFamily, numRuns: 8, sizes: { headDim: 24, heads: 5, batch: 4 } },
  { family: directFamily, numRuns: 8, sizes: { headDim: 24, heads: 5, batch: 4 } },
];

describe.for(families)("$family.name", ({ family, numRuns, sizes, passes }) => {
  it("finds as many tilings as trying all of them does, and the best of them", { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(device, randomProblem(sizes, passes), (device, problem) => {
        const outcome = solveFamily(problem, device, family, {}, { count: true });
        const tried = feasibleByTrial(problem, device, family);
        expect(outcome.feasibleCount).toBe(tried.length);
        if (tried.length === 0) {
          expect(outcome.plan).toBeUndefined();
          // A number that is lacking, or the type that the family does not multiply.
          expect(outcome.reason).toMatch(/\d/);
          return;
        }
        const least = tried.reduce((left, right) => Math.min(left, right.picoseconds), Infinity);
        expect(outcome.plan!.predictedMicrosecondsPerStep).toBe(least / 1e6);
        expect(tried).toContainEqual({ parameters: outcome.plan!.parameters, picoseconds: least });
      }),
      { seed: propertySeed, numRuns },
    );
  });
});
