import type { CudaDevice } from "hwmodels";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { cells } from "../cell/index.js";
import { familiesFor } from "../families.js";
import type { KernelFamily } from "../plan/family.js";
import type { Plan } from "../plan/plan.js";
import { defineProblem, type Problem, type ProblemOptions } from "../plan/problem.js";
import { fastestPlans } from "../plan/ranking.js";
import { solveFamily } from "../plan/solve.js";

/** A tiling to time. */
export interface RandomTiling {
  readonly family: KernelFamily;
  readonly plan: Plan;
}

/** Heads × units of the layers that are timed: what one multiprocessor holds up to what the whole device just does, and odd ones. */
const layers = [
  [64, 12],
  [48, 7],
  [128, 6],
  [100, 3],
  [256, 3],
  [512, 1],
  [770, 1],
  [768, 1],
  [1024, 1],
  [2048, 1],
] as const;
/** An entry that is there more often is drawn more often. */
const batches = [1, 4, 8, 16, 16, 16, 32, 100] as const;
const dataTypes = [
  { dataType: "bf16" },
  { dataType: "bf16" },
  { dataType: "fp16" },
  { dataType: "fp32" },
  { dataType: "fp32", tf32: true },
] as const;
/** What is computed and kept. */
const kinds = [
  { stateOutput: "sequence" },
  { stateOutput: "last" },
  { training: true },
  { pass: "backward" },
] as const satisfies readonly Partial<ProblemOptions>[];
/** Enough for the launch not to show beside the steps. */
const steps = 512;
/** Tilings are drawn among so many of the fastest by prediction of a problem and family: slower ones tell nothing that a user sees. */
const drawnAmong = 40;
/** Draws for each tiling that is asked for, before giving up: many problems have no tiling in many families. */
const drawsForEach = 30;

/**
 * Random problems, for each a random family that serves it, and of its better tilings a random one: each tiling once, families in turn, so that each
 * gets as many. The same seed gives the same tilings.
 *
 * @param onDraw called after each tiling with how many there are
 */
export function randomTilings(
  device: CudaDevice,
  count: number,
  seed: number,
  onDraw: (done: number) => void = () => undefined,
): readonly RandomTiling[] {
  const generator = xoroshiro128plus(seed);
  const cellNames = [...cells.keys()];
  const families = familiesFor(device);
  const found = new Map<string, RandomTiling>();
  for (let draw = 0; draw < count * drawsForEach && found.size < count; draw++) {
    const [headDim, heads] = oneOf(generator, layers);
    const kept = oneOf(generator, kinds);
    const problem: Problem = defineProblem({
      // Half of them LSTMs.
      cell: below(generator, 2) === 0 ? "lstm" : oneOf(generator, cellNames),
      headDim,
      heads,
      batch: oneOf(generator, batches),
      steps,
      ...oneOf(generator, dataTypes),
      ...kept,
    });
    const family = families[draw % families.length]!;
    const fastest = solveFamily(problem, device, family).plan;
    if (fastest === undefined) continue;
    const plan = oneOf(generator, fastestPlans(problem, device, [family], {}, fastest, drawnAmong));
    found.set(plan.hash, { family, plan });
    onDraw(found.size);
  }
  return [...found.values()];
}

const below = (generator: RandomGenerator, limit: number): number => (generator.next() >>> 0) % limit;
const oneOf = <T>(generator: RandomGenerator, values: readonly T[]): T => values[below(generator, values.length)]!;
