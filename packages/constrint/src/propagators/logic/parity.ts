import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";

/**
 * x₁ ⊕ … ⊕ xₙ = parity, for variables with the values 0 and 1: how many of them are 1 is even (parity 0) or odd (parity 1).
 *
 * Consistency: domain. Cost: O(1) while two variables that are looked at first stay open, else O(n).
 */
export class Parity implements Propagator {
  readonly name = "parity";
  readonly priority = Priority.constant;
  readonly wakes = Events.fixed;
  // Two places that were open when last looked at.
  private first = 0;
  private second = 1;

  /** @param scope distinct variables with the values 0 and 1 */
  constructor(
    readonly scope: readonly number[],
    readonly parity: 0 | 1,
  ) {}

  propagate(store: Store): Outcome {
    const { scope } = this;
    if (scope.length >= 2 && !store.isFixed(scope[this.first]!) && !store.isFixed(scope[this.second]!)) {
      return Outcome.stable;
    }
    let rest: number = this.parity;
    let open = -1;
    let other = -1;
    for (let i = 0; i < scope.length; i++) {
      const x = scope[i]!;
      if (store.isFixed(x)) rest ^= store.min(x);
      else if (open < 0) open = i;
      else {
        other = i;
        break;
      }
    }
    if (other >= 0) {
      this.first = open;
      this.second = other;
      return Outcome.stable;
    }
    if (open < 0) return rest === 0 ? Outcome.entailed : Outcome.failed;
    return store.assign(scope[open]!, rest) ? Outcome.entailed : Outcome.failed;
  }

  holds(values: readonly number[]): boolean {
    return values.reduce((parity, value) => parity ^ value, 0) === this.parity;
  }

  /** All other variables were fixed. */
  explain({ variable }: Consequence, before: DomainView, premises: Premises): void {
    for (const x of this.scope) if (x !== variable) premises.equal(x, before.min(x));
  }
}
