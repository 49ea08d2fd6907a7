import { evaluate, Model } from "constrint";
import fc from "fast-check";
import { type CudaDevice, cudaDevices } from "hwmodels";
import { describe, expect, it } from "vitest";
import { clusterFamily } from "../../../packages/kernelgen/src/cuda/on-chip/cluster.js";
import { directFamily } from "../../../packages/kernelgen/src/cuda/on-chip/direct.js";
import { gridFamily } from "../../../packages/kernelgen/src/cuda/on-chip/grid.js";
import { residentFamily } from "../../../packages/kernelgen/src/cuda/on-chip/resident.js";
import { stepwiseCudaFamily } from "../../../packages/kernelgen/src/cuda/stepwise/stepwise.js";
import type { KernelFamily } from "../../../packages/kernelgen/src/plan/family.js";
import type { Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { propertySeed } from "../../support/property-seed.js";
import type { Parameters } from "./plain-tiling.js";
import { randomProblem } from "./random-problem.js";
import { allowancesOf, soundTilings, type Trial, type TriedFamily } from "./trials.js";

/** All tilings that work, tried one by one, each with its cost by the family's own expression. */
function feasibleByTrial(problem: Problem, device: CudaDevice, family: KernelFamily<CudaDevice>) {
  const found: { parameters: Parameters; picoseconds: number }[] = [];
  const { cost } = family.tile(problem, device, new Model());
  for (const trial of soundTilings(problem, device, family.name as TriedFamily)) {
    if (!trial.fits()) continue;
    const { parameters } = trial;
    found.push({ parameters, picoseconds: evaluate(cost, { ...parameters, ...trial.auxiliaries() }) });
  }
  return found;
}

/** The least need of a budget of the tilings among all that `isAdmitted`, where the device does not allow it; undefined where there are none. */
function leastNeed(
  trials: readonly Parameters[],
  name: string,
  allowed: Parameters,
  isAdmitted: (needs: Parameters) => boolean,
): number | undefined {
  let least = Infinity;
  for (const needs of trials) if (needs[name]! < least && isAdmitted(needs)) least = needs[name]!;
  return least > allowed[name]! && least < Infinity ? least : undefined;
}

/** Blocks beyond what the device allows may be what needs least of something: of devices with few threads, all of them can be tried. */
const fewThreads = 256;

/** What a family without a tiling must say that it lacks: the least need of each budget that cannot be met, alone or where all others are. */
function lacksByTrial(problem: Problem, device: CudaDevice, family: TriedFamily): Readonly<Record<string, number>> {
  const trials = Array.from(soundTilings(problem, device, family, Infinity), (trial: Trial) => trial.needs());
  const allowed = allowancesOf(problem, device, family);
  const names = Object.keys(allowed);
  const lacks = (admits: (needs: Parameters, judged: string) => boolean): Record<string, number> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const least = leastNeed(trials, name, allowed, (needs) => admits(needs, name));
        return least === undefined ? [] : [[name, least]];
      }),
    );
  const alone = lacks(() => true);
  if (Object.keys(alone).length > 0) return alone;
  return lacks((needs, judged) => names.every((name) => name === judged || needs[name]! <= allowed[name]!));
}

/** "NAME: needs at least N UNIT, DEVICE allows M": N of each; of "more than M", which a search that was cut short says, the true number. */
function lacksByReason(reason: string, truly: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const pattern = /(?:^|; (?:or )?|, )([^:;,]+): needs (at least|more than) (\d+) [^;]*? allows (\d+)/g;
  return Object.fromEntries(
    Array.from(reason.matchAll(pattern), ([, name, how, needed, allowed]) => {
      const isCut = how === "more than" && truly[name!]! > Number(allowed);
      return [name, isCut ? truly[name!] : Number(needed)];
    }),
  );
}

/** GPUs of the catalogue, and the same with less of everything, so that each budget decides sometimes. */
const device: fc.Arbitrary<CudaDevice> = fc
  .record({
    device: fc.constantFrom(...cudaDevices.filter(({ supports }) => supports.bf16MatrixMultiply)),
    less: fc.record(
      {
        registersPerBlock: fc.constantFrom(4096, 8192, 16_384),
        maxRegistersPerThread: fc.constantFrom(64, 96),
        sharedBytesPerBlockOptin: fc.constantFrom(512, 2048, 8192),
        multiprocessorCount: fc.constantFrom(1, 2, 3, 6, 15),
        maxThreadsPerBlock: fc.constantFrom(64, 128, fewThreads),
        // What a description may leave out or say.
        activeClusters: fc.constant([]),
        graphicsProcessingClusterCount: fc.constantFrom(null, 2),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ device, less }) => ({ ...device, ...less }));

/** Random problems of each family; bench/nightly asks for more. The more unknowns a family has, the longer trying all of its tilings takes. */
const runs = process.env.TRIAL_RUNS === undefined ? undefined : Number(process.env.TRIAL_RUNS);
const families: readonly {
  family: KernelFamily<CudaDevice>;
  numRuns: number;
  sizes: { headDim: number; heads: number; batch: number };
}[] = [
  { family: residentFamily, numRuns: 6, sizes: { headDim: 30, heads: 6, batch: 6 } },
  { family: clusterFamily, numRuns: 8, sizes: { headDim: 30, heads: 6, batch: 6 } },
  { family: gridFamily, numRuns: 8, sizes: { headDim: 24, heads: 5, batch: 4 } },
  { family: directFamily, numRuns: 8, sizes: { headDim: 24, heads: 5, batch: 4 } },
  { family: stepwiseCudaFamily, numRuns: 8, sizes: { headDim: 60, heads: 5, batch: 30 } },
];
/** Trying all tilings of one problem takes less than this. */
const trialMilliseconds = 60_000;

describe.for(families)("$family.name", ({ family, numRuns, sizes }) => {
  it("finds as many tilings as trying all of them does, and the best of them, or says what each of them lacks", {
    timeout: (runs ?? numRuns) * trialMilliseconds,
  }, () => {
    fc.assert(
      fc.property(device, randomProblem(sizes), (device, problem) => {
        const outcome = solveFamily(problem, device, family, {}, { count: true });
        if (family.refuse(problem, device) !== undefined) {
          expect(outcome).toMatchObject({ feasibleCount: 0, reason: family.refuse(problem, device) });
          return;
        }
        const tried = feasibleByTrial(problem, device, family);
        expect(outcome.feasibleCount).toBe(tried.length);
        if (tried.length === 0) {
          expect(outcome.plan).toBeUndefined();
          expect(outcome.reason).toMatch(/\d/);
          if (device.maxThreadsPerBlock > fewThreads) return;
          const lacks = lacksByTrial(problem, device, family.name as TriedFamily);
          expect(lacksByReason(outcome.reason!, lacks)).toEqual(lacks);
          return;
        }
        const least = tried.reduce((left, right) => Math.min(left, right.picoseconds), Infinity);
        expect(outcome.plan!.predictedMicrosecondsPerStep).toBe(least / 1e6);
        expect(tried).toContainEqual({ parameters: outcome.plan!.parameters, picoseconds: least });
      }),
      { seed: propertySeed, numRuns: runs ?? numRuns },
    );
  });
});
