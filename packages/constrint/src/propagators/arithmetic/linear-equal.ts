import { inverseModulo, MAX_STRIDE } from "../../domain/congruence.js";
import { floorDivide, gcd, modulo } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { compareLinear, copiedBounds, fitsExactly, type LinearTerms } from "./linear.js";
import { decideUpperBoundExactly, propagateUpperBoundExactly } from "./linear-exact.js";
import { explainUpperBound } from "./linear-explanation.js";
import { keepPairs } from "./linear-pair.js";
import { explainByDomains, RootBounds } from "./root-bounds.js";
import { propagateSumOfTwo } from "./sum-of-two.js";

/**
 * Σ aᵢ·xᵢ = c.
 *
 * Consistency: bounds over the reals, rounded inward; below the root, domain when two variables are open that have explicit domains with gaps; at
 * the root level also congruences: aᵢ·xᵢ ≡ c − Σ others modulo the greatest common divisor of the others' aⱼ·strideⱼ.
 * Cost: O(n) a run.
 */
export class LinearEqual implements Propagator, LinearTerms {
  readonly name = "linear =";
  readonly priority: Priority;
  readonly wakes = Events.bounds | Events.congruence;
  readonly coefficients: Float64Array;
  /** suffixes[i] is the gcd of aⱼ·strideⱼ over j ≥ i that are not fixed. */
  private readonly suffixes: Float64Array;
  private exact = false;
  /** Whether two of the domains have gaps, as of the last run at the root. */
  private hasGappedPair = false;
  /** The variables x, y and z where this is x + y = z + c or its negation, and c. */
  readonly sum: { readonly x: number; readonly y: number; readonly z: number; readonly c: number } | undefined;
  private readonly root: RootBounds;

  /**
   * @param variables distinct variables
   * @param coefficients one for each variable, ≠ 0
   * @param total the constant c
   */
  constructor(
    readonly variables: readonly number[],
    coefficients: readonly number[],
    readonly total: number,
  ) {
    this.coefficients = new Float64Array(coefficients);
    this.root = new RootBounds(variables);
    this.suffixes = new Float64Array(variables.length + 1);
    this.sum = sumOfTwo(variables, coefficients, total);
    this.priority = variables.length <= 3 ? Priority.constant : Priority.linear;
  }

  get scope(): readonly number[] {
    return this.variables;
  }

  propagate(store: Store): Outcome {
    const before = store.changes;
    if (store.level === 0) this.noteRoot(store);
    else if (this.sum !== undefined && this.exact && !this.hasGappedPair) {
      const { x, y, z, c } = this.sum;
      return propagateSumOfTwo(store, x, y, z, c);
    }
    if (!this.isExact(store)) {
      const upper = propagateUpperBoundExactly(store, this, 1, this.total);
      if (upper === Outcome.failed) return upper;
      const lower = propagateUpperBoundExactly(store, this, -1, -this.total);
      if (lower === Outcome.failed) return lower;
      return store.changes === before ? Outcome.stable : Outcome.changed;
    }
    const { variables, coefficients, total } = this;
    const { mins, maxs } = copiedBounds(store, variables);
    let smallest = 0;
    let largest = 0;
    let unfixed = 0;
    for (let i = 0; i < variables.length; i++) {
      const a = coefficients[i]!;
      const min = mins[i]!;
      const max = maxs[i]!;
      if (min !== max) unfixed++;
      if (a > 0) {
        smallest += a * min;
        largest += a * max;
      } else {
        smallest += a * max;
        largest += a * min;
      }
    }
    if (smallest > total || largest < total) return Outcome.failed;
    if (unfixed === 0) return Outcome.entailed;
    // Over the reals, one pass reaches the fixpoint; only a bound that was rounded, or fell into a gap, may move others.
    let moved = false;
    for (let i = 0; i < variables.length; i++) {
      let min = mins[i]!;
      let max = maxs[i]!;
      if (min === max) continue;
      const a = coefficients[i]!;
      const x = variables[i]!;
      const size = a > 0 ? a : -a;
      // a·x may exceed its low end by total − smallest, and fall short of its high end by largest − total.
      const above = total - smallest;
      if (size * (max - min) > above) {
        const steps = size === 1 ? above : floorDivide(above, size);
        if (a > 0) {
          if (!store.setMax(x, min + steps)) return Outcome.failed;
          const newMax = store.max(x);
          largest += a * (newMax - max);
          max = newMax;
        } else {
          if (!store.setMin(x, max - steps)) return Outcome.failed;
          const newMin = store.min(x);
          largest += a * (newMin - min);
          min = newMin;
        }
        moved ||= size * (max - min) !== above;
      }
      const below = largest - total;
      if (size * (max - min) > below) {
        const steps = size === 1 ? below : floorDivide(below, size);
        if (a > 0) {
          if (!store.setMin(x, max - steps)) return Outcome.failed;
          const newMin = store.min(x);
          smallest += a * (newMin - min);
          min = newMin;
        } else {
          if (!store.setMax(x, min + steps)) return Outcome.failed;
          const newMax = store.max(x);
          smallest += a * (newMax - max);
          max = newMax;
        }
        moved ||= size * (max - min) !== below;
      }
    }
    // Below the root, the bounds find nearly as much as the congruences, in less time.
    if (store.level > 0) {
      if (unfixed === 2 && !this.keepPairs(store)) return Outcome.failed;
      return moved ? Outcome.changed : Outcome.stable;
    }
    if (!this.propagateCongruences(store)) return Outcome.failed;
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  decide(store: Store): Outcome {
    if (store.level === 0) this.noteRoot(store);
    const { variables, coefficients, total } = this;
    if (!this.isExact(store)) {
      const upper = decideUpperBoundExactly(store, this, 1, total);
      const lower = decideUpperBoundExactly(store, this, -1, -total);
      if (upper === Outcome.failed || lower === Outcome.failed) return Outcome.failed;
      return upper === Outcome.entailed && lower === Outcome.entailed ? Outcome.entailed : Outcome.stable;
    }
    let smallest = 0;
    let largest = 0;
    for (let i = 0; i < variables.length; i++) {
      const a = coefficients[i]!;
      const low = a * store.min(variables[i]!);
      const high = a * store.max(variables[i]!);
      smallest += a > 0 ? low : high;
      largest += a > 0 ? high : low;
    }
    if (smallest > total || largest < total) return Outcome.failed;
    return smallest === largest ? Outcome.entailed : Outcome.stable;
  }

  private noteRoot(store: Store): void {
    this.root.note(store);
    let gapped = 0;
    for (const x of this.variables) if (store.hasGaps(x)) gapped++;
    this.hasGappedPair = gapped > 1;
  }

  /** Whether doubles are exact for the domains as they are. */
  private isExact(store: Store): boolean {
    if (this.exact) return true;
    const fits = fitsExactly(store, this, this.total);
    if (store.level === 0) this.exact = fits;
    return fits;
  }

  /** Looks at single values where the last two open variables have domains with gaps. */
  private keepPairs(store: Store): boolean {
    const { variables, coefficients } = this;
    let first = -1;
    let second = -1;
    let rest = this.total;
    for (let i = 0; i < variables.length; i++) {
      const x = variables[i]!;
      if (store.isFixed(x)) rest -= coefficients[i]! * store.min(x);
      else if (!store.hasGaps(x)) return true;
      else if (first < 0) first = i;
      else second = i;
    }
    // The bounds may have fixed one of them meanwhile.
    if (second < 0) return true;
    return keepPairs(store, coefficients[first]!, variables[first]!, coefficients[second]!, variables[second]!, rest);
  }

  private propagateCongruences(store: Store): boolean {
    const { variables, coefficients, suffixes } = this;
    let ones = 0; // terms about whose residues nothing is known
    for (let i = 0; i < variables.length; i++) {
      const a = coefficients[i]!;
      if ((a === 1 || a === -1) && !store.isFixed(variables[i]!) && store.stride(variables[i]!) === 1) ones++;
    }
    if (ones > 1) return true;
    for (let i = variables.length - 1; i >= 0; i--) {
      const x = variables[i]!;
      suffixes[i] = store.isFixed(x) ? suffixes[i + 1]! : gcd(suffixes[i + 1]!, coefficients[i]! * store.stride(x));
    }
    let prefix = 0;
    for (let i = 0; i < variables.length; i++) {
      const x = variables[i]!;
      if (store.isFixed(x)) continue;
      const a = coefficients[i]!;
      const modulus = gcd(prefix, suffixes[i + 1]!);
      // Modulus 0 says that all others are fixed: the bounds have decided then.
      if (modulus > 1 && modulus <= MAX_STRIDE && !this.restrictResidue(store, i, modulus)) return false;
      prefix = gcd(prefix, a * store.stride(x));
    }
    return true;
  }

  /** Solves aᵢ·xᵢ ≡ total − Σ others (mod modulus) for xᵢ, where every other term has one residue. */
  private restrictResidue(store: Store, i: number, modulus: number): boolean {
    const { variables, coefficients } = this;
    let residue = modulo(this.total, modulus);
    for (let j = 0; j < variables.length; j++) {
      if (j === i) continue;
      const y = variables[j]!;
      const offset = store.isFixed(y) ? store.min(y) : store.offset(y);
      residue = modulo(residue - modulo(coefficients[j]!, modulus) * modulo(offset, modulus), modulus);
    }
    const a = modulo(coefficients[i]!, modulus);
    const common = gcd(a, modulus);
    if (residue % common !== 0) return false;
    const stride = modulus / common;
    if (stride === 1) return true;
    return store.setCongruence(
      variables[i]!,
      stride,
      modulo((residue / common) * inverseModulo(a / common, stride), stride),
    );
  }

  holds(values: readonly number[]): boolean {
    return compareLinear(this.coefficients, values, this.total) === 0;
  }

  /** The ends of the other terms, lower or upper, as far as they are needed. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const isExplained =
      this.exact &&
      (explainUpperBound(this, 1, this.total, consequence, before, this.root, premises) ||
        explainUpperBound(this, -1, -this.total, consequence, before, this.root, premises));
    if (!isExplained) explainByDomains(this.scope, premises);
  }
}

/** The equation as x + y = z + c, or undefined where it is not of that kind. */
function sumOfTwo(
  variables: readonly number[],
  coefficients: readonly number[],
  total: number,
): { x: number; y: number; z: number; c: number } | undefined {
  if (variables.length !== 3 || coefficients.some((a) => a !== 1 && a !== -1)) return undefined;
  const sign = coefficients[0]! + coefficients[1]! + coefficients[2]!;
  if (sign !== 1 && sign !== -1) return undefined;
  const [x, y] = variables.filter((_, i) => coefficients[i] === sign);
  const z = variables[coefficients.indexOf(-sign)];
  return { x: x!, y: y!, z: z!, c: sign * total };
}
