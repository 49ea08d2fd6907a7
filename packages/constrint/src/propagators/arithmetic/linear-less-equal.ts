import { ceilDivide, floorDivide } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { compareLinear, copiedBounds, fitsExactly, type LinearTerms } from "./linear.js";
import { decideUpperBoundExactly, propagateUpperBoundExactly } from "./linear-exact.js";
import { explainUpperBound } from "./linear-explanation.js";
import { explainByDomains, RootBounds } from "./root-bounds.js";

/**
 * Σ aᵢ·xᵢ ≤ c.
 *
 * Consistency: bounds (with distinct variables also domain). Cost: O(n) a run.
 */
export class LinearLessEqual implements Propagator, LinearTerms {
  readonly name = "linear ≤";
  readonly priority: Priority;
  readonly wakes = Events.bounds;
  /** The ends that make the sum small: a narrowed other end cannot break the limit. */
  readonly wakesEach: readonly number[];
  readonly coefficients: Float64Array;
  /** Whether doubles are exact throughout; decided at the root level, where domains are largest. */
  private exact = false;
  private readonly root: RootBounds;

  /**
   * @param variables distinct variables
   * @param coefficients one for each variable, ≠ 0
   * @param limit the constant c
   */
  constructor(
    readonly variables: readonly number[],
    coefficients: readonly number[],
    readonly limit: number,
  ) {
    this.coefficients = new Float64Array(coefficients);
    this.wakesEach = coefficients.map((a) => (a > 0 ? Events.min : Events.max));
    this.root = new RootBounds(variables);
    this.priority = variables.length <= 3 ? Priority.constant : Priority.linear;
  }

  get scope(): readonly number[] {
    return this.variables;
  }

  propagate(store: Store): Outcome {
    if (store.level === 0) this.root.note(store);
    if (!this.isExact(store)) return propagateUpperBoundExactly(store, this, 1, this.limit);
    const { variables, coefficients, limit } = this;
    const { mins, maxs } = copiedBounds(store, variables);
    let smallest = 0;
    let largest = 0;
    for (let i = 0; i < variables.length; i++) {
      const a = coefficients[i]!;
      if (a > 0) {
        smallest += a * mins[i]!;
        largest += a * maxs[i]!;
      } else {
        smallest += a * maxs[i]!;
        largest += a * mins[i]!;
      }
    }
    if (largest <= limit) return Outcome.entailed;
    const slack = limit - smallest;
    if (slack < 0) return Outcome.failed;
    // A narrowed upper end changes no lower end, so one pass is the fixpoint.
    for (let i = 0; i < variables.length; i++) {
      const a = coefficients[i]!;
      const x = variables[i]!;
      const min = mins[i]!;
      const max = maxs[i]!;
      if (a > 0) {
        if (a * (max - min) > slack && !store.setMax(x, min + floorDivide(slack, a))) return Outcome.failed;
      } else if (a * (min - max) > slack && !store.setMin(x, max + ceilDivide(slack, a))) return Outcome.failed;
    }
    return Outcome.stable;
  }

  decide(store: Store): Outcome {
    if (store.level === 0) this.root.note(store);
    if (!this.isExact(store)) return decideUpperBoundExactly(store, this, 1, this.limit);
    const { variables, coefficients, limit } = this;
    let smallest = 0;
    let largest = 0;
    for (let i = 0; i < variables.length; i++) {
      const a = coefficients[i]!;
      const low = a * store.min(variables[i]!);
      const high = a * store.max(variables[i]!);
      smallest += a > 0 ? low : high;
      largest += a > 0 ? high : low;
    }
    if (largest <= limit) return Outcome.entailed;
    return smallest > limit ? Outcome.failed : Outcome.stable;
  }

  /** Whether doubles are exact for the domains as they are. */
  private isExact(store: Store): boolean {
    if (this.exact) return true;
    const fits = fitsExactly(store, this, this.limit);
    if (store.level === 0) this.exact = fits;
    return fits;
  }

  holds(values: readonly number[]): boolean {
    return compareLinear(this.coefficients, values, this.limit) <= 0;
  }

  /** The lower ends of the other terms, as far as they are needed. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    if (!this.exact || !explainUpperBound(this, 1, this.limit, consequence, before, this.root, premises)) {
      explainByDomains(this.scope, premises);
    }
  }
}
