import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainMaximum } from "../explanation/maximum.js";

/**
 * result = max(x₁, …, xₙ) for n ≥ 1.
 *
 * Consistency: bounds. Cost: O(n) a run.
 */
export class Maximum implements Propagator {
  readonly name = "maximum";
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
    let largestMin = -Infinity;
    let largestMax = -Infinity;
    for (const x of operands) {
      largestMin = Math.max(largestMin, store.min(x));
      largestMax = Math.max(largestMax, store.max(x));
    }
    if (!store.setMin(result, largestMin) || !store.setMax(result, largestMax)) return Outcome.failed;
    const min = store.min(result);
    const max = store.max(result);
    let candidate = -1;
    let candidates = 0;
    for (const x of operands) {
      if (!store.setMax(x, max)) return Outcome.failed;
      if (store.max(x) >= min) {
        candidate = x;
        candidates++;
      }
    }
    if (candidates === 0) return Outcome.failed;
    if (candidates === 1) {
      // Only this operand can be the result.
      if (!store.setMin(candidate, min)) return Outcome.failed;
      if (store.isFixed(candidate))
        return store.assign(result, store.min(candidate)) ? Outcome.entailed : Outcome.failed;
    }
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    explainMaximum(this.operands, this.result, consequence, before, premises);
  }

  holds(values: readonly number[]): boolean {
    return Math.max(...values.slice(0, -1)) === values.at(-1);
  }
}
