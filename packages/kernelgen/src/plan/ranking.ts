import { evaluate, type Solution } from "constrint";
import type { Device } from "hwmodels";
import type { KernelFamily } from "./family.js";
import type { Plan } from "./plan.js";
import type { Problem } from "./problem.js";
import { refusal } from "./refusal.js";
import {
  type Pins,
  picosecondsPerMicrosecond,
  planOf,
  type StatedTiling,
  searchOptions,
  stateTiling,
} from "./stated-tiling.js";

/** How much slower than the fastest plan the first look admits; each further look admits this many times as much more. */
const firstMargin = 1 / 16;
const marginGrowth = 4;
/** No margin beyond this: all tilings are looked at. */
const lastMargin = 16;

/** A solution of a family's tiling and its predicted time. */
interface Candidate {
  readonly stated: StatedTiling;
  readonly solution: Solution;
  readonly picoseconds: number;
}

/**
 * The `count` plans of least predicted time over all families, fastest first; fewer if there are no more tilings. Of equally fast plans
 * that the count cuts, which are listed is not specified, but always the same.
 *
 * All tilings up to a bound on the predicted time are enumerated, and the bound is raised until there are enough of them: so none that is
 * left out is faster than one that is listed.
 *
 * @param fastest the plan of least predicted time, as `solvePlan` finds it
 */
export function fastestPlans(
  problem: Problem,
  device: Device,
  families: readonly KernelFamily[],
  pins: Pins,
  fastest: Plan,
  count: number,
): readonly Plan[] {
  const serving = families.filter(
    (family) =>
      refusal(problem, device, family) === undefined &&
      Object.keys(pins).every((pin) =>
        stateTiling(problem, device, family).tiling.unknowns.some(({ name }) => name === pin),
      ),
  );
  const least = fastest.predictedMicrosecondsPerStep * picosecondsPerMicrosecond;
  for (let margin = firstMargin; ; margin *= marginGrowth) {
    const isLast = margin > lastMargin;
    const candidates = serving.flatMap((family) =>
      candidatesUpTo(stateTiling(problem, device, family, pins), isLast ? Infinity : Math.round(least * (1 + margin))),
    );
    if (candidates.length >= count || isLast) {
      return candidates
        .toSorted((left, right) => left.picoseconds - right.picoseconds)
        .slice(0, count)
        .map(({ stated, solution }) => planOf(stated, solution));
    }
  }
}

function candidatesUpTo(stated: StatedTiling, picoseconds: number): readonly Candidate[] {
  const { model, tiling } = stated;
  if (picoseconds < Infinity) model.add(tiling.cost.le(picoseconds), "within the margin");
  return Array.from(model.solutions(searchOptions(stated)), (solution) => ({
    stated,
    solution,
    picoseconds: evaluate(tiling.cost, solution),
  }));
}
