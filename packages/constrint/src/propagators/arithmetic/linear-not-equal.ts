import { isExact, remainder } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { compareLinear, type LinearTerms } from "./linear.js";

/**
 * Σ aᵢ·xᵢ ≠ c.
 *
 * Consistency: domain where the last variable keeps its values one by one, else that of bounds. Cost: O(n) a run.
 */
export class LinearNotEqual implements Propagator, LinearTerms {
  readonly name = "linear ≠";
  readonly priority: Priority;
  // A value inside a domain that is not explicit can only be removed once it is a bound.
  readonly wakes = Events.fixed | Events.bounds;
  readonly coefficients: Float64Array;

  /**
   * @param variables distinct variables
   * @param coefficients one for each variable, ≠ 0
   * @param forbidden the constant c
   */
  constructor(
    readonly variables: readonly number[],
    coefficients: readonly number[],
    readonly forbidden: number,
  ) {
    this.coefficients = new Float64Array(coefficients);
    this.priority = variables.length <= 3 ? Priority.constant : Priority.linear;
  }

  get scope(): readonly number[] {
    return this.variables;
  }

  propagate(store: Store): Outcome {
    const { variables, coefficients } = this;
    let open = -1;
    let rest = this.forbidden;
    let exact = true;
    for (let i = 0; i < variables.length; i++) {
      const x = variables[i]!;
      if (!store.isFixed(x)) {
        if (open >= 0) return Outcome.stable;
        open = i;
        continue;
      }
      const term = coefficients[i]! * store.min(x);
      rest -= term;
      exact &&= isExact(term) && isExact(rest);
    }
    if (!exact) return this.decideExactly(store, open);
    if (open < 0) return rest === 0 ? Outcome.failed : Outcome.entailed;
    const a = coefficients[open]!;
    if (remainder(rest, a) !== 0) return Outcome.entailed;
    return forbid(store, variables[open]!, rest / a + 0);
  }

  decide(store: Store): Outcome {
    const { variables, coefficients } = this;
    let rest = this.forbidden;
    let exact = true;
    for (let i = 0; i < variables.length; i++) {
      const x = variables[i]!;
      if (!store.isFixed(x)) return Outcome.stable;
      const term = coefficients[i]! * store.min(x);
      rest -= term;
      exact &&= isExact(term) && isExact(rest);
    }
    if (!exact) return this.decideExactly(store, -1);
    return rest === 0 ? Outcome.failed : Outcome.entailed;
  }

  private decideExactly(store: Store, open: number): Outcome {
    const { variables, coefficients } = this;
    let rest = BigInt(this.forbidden);
    for (let i = 0; i < variables.length; i++) {
      if (i !== open) rest -= BigInt(coefficients[i]!) * BigInt(store.min(variables[i]!));
    }
    if (open < 0) return rest === 0n ? Outcome.failed : Outcome.entailed;
    const a = BigInt(coefficients[open]!);
    if (rest % a !== 0n) return Outcome.entailed;
    const value = Number(rest / a);
    return isExact(value) ? forbid(store, variables[open]!, value) : Outcome.stable;
  }

  holds(values: readonly number[]): boolean {
    return compareLinear(this.coefficients, values, this.forbidden) !== 0;
  }

  /** The other variables were fixed; where the forbidden value was a bound, the next bound follows from that one, too. */
  explain({ kind, variable }: Consequence, before: DomainView, premises: Premises): void {
    for (const x of this.variables) if (kind === undefined || x !== variable) premises.equal(x, before.min(x));
    if (kind === LiteralKind.atLeast) premises.atLeast(variable, before.min(variable));
    else if (kind === LiteralKind.atMost) premises.atMost(variable, before.max(variable));
  }
}

function forbid(store: Store, x: number, value: number): Outcome {
  if (!store.remove(x, value)) return Outcome.failed;
  return store.has(x, value) ? Outcome.stable : Outcome.entailed;
}
