import { Events } from "../../engine/events.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";

/**
 * A constraint of which no more is known than whether it holds for given values.
 *
 * Consistency: domain once a single variable is open and its values are kept one by one, bounds where they are not, none before.
 * Cost: O(d) questions for the d values that a last open variable has, or until both bounds are right.
 */
export class ForwardChecking implements Propagator {
  readonly priority = Priority.expensive;
  readonly wakes = Events.values;
  private readonly values: number[];

  constructor(
    readonly name: string,
    readonly scope: readonly number[],
    readonly holds: (values: readonly number[]) => boolean,
  ) {
    this.values = scope.map(() => 0);
  }

  propagate(store: Store): Outcome {
    const { scope, values } = this;
    let open = -1;
    for (let i = 0; i < scope.length; i++) {
      const x = scope[i]!;
      if (store.isFixed(x)) values[i] = store.min(x);
      else if (open >= 0 && open !== x) return Outcome.stable;
      else open = x;
    }
    if (open < 0) return this.holds(values) ? Outcome.entailed : Outcome.failed;
    while (!this.holdsFor(open, store.min(open))) if (!store.setMin(open, store.min(open) + 1)) return Outcome.failed;
    while (!this.holdsFor(open, store.max(open))) if (!store.setMax(open, store.max(open) - 1)) return Outcome.failed;
    if (!store.isExplicit(open)) return Outcome.stable;
    for (let value = store.next(open, store.min(open)); value < store.max(open); value = store.next(open, value)) {
      if (!this.holdsFor(open, value) && !store.remove(open, value)) return Outcome.failed;
    }
    return Outcome.entailed;
  }

  private holdsFor(variable: number, value: number): boolean {
    const { scope, values } = this;
    for (let i = 0; i < scope.length; i++) if (scope[i] === variable) values[i] = value;
    return this.holds(values);
  }
}
