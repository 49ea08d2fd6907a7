import { remainder as truncatedRemainder } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains } from "../explanation/premises.js";
import { BoundsExplainer } from "../explanation/weakest-bounds.js";

/**
 * How division rounds: `truncate` toward 0 (the remainder has the dividend's sign), `euclid` so that the remainder is never
 * negative.
 */
export type Rounding = "truncate" | "euclid";

/** The remainder of n / d for d ≠ 0. */
export function divisionRemainder(n: number, d: number, rounding: Rounding): number {
  const r = truncatedRemainder(n, d) + 0;
  return r < 0 && rounding === "euclid" ? r + Math.abs(d) : r;
}

/**
 * The part of quotient and remainder that products and sums do not say: given dividend = quotient · divisor + remainder, which
 * others enforce, the remainder's size and sign make the two unique.
 *
 * Total: for divisor 0 the quotient is 0 and the remainder the dividend. Consistency: bounds of the real quotient, rounded, and
 * of the remainder; a full assignment of dividend and divisor determines both. Cost: O(1) a run.
 */
export class Division implements Propagator {
  readonly name = "division";
  readonly priority = Priority.constant;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];

  private explainer: BoundsExplainer | undefined;

  constructor(
    readonly dividend: number,
    readonly divisor: number,
    readonly quotient: number,
    readonly remainder: number,
    readonly rounding: Rounding,
  ) {
    this.scope = [dividend, divisor, quotient, remainder];
  }

  propagate(store: Store): Outcome {
    const { dividend, divisor, quotient, remainder } = this;
    const before = store.changes;
    if (store.isFixed(dividend) && store.isFixed(divisor)) {
      const n = store.min(dividend);
      const d = store.min(divisor);
      const r = d === 0 ? n : divisionRemainder(n, d, this.rounding);
      const q = d === 0 ? 0 : (n - r) / d + 0;
      // Euclid's n − r may leave the exact range by less than |d|; the quotient is then found by the product.
      if (Number.isSafeInteger(n - r) && !store.assign(quotient, q)) return Outcome.failed;
      return store.assign(remainder, r) ? Outcome.entailed : Outcome.failed;
    }
    if (store.isFixed(divisor) && store.min(divisor) === 0) {
      return store.assign(quotient, 0) ? Outcome.stable : Outcome.failed;
    }
    if (!store.has(divisor, 0)) {
      if (!this.boundRemainder(store) || !this.boundQuotient(store)) return Outcome.failed;
    }
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  /** |remainder| < |divisor|, with the sign that the rounding gives it. */
  private boundRemainder(store: Store): boolean {
    const { dividend, divisor, remainder } = this;
    const largest = Math.max(-store.min(divisor), store.max(divisor)) - 1;
    const nonNegative = this.rounding === "euclid" || store.min(dividend) >= 0;
    const nonPositive = this.rounding === "truncate" && store.max(dividend) <= 0;
    if (!store.setMin(remainder, nonNegative ? 0 : -largest) || !store.setMax(remainder, nonPositive ? 0 : largest))
      return false;
    if (this.rounding === "truncate") {
      if (!store.setMin(remainder, Math.min(0, store.min(dividend)))) return false;
      if (!store.setMax(remainder, Math.max(0, store.max(dividend)))) return false;
      if (store.min(remainder) > 0 && !store.setMin(dividend, store.min(remainder))) return false;
      if (store.max(remainder) < 0 && !store.setMax(dividend, store.max(remainder))) return false;
    }
    const smallest = Math.max(store.min(remainder), -store.max(remainder), 0) + 1;
    // The divisor's size exceeds the remainder's: a bound inside moves to the far side.
    if (store.min(divisor) > -smallest && !store.setMin(divisor, smallest)) return false;
    return store.max(divisor) >= smallest || store.setMax(divisor, -smallest);
  }

  /** The quotient lies between the rounded real quotients of the bounds. */
  private boundQuotient(store: Store): boolean {
    const { dividend, divisor, quotient } = this;
    const low = store.min(dividend);
    const high = store.max(dividend);
    const a = store.min(divisor);
    const b = store.max(divisor);
    if (!Number.isFinite(low) || !Number.isFinite(high) || !Number.isFinite(a) || !Number.isFinite(b)) return true;
    if (a < 0 && b > 0) {
      // Euclid's quotient of a size up to |dividend| may be one further from 0 than the real one.
      const size = Math.max(-low, high) + (this.rounding === "euclid" ? 1 : 0);
      return store.setMin(quotient, -size) && store.setMax(quotient, size);
    }
    const smallest = Math.min(low / a, low / b, high / a, high / b);
    const largest = Math.max(low / a, low / b, high / a, high / b);
    if (this.rounding === "truncate")
      return store.setMin(quotient, Math.trunc(smallest)) && store.setMax(quotient, Math.trunc(largest));
    // Euclid's quotient rounds down for positive divisors and up for negative ones.
    return a > 0
      ? store.setMin(quotient, Math.floor(smallest)) && store.setMax(quotient, Math.floor(largest))
      : store.setMin(quotient, Math.ceil(smallest)) && store.setMax(quotient, Math.ceil(largest));
  }

  /** The weakest bounds that move the bound; all that is known where a missing divisor 0 was needed. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    this.explainer ??= new BoundsExplainer(
      this.scope,
      (rename) =>
        new Division(
          rename(this.dividend),
          rename(this.divisor),
          rename(this.quotient),
          rename(this.remainder),
          this.rounding,
        ),
    );
    if (!this.explainer.explain(consequence, before, premises)) allDomains(this.scope, premises);
  }

  holds([n, d, q, r]: readonly number[]): boolean {
    if (d === 0) return q === 0 && r === n;
    return r === divisionRemainder(n!, d!, this.rounding) && q === (n! - r) / d!;
  }
}
