import type { Device } from "hwmodels";
import { familiesFor } from "../families.js";
import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { solveFamily } from "../plan/solve.js";

/** What one family can do for one problem on one device. */
export interface SweepEntry {
  readonly device: Device;
  readonly problem: Problem;
  readonly family: string;
  /** The plan of least predicted time; undefined where no tiling is feasible. */
  readonly plan?: Plan;
  /** Whether no other family of the device is predicted faster. */
  readonly isFastest: boolean;
}

/** A problem on a device that is to be planned. */
export interface SweepPoint {
  readonly device: Device;
  readonly problem: Problem;
}

/** Plans each point for every family of its device: an entry for each family, in the order of the points. */
export function* sweep(points: Iterable<SweepPoint>): Generator<readonly SweepEntry[]> {
  for (const { device, problem } of points) {
    const outcomes = familiesFor(device, problem).map((family) =>
      solveFamily(problem, device, family, {}, { withoutReasons: true }),
    );
    const timeOf = (plan: Plan | undefined): number => plan?.predictedMicrosecondsPerStep ?? Infinity;
    const least = Math.min(...outcomes.map(({ plan }) => timeOf(plan)));
    const fastest = outcomes.find(({ plan }) => plan !== undefined && timeOf(plan) === least);
    yield outcomes.map((outcome) => ({
      device,
      problem,
      family: outcome.family.name,
      ...(outcome.plan && { plan: outcome.plan }),
      isFastest: outcome === fastest,
    }));
  }
}
