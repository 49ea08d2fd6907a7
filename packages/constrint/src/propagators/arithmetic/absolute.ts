import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains } from "../explanation/premises.js";
import { BoundsExplainer } from "../explanation/weakest-bounds.js";

/**
 * result = |operand|.
 *
 * Consistency: bounds. Cost: O(1) a run.
 */
export class Absolute implements Propagator {
  readonly name = "absolute value";
  readonly priority = Priority.constant;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];

  private explainer: BoundsExplainer | undefined;

  constructor(
    readonly operand: number,
    readonly result: number,
  ) {
    this.scope = [operand, result];
  }

  propagate(store: Store): Outcome {
    const { operand, result } = this;
    const before = store.changes;
    let min = store.min(operand);
    let max = store.max(operand);
    if (!store.setMin(result, min > 0 ? min : max < 0 ? -max : 0)) return Outcome.failed;
    if (!store.setMax(result, Math.max(-min, max))) return Outcome.failed;
    const low = store.min(result);
    const high = store.max(result);
    if (!store.setMin(operand, -high) || !store.setMax(operand, high)) return Outcome.failed;
    // Sizes below `low` are impossible: a bound inside −low < operand < low moves to the far side.
    min = store.min(operand);
    max = store.max(operand);
    if (min > -low && !store.setMin(operand, low)) return Outcome.failed;
    if (max < low && !store.setMax(operand, -low)) return Outcome.failed;
    if (store.changes !== before) return Outcome.changed;
    return store.isFixed(operand) ? Outcome.entailed : Outcome.stable;
  }

  /** The weakest bounds of operand or result that move the other. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    this.explainer ??= new BoundsExplainer(
      this.scope,
      (rename) => new Absolute(rename(this.operand), rename(this.result)),
    );
    if (!this.explainer.explain(consequence, before, premises)) allDomains(this.scope, premises);
  }

  holds([operand, result]: readonly number[]): boolean {
    return Math.abs(operand!) === result;
  }
}
