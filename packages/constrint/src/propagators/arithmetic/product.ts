import { type Congruence, inverseModulo, MAX_STRIDE, multiplyCongruence } from "../../domain/congruence.js";
import { divisors, FACTORISATION_LIMIT, signedDivisors } from "../../domain/divisors.js";
import {
  BEYOND,
  ceilDivide,
  floorDivide,
  gcd,
  isExact,
  lowerBound,
  MAX_INTEGER,
  modulo,
  remainder,
  upperBound,
} from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains } from "../explanation/premises.js";
import { BoundsExplainer, explainByWeakestBounds } from "../explanation/weakest-bounds.js";
import { keepDivisorsOfValues } from "./common-multiple.js";
import { propagateProductOfTwo } from "./product-of-two.js";

/** At the root level, a factor's value is tried with up to this many quotients. */
const QUOTIENTS_LIMIT = 256;

/** The most steps from one candidate divisor to the next while a bound of a factor is moved to a divisor. */
const DIVISOR_STEPS = 64;

/**
 * result = x₁·x₂·…·xₙ for n ≥ 2.
 *
 * Consistency: bounds over the reals for each factor (the interval of the result divided by the interval product of the
 * others), rounded inward. Once the result is fixed and not 0, every factor's bounds are divisors of it. At the root level
 * explicit factors keep only values that divide a value of the result with a possible quotient, and congruences are
 * propagated: to the result the product of the factors', and to the last open factor its own. Cost: O(n) a run, plus the
 * values at the root level.
 */
export class Product implements Propagator {
  readonly name = "product";
  readonly priority: Priority;
  readonly wakes = Events.bounds | Events.congruence;
  readonly scope: readonly number[];
  // Interval products of factors 0 … i − 1, and of i … n − 1.
  private readonly prefixMin: Float64Array;
  private readonly prefixMax: Float64Array;
  private readonly suffixMin: Float64Array;
  private readonly suffixMax: Float64Array;
  private readonly congruence: Congruence = { stride: 1, offset: 0 };
  /** The sum of the domains' sizes when values were last compared: at the root level equal sums mean equal domains. */
  private rootSizes = -1;
  /** Whether the result was fixed at the root, so that the factors have none but its divisors as values for good. */
  private factorsAreDivisors = false;
  /** The interval product of all factors but one. */
  restMin = 0;
  restMax = 0;
  private quotientMin = 0;
  private quotientMax = 0;
  private explainer: BoundsExplainer | undefined;
  /** Whether there are two factors, and all three variables are different ones. */
  private readonly isPair: boolean;

  constructor(
    readonly factors: readonly number[],
    readonly result: number,
  ) {
    this.scope = [...factors, result];
    const n = factors.length;
    this.isPair = n === 2 && new Set(this.scope).size === 3;
    this.prefixMin = new Float64Array(n + 1);
    this.prefixMax = new Float64Array(n + 1);
    this.suffixMin = new Float64Array(n + 1);
    this.suffixMax = new Float64Array(n + 1);
    this.priority = n === 2 ? Priority.constant : Priority.linear;
  }

  propagate(store: Store): Outcome {
    const before = store.changes;
    if (this.isPair && store.level > 0) {
      const [x, y] = this.factors as readonly [number, number];
      if (store.min(x) > 0 && store.min(y) > 0 && store.max(x) * store.max(y) <= MAX_INTEGER) {
        const outcome = propagateProductOfTwo(store, x, y, this.result);
        if (outcome === Outcome.failed || outcome === Outcome.entailed) return outcome;
        if (this.factorsAreDivisors || !store.isFixed(this.result)) return outcome;
        if (!this.alignToDivisors(store)) return Outcome.failed;
        return store.changes === before ? outcome : Outcome.changed;
      }
    }
    if (!this.propagateBounds(store)) return Outcome.failed;
    if (store.level === 0 && !this.propagateAtRoot(store)) return Outcome.failed;
    const { factors, result } = this;
    let open = 0;
    let last = -1;
    let product = 1;
    for (let i = 0; i < factors.length; i++) {
      const x = factors[i]!;
      if (store.isFixed(x)) product *= store.min(x);
      else {
        open++;
        last = x;
      }
    }
    if (open === 0 && store.isFixed(result) && isExact(product)) {
      return product === store.min(result) ? Outcome.entailed : Outcome.failed;
    }
    if (open === 1 && !this.solveForLast(store, last, product)) return Outcome.failed;
    const mayAlign = store.isFixed(result) && !(this.factorsAreDivisors && store.level > 0);
    if (mayAlign && !this.alignToDivisors(store)) return Outcome.failed;
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  /** Bounds: the common case of positive factors and products within the exact range, else the general one. */
  private propagateBounds(store: Store): boolean {
    const { factors, result } = this;
    let low = 1;
    let high = 1;
    for (let i = 0; i < factors.length; i++) {
      const min = store.min(factors[i]!);
      if (min <= 0) return this.propagateAnySign(store);
      low *= min;
      high *= store.max(factors[i]!);
    }
    if (high > MAX_INTEGER) return this.propagateAnySign(store);
    if (!store.setMin(result, low) || !store.setMax(result, high)) return false;
    const resultMin = store.min(result);
    const resultMax = store.max(result);
    if (resultMin === low && resultMax === high) return true; // the factors' own bounds are the tightest
    for (let i = 0; i < factors.length; i++) {
      const x = factors[i]!;
      const min = store.min(x);
      const max = store.max(x);
      if (min === max) continue;
      // Exact divisions: every product divides the whole.
      const restMin = low / min;
      const restMax = high / max;
      if (restMax * min < resultMin) {
        if (!store.setMin(x, ceilDivide(resultMin, restMax))) return false;
        low = restMin * store.min(x);
      }
      if (restMin * max > resultMax) {
        if (!store.setMax(x, floorDivide(resultMax, restMin))) return false;
        high = restMax * store.max(x);
      }
    }
    return true;
  }

  private propagateAnySign(store: Store): boolean {
    const { factors, result, prefixMin, prefixMax, suffixMin, suffixMax } = this;
    const n = factors.length;
    suffixMin[n] = 1;
    suffixMax[n] = 1;
    for (let i = n - 1; i >= 0; i--) {
      multiplyIntervals(this, suffixMin[i + 1]!, suffixMax[i + 1]!, store.min(factors[i]!), store.max(factors[i]!));
      suffixMin[i] = this.restMin;
      suffixMax[i] = this.restMax;
    }
    if (!store.setMin(result, suffixMin[0]!) || !store.setMax(result, suffixMax[0]!)) return false;
    prefixMin[0] = 1;
    prefixMax[0] = 1;
    for (let i = 0; i < n; i++) {
      const x = factors[i]!;
      multiplyIntervals(this, prefixMin[i]!, prefixMax[i]!, suffixMin[i + 1]!, suffixMax[i + 1]!);
      if (!store.isFixed(x) && !this.divideResult(store, x)) return false;
      if (i + 1 < n) {
        multiplyIntervals(this, prefixMin[i]!, prefixMax[i]!, store.min(x), store.max(x));
        prefixMin[i + 1] = this.restMin;
        prefixMax[i + 1] = this.restMax;
      }
    }
    return true;
  }

  /** Narrows x to result / rest, where rest … is the interval restMin … restMax. */
  private divideResult(store: Store, x: number): boolean {
    const { result } = this;
    return (
      this.quotient(store.min(result), store.max(result), store.min(x), store.max(x)) &&
      store.setMin(x, this.quotientMin) &&
      store.setMax(x, this.quotientMax)
    );
  }

  /**
   * Writes bounds of those integers x in min … max for which x·rest may lie in low … high, where rest is restMin … restMax.
   * Returns false if there are none.
   */
  private quotient(low: number, high: number, min: number, max: number): boolean {
    let { restMin, restMax } = this;
    this.quotientMin = -Infinity;
    this.quotientMax = Infinity;
    if (restMin > 0 && low > 0) {
      // The common case: everything positive once x is.
      this.quotientMin = restMax === Infinity ? 1 : ceilDivide(low, restMax);
      if (high !== Infinity) this.quotientMax = floorDivide(high, restMin);
      return true;
    }
    if (restMin <= 0 && restMax >= 0) {
      if (low <= 0 && high >= 0) return true;
      // The result is not 0, so neither is a factor.
      if (restMin === 0 && restMax === 0) return false;
      if (restMin === 0) restMin = 1;
      else if (restMax === 0) restMax = -1;
      else {
        const largest = Math.max(Math.abs(low), Math.abs(high));
        // On either side of 0, x is as far away as the rest of the sign that is then needed demands: a bound that is closer
        // moves to the other side.
        const closest = low > 0 ? low : -high;
        const withPositiveRest = Math.max(1, ceilDivide(closest, restMax));
        const withNegativeRest = Math.max(1, ceilDivide(closest, -restMin));
        const leastPositive = low > 0 ? withPositiveRest : withNegativeRest;
        const leastNegative = low > 0 ? withNegativeRest : withPositiveRest;
        this.quotientMin = min <= -leastNegative && -largest <= -leastNegative ? -largest : leastPositive;
        this.quotientMax = max >= leastPositive && largest >= leastPositive ? largest : -leastNegative;
        return true;
      }
    }
    const a = low / restMin;
    const b = low / restMax;
    const c = high / restMin;
    const d = high / restMax;
    // ∞ / ∞ is NaN and says nothing that the other quotients (0 and ±∞) do not say.
    const smallest = Math.min(finite(a, Infinity), finite(b, Infinity), finite(c, Infinity), finite(d, Infinity));
    const largest = Math.max(finite(a, -Infinity), finite(b, -Infinity), finite(c, -Infinity), finite(d, -Infinity));
    this.quotientMin = Math.ceil(smallest) + 0;
    this.quotientMax = Math.floor(largest) + 0;
    return true;
  }

  /** With one open factor: product·open = result. */
  private solveForLast(store: Store, open: number, product: number): boolean {
    if (product === 0 || Math.abs(product) >= BEYOND) return true;
    const { result } = this;
    if (store.isFixed(result)) {
      const value = store.min(result);
      return remainder(value, product) === 0 && store.assign(open, value / product + 0);
    }
    // Below the root, the bounds find nearly as much as the congruences, in half the time.
    if (store.level > 0) return true;
    const congruence = this.congruence;
    congruence.stride = store.stride(open);
    congruence.offset = store.offset(open);
    multiplyCongruence(congruence, 0, product);
    if (congruence.stride > 1 && congruence.stride <= MAX_STRIDE) {
      if (!store.setCongruence(result, congruence.stride, congruence.offset)) return false;
    }
    const stride = store.stride(result);
    if (stride === 1 || store.isFixed(result)) return true;
    // product·x ≡ offset (mod stride)
    const common = gcd(product, stride);
    const offset = store.offset(result);
    if (remainder(offset, common) !== 0) return false;
    const reduced = stride / common;
    if (reduced === 1) return true;
    const inverse = inverseModulo(modulo(product / common, reduced), reduced);
    return store.setCongruence(open, reduced, modulo((offset / common) * inverse, reduced));
  }

  /** Moves the factors' bounds to divisors of the fixed result. */
  private alignToDivisors(store: Store): boolean {
    const value = store.min(this.result);
    if (value === 0) return true;
    const { factors } = this;
    for (let i = 0; i < factors.length; i++) {
      const x = factors[i]!;
      if (store.isFixed(x)) {
        if (store.min(x) === 0 || remainder(value, store.min(x)) !== 0) return false;
        continue;
      }
      if (store.hasGaps(x)) {
        if (!alignValues(store, x, value)) return false;
        continue;
      }
      if (value > 0 && store.min(x) > 0) {
        if (!store.setMin(x, divisorAtLeast(value, store.min(x)))) return false;
        if (!store.setMax(x, divisorAtMost(value, store.max(x)))) return false;
        continue;
      }
      for (let step = 0; step < DIVISOR_STEPS; step++) {
        const bound = store.min(x);
        if (bound !== 0 && remainder(value, bound) === 0) break;
        if (!store.setMin(x, bound + 1)) return false;
      }
      for (let step = 0; step < DIVISOR_STEPS; step++) {
        const bound = store.max(x);
        if (bound !== 0 && remainder(value, bound) === 0) break;
        if (!store.setMax(x, bound - 1)) return false;
      }
    }
    return true;
  }

  private propagateAtRoot(store: Store): boolean {
    const { factors, result, congruence } = this;
    congruence.stride = 0;
    congruence.offset = 1;
    for (const x of factors) {
      if (store.isFixed(x)) multiplyCongruence(congruence, 0, store.min(x));
      else multiplyCongruence(congruence, store.stride(x), store.offset(x));
    }
    if (congruence.stride > 1 && congruence.stride <= MAX_STRIDE) {
      if (!store.setCongruence(result, congruence.stride, congruence.offset)) return false;
    }
    if (store.isFixed(result)) {
      const value = store.min(result);
      if (value === 0 || Math.abs(value) > FACTORISATION_LIMIT) return true;
      for (const x of factors) {
        if (store.isFixed(x)) continue;
        if (!store.restrictTo(x, store.min(x) > 0 ? divisors(value) : signedDivisors(value))) return false;
      }
      this.factorsAreDivisors = factors.every((x) => store.isFixed(x) || store.isExplicit(x));
      return true;
    }
    let sizes = 0;
    for (const x of this.scope) sizes += store.size(x);
    if (sizes === this.rootSizes) return true;
    for (let i = 0; i < factors.length; i++) {
      if (!keepDivisorsOfValues(store, factors[i]!, result) || !this.keepDividingValues(store, i)) return false;
    }
    this.rootSizes = sizes;
    return true;
  }

  /** Removes the values of factor i that divide no value of the result with a quotient the other factors can reach. */
  private keepDividingValues(store: Store, i: number): boolean {
    const { factors, result } = this;
    const x = factors[i]!;
    if (store.isFixed(x) || !store.isExplicit(x) || !store.isExplicit(result)) return true;
    let restMin = 1;
    let restMax = 1;
    for (let j = 0; j < factors.length; j++) {
      if (j === i) continue;
      multiplyIntervals(this, restMin, restMax, store.min(factors[j]!), store.max(factors[j]!));
      restMin = this.restMin;
      restMax = this.restMax;
    }
    for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
      if (!this.hasMultiple(store, value, restMin, restMax) && !store.remove(x, value)) return false;
    }
    return true;
  }

  /** Whether value·q is a value of the result for some q in restMin … restMax; true where that is too much to find out. */
  private hasMultiple(store: Store, value: number, restMin: number, restMax: number): boolean {
    const { result } = this;
    if (value === 0) return store.has(result, 0);
    const low = store.min(result);
    const high = store.max(result);
    const from = Math.max(restMin, ceilDivide(value > 0 ? low : high, value));
    const to = Math.min(restMax, floorDivide(value > 0 ? high : low, value));
    if (to - from > QUOTIENTS_LIMIT) return true;
    for (let quotient = from; quotient <= to; quotient++) if (store.has(result, value * quotient)) return true;
    return false;
  }

  /**
   * The weakest bounds of the others that still give the bound: of a result x·y ≤ 20 from x ≤ 3 and y ≤ 4, x ≤ 5 and 0 ≤ y ≤ 4.
   * A factor's bound that had to divide a fixed result is found by running the propagator on boxes.
   */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const implies = (low: Float64Array, high: Float64Array): boolean => this.implies(consequence, low, high);
    if (explainByWeakestBounds(this.scope, consequence.variable, before, premises, implies)) return;
    this.explainer ??= new BoundsExplainer(
      this.scope,
      (rename) => new Product(this.factors.map(rename), rename(this.result)),
    );
    if (!this.explainer.explain(consequence, before, premises)) allDomains(this.scope, premises);
  }

  /** Whether bounds of the factors and, last, of the result imply a consequence or contradict each other. */
  private implies({ kind, variable, value }: Consequence, low: Float64Array, high: Float64Array): boolean {
    const { factors } = this;
    const n = factors.length;
    const isImplied = (min: number, max: number): boolean =>
      kind === LiteralKind.atLeast ? min >= value : kind === LiteralKind.atMost && max <= value;
    this.multiplyBox(low, high, -1);
    if (this.restMin > high[n]! || this.restMax < low[n]!) return true;
    if (variable === this.result && isImplied(this.restMin, this.restMax)) return true;
    for (let i = 0; i < n; i++) {
      if (kind !== undefined && factors[i] !== variable) continue;
      this.multiplyBox(low, high, i);
      if (!this.quotient(low[n]!, high[n]!, low[i]!, high[i]!)) return true;
      if (this.quotientMin > this.quotientMax || this.quotientMin > high[i]! || this.quotientMax < low[i]!) return true;
      if (isImplied(this.quotientMin, this.quotientMax)) return true;
    }
    return false;
  }

  /** The interval product of all factors of a box but one. */
  private multiplyBox(low: Float64Array, high: Float64Array, except: number): void {
    this.restMin = 1;
    this.restMax = 1;
    for (let i = 0; i < this.factors.length; i++) {
      if (i !== except) multiplyIntervals(this, this.restMin, this.restMax, low[i]!, high[i]!);
    }
  }

  holds(values: readonly number[]): boolean {
    const factors = values.slice(0, -1);
    const result = values.at(-1)!;
    const product = factors.reduce((all, value) => all * value, 1);
    // A product of integers is exact in doubles while it and, unless it is 0, its parts stay within the range.
    if (product !== 0 && isExact(product)) return product === result;
    return factors.reduce((all, value) => all * BigInt(value), 1n) === BigInt(result);
  }
}

/** Moves the bounds of x to values that divide a number ≠ 0, by its values: for domains with gaps, which have few between divisors. */
function alignValues(store: Store, x: number, value: number): boolean {
  const isDivisor = (bound: number): boolean => bound !== 0 && remainder(value, bound) === 0;
  let low = store.min(x);
  while (low !== Infinity && !isDivisor(low)) low = store.next(x, low);
  if (!store.setMin(x, low)) return false;
  let high = store.max(x);
  while (!isDivisor(high)) high = store.atMost(x, high - 1); // ends at the lower bound
  return store.setMax(x, high);
}

function finite(quotient: number, otherwise: number): number {
  return Number.isNaN(quotient) ? otherwise : quotient;
}

/** Writes [a, b]·[c, d], rounded outward to the exact range, into `into`. */
function multiplyIntervals(
  into: { restMin: number; restMax: number },
  a: number,
  b: number,
  c: number,
  d: number,
): void {
  if (a >= 0 && c >= 0) {
    into.restMin = lowerBound(times(a, c));
    into.restMax = upperBound(times(b, d));
    return;
  }
  const ac = times(a, c);
  const ad = times(a, d);
  const bc = times(b, c);
  const bd = times(b, d);
  into.restMin = lowerBound(Math.min(ac, ad, bc, bd));
  into.restMax = upperBound(Math.max(ac, ad, bc, bd));
}

/** a·b, where 0·∞ = 0: an infinite bound stands for values that are finite, however large. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

/** A bound from below on the divisors of value ≥ 1 that are ≥ bound ≥ 1: the smallest of them unless it is far. */
function divisorAtLeast(value: number, bound: number): number {
  if (bound > value) return Infinity;
  if (bound <= value / bound) {
    let divisor = bound;
    while (divisor < bound + DIVISOR_STEPS && remainder(value, divisor) !== 0) divisor++;
    return divisor;
  }
  // Beyond the root of the value its divisors are far apart, but not the quotients.
  const largest = floorDivide(value, bound);
  let quotient = largest;
  while (quotient > largest - DIVISOR_STEPS && remainder(value, quotient) !== 0) quotient--;
  return ceilDivide(value, quotient);
}

/** A bound from above on the divisors of value ≥ 1 that are ≤ bound ≥ 1: the largest of them unless it is far. */
function divisorAtMost(value: number, bound: number): number {
  if (bound >= value) return value;
  if (bound <= value / bound) {
    let divisor = bound;
    while (divisor > bound - DIVISOR_STEPS && remainder(value, divisor) !== 0) divisor--;
    return divisor;
  }
  const smallest = ceilDivide(value, bound);
  let quotient = smallest;
  while (quotient < smallest + DIVISOR_STEPS && remainder(value, quotient) !== 0) quotient++;
  return floorDivide(value, quotient);
}
