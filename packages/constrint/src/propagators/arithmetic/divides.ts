import { MAX_STRIDE } from "../../domain/congruence.js";
import { divisors, FACTORISATION_LIMIT, signedDivisors } from "../../domain/divisors.js";
import { ceilDivide, floorDivide, gcd, lowerBound, remainder, upperBound } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains, explainByValues } from "../explanation/premises.js";
import { BoundsExplainer } from "../explanation/weakest-bounds.js";
import { keepDivisorsOfValues } from "./common-multiple.js";

/** Values are tested one by one up to this many in a run below the root level, and pair by pair up to it at the root. */
const VALUES_LIMIT = 64;
const ROOT_PAIRS = 1 << 14;

/** The most steps from one candidate divisor to the next while a bound is moved to a divisor. */
const DIVISOR_STEPS = 64;

/**
 * divisor | dividend: there is an integer k with dividend = k·divisor. So every number divides 0, and 0 divides only 0.
 *
 * Consistency: a fixed divisor gives the dividend its congruence; a fixed dividend leaves the explicit divisor its divisors
 * (domain), or else bounds that divide it. With both open and not negative: bounds through the range of k; a common content
 * of the divisor's values divides the dividend; few explicit divisors are tested for a multiple in range.
 * Cost: O(1) a run, plus the values.
 */
export class Divides implements Propagator {
  readonly name = "divides";
  readonly priority = Priority.constant;
  readonly wakes = Events.bounds | Events.congruence;
  readonly scope: readonly number[];

  private explainer: BoundsExplainer | undefined;

  constructor(
    readonly divisor: number,
    readonly dividend: number,
  ) {
    this.scope = [divisor, dividend];
  }

  propagate(store: Store): Outcome {
    if (store.isFixed(this.divisor)) return this.propagateDividend(store, store.min(this.divisor));
    if (store.isFixed(this.dividend)) return this.propagateDivisor(store, store.min(this.dividend));
    const before = store.changes;
    if (!this.propagateBoth(store)) return Outcome.failed;
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  /** The divisor is fixed. */
  private propagateDividend(store: Store, divisor: number): Outcome {
    const { dividend } = this;
    if (divisor === 0) return store.assign(dividend, 0) ? Outcome.entailed : Outcome.failed;
    const stride = Math.abs(divisor);
    if (stride === 1) return Outcome.entailed;
    if (stride <= MAX_STRIDE && !store.setCongruence(dividend, stride, 0)) return Outcome.failed;
    const min = store.min(dividend);
    const max = store.max(dividend);
    if (Number.isFinite(min) && !store.setMin(dividend, lowerBound(ceilDivide(min, stride) * stride)))
      return Outcome.failed;
    if (Number.isFinite(max) && !store.setMax(dividend, upperBound(floorDivide(max, stride) * stride)))
      return Outcome.failed;
    if (store.isFixed(dividend))
      return remainder(store.min(dividend), stride) === 0 ? Outcome.entailed : Outcome.failed;
    // The store leaves a congruence out when the combined stride would be too large.
    const known = remainder(store.stride(dividend), stride) === 0 && remainder(store.offset(dividend), stride) === 0;
    return known ? Outcome.entailed : Outcome.stable;
  }

  /** The dividend is fixed, the divisor is not. */
  private propagateDivisor(store: Store, dividend: number): Outcome {
    const { divisor } = this;
    if (dividend === 0) return Outcome.entailed;
    const size = Math.abs(dividend);
    if (!store.setMin(divisor, -size) || !store.setMax(divisor, size)) return Outcome.failed;
    if (store.level === 0 && size <= FACTORISATION_LIMIT) {
      const allowed = store.min(divisor) > 0 ? divisors(size) : signedDivisors(size);
      if (!store.restrictTo(divisor, allowed)) return Outcome.failed;
    }
    if (store.isExplicit(divisor)) {
      for (let value = store.min(divisor); value !== Infinity; value = store.next(divisor, value)) {
        if ((value === 0 || remainder(size, value) !== 0) && !store.remove(divisor, value)) return Outcome.failed;
      }
      return Outcome.entailed;
    }
    for (let step = 0; step < DIVISOR_STEPS; step++) {
      const bound = store.min(divisor);
      if (bound !== 0 && remainder(size, bound) === 0) break;
      if (!store.setMin(divisor, bound + 1)) return Outcome.failed;
    }
    for (let step = 0; step < DIVISOR_STEPS; step++) {
      const bound = store.max(divisor);
      if (bound !== 0 && remainder(size, bound) === 0) break;
      if (!store.setMax(divisor, bound - 1)) return Outcome.failed;
    }
    return Outcome.stable;
  }

  private propagateBoth(store: Store): boolean {
    const { divisor, dividend } = this;
    const content = gcd(store.stride(divisor), store.offset(divisor));
    if (content > 1 && !store.setCongruence(dividend, content, 0)) return false;
    let low = store.min(dividend);
    let high = store.max(dividend);
    if (low > 0 || high < 0) {
      const largest = Math.max(Math.abs(low), Math.abs(high));
      if (!store.setMin(divisor, -largest) || !store.setMax(divisor, largest) || !store.remove(divisor, 0))
        return false;
    }
    if (store.min(divisor) >= 1 && low >= 0) {
      // The range of k = dividend / divisor bounds both.
      const kMin = ceilDivide(low, store.max(divisor));
      const kMax = floorDivide(high, store.min(divisor));
      if (kMin > kMax) return false;
      if (kMin > 0 && Number.isFinite(high) && !store.setMax(divisor, floorDivide(high, kMin))) return false;
      if (kMax > 0 && Number.isFinite(kMax) && !store.setMin(divisor, ceilDivide(low, kMax))) return false;
      if (!store.setMin(dividend, lowerBound(kMin * store.min(divisor)))) return false;
      if (Number.isFinite(high) && !store.setMax(dividend, upperBound(kMax * store.max(divisor)))) return false;
    }
    if (!store.isExplicit(divisor) || store.isFixed(divisor)) return true;
    if (store.level === 0 && store.isExplicit(dividend)) {
      return keepDivisorsOfValues(store, divisor, dividend) && this.keepSupportedValues(store);
    }
    if (store.size(divisor) > VALUES_LIMIT) return true;
    low = store.min(dividend);
    high = store.max(dividend);
    if (!Number.isFinite(low) || !Number.isFinite(high)) return true;
    for (let value = store.min(divisor); value !== Infinity; value = store.next(divisor, value)) {
      const possible =
        value === 0 ? low <= 0 && high >= 0 : floorDivide(high, Math.abs(value)) * Math.abs(value) >= low;
      if (!possible && !store.remove(divisor, value)) return false;
    }
    return true;
  }

  /** Domain consistency by comparing all pairs of values, where they are few. */
  private keepSupportedValues(store: Store): boolean {
    const { divisor, dividend } = this;
    if (store.size(divisor) * store.size(dividend) > ROOT_PAIRS) return true;
    for (let d = store.min(divisor); d !== Infinity; d = store.next(divisor, d)) {
      let supported = false;
      for (let n = store.min(dividend); n !== Infinity && !supported; n = store.next(dividend, n))
        supported = divides(d, n);
      if (!supported && !store.remove(divisor, d)) return false;
    }
    for (let n = store.min(dividend); n !== Infinity; n = store.next(dividend, n)) {
      let supported = false;
      for (let d = store.min(divisor); d !== Infinity && !supported; d = store.next(divisor, d))
        supported = divides(d, n);
      if (!supported && !store.remove(dividend, n)) return false;
    }
    return true;
  }

  /**
   * Bounds by the weakest bounds of both. divisor ≠ d because no multiple of d lies between the dividend's bounds, and
   * dividend ≠ n because the divisor does not divide n.
   */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { divisor, dividend } = this;
    const { kind, variable, value } = consequence;
    if (kind !== LiteralKind.notEqual) {
      this.explainer ??= new BoundsExplainer(this.scope, (rename) => new Divides(rename(divisor), rename(dividend)));
      if (this.explainer.explain(consequence, before, premises)) return;
    }
    if (variable === divisor && divisor !== dividend) {
      const low = before.min(dividend);
      const high = before.max(dividend);
      if (explainByValues(consequence, before, premises, (d) => explainNoMultiple(d, dividend, low, high, premises)))
        return;
    } else if (kind === LiteralKind.notEqual && before.isFixed(divisor) && !divides(before.min(divisor), value)) {
      premises.equal(divisor, before.min(divisor));
      return;
    }
    allDomains(this.scope, premises);
  }

  holds([divisor, dividend]: readonly number[]): boolean {
    return divides(divisor!, dividend!);
  }
}

/** Whether d | n. */
function divides(d: number, n: number): boolean {
  return d === 0 ? n === 0 : remainder(n, d) === 0;
}

/** d does not divide the dividend, because no multiple of d lies in low … high: the widest such bounds. */
function explainNoMultiple(d: number, dividend: number, low: number, high: number, premises: Premises): boolean {
  if (d === 0 && low <= 0 && high >= 0) return false;
  if (d === 0) {
    if (low > 0) premises.atLeast(dividend, 1);
    else premises.atMost(dividend, -1);
    return true;
  }
  const step = Math.abs(d);
  const multiple = floorDivide(high, step) * step;
  if (!(multiple < low)) return false;
  premises.atLeast(dividend, multiple + 1);
  premises.atMost(dividend, multiple + step - 1);
  return true;
}
