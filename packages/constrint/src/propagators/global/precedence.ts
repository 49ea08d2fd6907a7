import { lowerBound, upperBound } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";

/**
 * A choice between two orders, by a variable with the values 0 and 1:
 *
 *     selector = 1 ⇒ first + firstDelay ≤ second,
 *     selector = 0 ⇒ second + secondDelay ≤ first.
 *
 * Consistency: bounds of each implication. Cost: O(1) a run.
 */
export class Precedence implements Propagator {
  readonly name = "precedence";
  readonly priority = Priority.constant;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];

  constructor(
    readonly selector: number,
    readonly first: number,
    readonly second: number,
    readonly firstDelay: number,
    readonly secondDelay: number,
  ) {
    this.scope = [selector, first, second];
  }

  propagate(store: Store): Outcome {
    const { selector, first, second, firstDelay, secondDelay } = this;
    if (store.min(first) + firstDelay > store.max(second) && !store.setMax(selector, 0)) return Outcome.failed;
    if (store.min(second) + secondDelay > store.max(first) && !store.setMin(selector, 1)) return Outcome.failed;
    if (!store.isFixed(selector)) return Outcome.stable;
    return store.min(selector) === 1
      ? order(store, first, second, firstDelay)
      : order(store, second, first, secondDelay);
  }

  holds([selector, first, second]: readonly number[]): boolean {
    return selector === 1 ? second! - first! >= this.firstDelay : first! - second! >= this.secondDelay;
  }

  explain({ kind, variable, value }: Consequence, before: DomainView, premises: Premises): void {
    const { selector, first, second, firstDelay, secondDelay } = this;
    const isSelector = kind !== undefined && variable === selector;
    // The order that is ruled out, or the one that narrows or fails.
    const isFirstFirst = isSelector ? kind === LiteralKind.atMost : before.min(selector) === 1;
    if (!isSelector) {
      if (isFirstFirst) premises.atLeast(selector, 1);
      else premises.atMost(selector, 0);
    }
    const earlier = isFirstFirst ? first : second;
    const later = isFirstFirst ? second : first;
    const delay = isFirstFirst ? firstDelay : secondDelay;
    if (kind === undefined && first === second) return; // the delay alone rules the order out
    if (kind === undefined || isSelector) {
      premises.atLeast(earlier, before.min(earlier));
      premises.atMost(later, before.min(earlier) + delay - 1);
    } else if (kind === LiteralKind.atLeast) premises.atLeast(earlier, value - delay);
    else premises.atMost(later, value + delay);
  }
}

/** earlier + delay ≤ later. */
function order(store: Store, earlier: number, later: number, delay: number): Outcome {
  if (earlier === later) return delay <= 0 ? Outcome.entailed : Outcome.failed;
  if (!store.setMin(later, lowerBound(store.min(earlier) + delay))) return Outcome.failed;
  if (!store.setMax(earlier, upperBound(store.max(later) - delay))) return Outcome.failed;
  return store.max(earlier) + delay <= store.min(later) ? Outcome.entailed : Outcome.stable;
}
