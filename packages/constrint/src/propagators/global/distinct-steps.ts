import { Events } from "../../engine/events.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { areAllDifferent } from "./all-different-values.js";

/** Values from this on are not kept in the set of taken ones. */
const TAKEN_VALUES = 4096;

/** The place of a position that is the constant 0. */
export const ORIGIN = -1;

/** Two positions of a chain, by place, and the variable that is their distance. */
export interface Distance {
  readonly from: number;
  readonly to: number;
  readonly variable: number;
}

/**
 * Positions p₀ < p₁ < … < pₘ whose steps pₜ − pₜ₋₁ ≥ 1 are variables of which no two, and none of some others, are equal: the marks of
 * a ruler.
 *
 * pⱼ − pᵢ is a sum of j − i different numbers, and so at least L(i, j), the sum of the smallest ones that the steps in between may
 * have: each step in the order of their lower bounds takes the smallest value that is larger than the ones before and that no
 * fixed variable has. The equations see the steps one by one, and let them all be 1.
 *
 * Consistency: pⱼ − pᵢ ≥ L(i, j) for every i < j, on the bounds of positions and distances, which is no more than the equations and
 * the difference imply together; those have propagators of their own. Cost: O(m³) a run. All sums must be exact in doubles.
 */
export class DistinctSteps implements Propagator {
  readonly name = "distinct steps";
  readonly priority = Priority.expensive;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];
  readonly wakesEach: readonly number[];
  /** For the values of fixed variables, the number of the run that found them. */
  private readonly takenIn: Int32Array = new Int32Array(TAKEN_VALUES);
  private run = 0;
  /** The distance variable of positions i < j at (m + 1)·i + j, or −1. */
  private readonly distanceOf: Int32Array;
  /** The lower bounds of open steps, ascending, of those that are being added up. */
  private readonly least: Float64Array;

  /**
   * @param positions p₀ … pₘ; the first one may be {@link ORIGIN}
   * @param steps the variables pₜ − pₜ₋₁ for t = 1 … m, different ones
   * @param others variables that differ from each other and from the steps
   * @param distances further variables that are the distances of two positions
   */
  constructor(
    private readonly positions: readonly number[],
    private readonly steps: readonly number[],
    private readonly others: readonly number[],
    private readonly distances: readonly Distance[] = [],
  ) {
    const open = positions.filter((p) => p !== ORIGIN);
    this.scope = [...open, ...steps, ...others, ...distances.map(({ variable }) => variable)];
    this.wakesEach = [
      ...open.map(() => Events.bounds),
      ...steps.map(() => Events.min | Events.fixed),
      ...others.map(() => Events.fixed),
      ...distances.map(() => Events.fixed),
    ];
    const n = positions.length;
    this.distanceOf = new Int32Array(n * n).fill(-1);
    for (const { from, to, variable } of distances) this.distanceOf[n * from + to] = variable;
    this.least = new Float64Array(steps.length);
  }

  propagate(store: Store): Outcome {
    const before = store.changes;
    if (!this.noteTaken(store)) return Outcome.failed;
    const { positions, steps, distanceOf, least } = this;
    const n = positions.length;
    for (let i = 0; i < n; i++) {
      let fixed = 0;
      let open = 0;
      for (let j = i + 1; j < n; j++) {
        const step = steps[j - 1]!;
        const min = store.min(step);
        if (store.isFixed(step)) fixed += min;
        else {
          let at = open++;
          for (; at > 0 && least[at - 1]! > min; at--) least[at] = least[at - 1]!;
          least[at] = min;
        }
        const sum = fixed + this.leastSum(open);
        const distance = distanceOf[n * i + j]!;
        if (distance >= 0 && !store.setMin(distance, sum)) return Outcome.failed;
        const from = positions[i]!;
        const to = positions[j]!;
        if (!store.setMin(to, (from === ORIGIN ? 0 : store.min(from)) + sum)) return Outcome.failed;
        if (from !== ORIGIN && !store.setMax(from, store.max(to) - sum)) return Outcome.failed;
      }
    }
    if (store.changes !== before) return Outcome.changed;
    return this.scope.every((x) => store.isFixed(x)) ? this.decideFixed(store) : Outcome.stable;
  }

  /** The least sum of different values, none of them taken, for so many steps. */
  private leastSum(count: number): number {
    const { least, takenIn, run } = this;
    let sum = 0;
    let value = 0;
    for (let k = 0; k < count; k++) {
      value = least[k]! > value ? least[k]! : value + 1;
      while (value < TAKEN_VALUES && takenIn[value] === run) value++;
      sum += value;
    }
    return sum;
  }

  /** Notes the values of fixed variables; false where two have the same. */
  private noteTaken(store: Store): boolean {
    const { takenIn } = this;
    this.run++;
    for (const variables of [this.steps, this.others]) {
      for (let k = 0; k < variables.length; k++) {
        const x = variables[k]!;
        if (!store.isFixed(x)) continue;
        const value = store.min(x);
        if (!(value >= 0 && value < TAKEN_VALUES)) continue;
        if (takenIn[value] === this.run) return false;
        takenIn[value] = this.run;
      }
    }
    return true;
  }

  private decideFixed(store: Store): Outcome {
    return this.holds(this.scope.map((x) => store.min(x))) ? Outcome.entailed : Outcome.failed;
  }

  holds(values: readonly number[]): boolean {
    const { positions, steps, others } = this;
    let at = 0;
    const next = (count: number): readonly number[] => {
      at += count;
      return values.slice(at - count, at);
    };
    const places = positions.map((p) => (p === ORIGIN ? 0 : next(1)[0]!));
    const stepValues = next(steps.length);
    const areSteps = stepValues.every((step, t) => step >= 1 && step === places[t + 1]! - places[t]!);
    if (!areSteps || !areAllDifferent([...stepValues, ...next(others.length)])) return false;
    return next(this.distances.length).every((distance, k) => {
      const { from, to } = this.distances[k]!;
      return distance === places[to]! - places[from]!;
    });
  }
}
