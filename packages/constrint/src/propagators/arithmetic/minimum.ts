import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainMaximum } from "../explanation/maximum.js";
import { MirroredPremises, MirroredView, mirrored } from "../explanation/mirror.js";

/**
 * result = min(x₁, …, xₙ) for n ≥ 1.
 *
 * Consistency: bounds. Cost: O(n) a run.
 */
export class Minimum implements Propagator {
  readonly name = "minimum";
  readonly priority: Priority;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];

  constructor(
    readonly operands: readonly number[],
    readonly result: number,
  ) {
    this.scope = [...operands, result];
    this.priority = operands.length <= 2 ? Priority.constant : Priority.linear;
  }

  propagate(store: Store): Outcome {
    const { operands, result } = this;
    const before = store.changes;
    let smallestMin = Infinity;
    let smallestMax = Infinity;
    for (const x of operands) {
      smallestMin = Math.min(smallestMin, store.min(x));
      smallestMax = Math.min(smallestMax, store.max(x));
    }
    if (!store.setMin(result, smallestMin) || !store.setMax(result, smallestMax)) return Outcome.failed;
    const min = store.min(result);
    const max = store.max(result);
    let candidate = -1;
    let candidates = 0;
    for (const x of operands) {
      if (!store.setMin(x, min)) return Outcome.failed;
      if (store.min(x) <= max) {
        candidate = x;
        candidates++;
      }
    }
    if (candidates === 0) return Outcome.failed;
    if (candidates === 1) {
      // Only this operand can be the result.
      if (!store.setMax(candidate, max)) return Outcome.failed;
      if (store.isFixed(candidate))
        return store.assign(result, store.min(candidate)) ? Outcome.entailed : Outcome.failed;
    }
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  /** min(x₁, …, xₙ) = −max(−x₁, …, −xₙ). */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const view = new MirroredView(before);
    explainMaximum(this.operands, this.result, mirrored(consequence), view, new MirroredPremises(premises));
  }

  holds(values: readonly number[]): boolean {
    return Math.min(...values.slice(0, -1)) === values.at(-1);
  }
}
