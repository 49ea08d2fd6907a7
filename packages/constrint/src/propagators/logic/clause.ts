import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { type Literal, LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainRemovedBound, Literals } from "./literals.js";

/**
 * At least one of the literals x ≥ v, x ≤ v, x = v, x ≠ v holds.
 *
 * Consistency: unit propagation, that is domain-consistent where the variables are distinct. Two literals that are not false are
 * watched: while they are open the clause has nothing to do. Cost: O(1) while both stay open, else O(n).
 */
export class Clause implements Propagator {
  readonly name = "clause";
  readonly priority = Priority.constant;
  readonly wakes: number;
  readonly literals: Literals;
  // Two places that were not false when last looked at: a guess, which need not be undone.
  private first = 0;
  private second = 1;

  /** @param literals no two of them the same */
  constructor(literals: readonly Literal[]) {
    this.literals = new Literals(literals);
    // An inner value can be removed only once it is a bound where values are not kept one by one.
    const removesValues = literals.some(({ kind }) => kind === LiteralKind.notEqual);
    this.wakes = this.literals.falsifiedBy | (removesValues ? Events.bounds : 0);
  }

  get scope(): readonly number[] {
    return this.literals.variables;
  }

  propagate(store: Store): Outcome {
    const { literals } = this;
    const { length } = literals;
    if (length >= 2 && !literals.isFalse(store, this.first) && !literals.isFalse(store, this.second)) {
      return literals.isTrue(store, this.first) || literals.isTrue(store, this.second)
        ? Outcome.entailed
        : Outcome.stable;
    }
    let open = -1;
    let other = -1;
    for (let i = 0; i < length; i++) {
      if (literals.isFalse(store, i)) continue;
      if (literals.isTrue(store, i)) return Outcome.entailed;
      if (open < 0) open = i;
      else if (other < 0) other = i;
    }
    if (open < 0) return Outcome.failed;
    if (other >= 0) {
      this.first = open;
      this.second = other;
      return Outcome.stable;
    }
    if (!literals.satisfy(store, open)) return Outcome.failed;
    return literals.isTrue(store, open) ? Outcome.entailed : Outcome.stable;
  }

  holds(values: readonly number[]): boolean {
    return values.some((value, i) => this.literals.holds(i, value));
  }

  /** All other literals were false. */
  explain({ kind, variable }: Consequence, before: DomainView, premises: Premises): void {
    const { literals } = this;
    for (let i = 0; i < literals.length; i++) {
      if (literals.isFalse(before, i)) {
        literals.negatedPremise(i, premises);
      } else {
        const { kind: asserted, value } = literals.list[i]!;
        if (asserted === LiteralKind.notEqual) explainRemovedBound(value, kind, variable, premises);
      }
    }
  }
}
