import { BEYOND } from "../../domain/integers.js";
import { Outcome } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import type { LinearTerms } from "./linear.js";

/**
 * Narrows for sign·Σ aᵢ·xᵢ ≤ limit in arbitrary precision: the slow path for sums that may leave the exact range of doubles.
 * Infinite bounds are allowed.
 *
 * @param sign 1 or −1
 * @internal
 */
export function propagateUpperBoundExactly(store: Store, terms: LinearTerms, sign: 1 | -1, limit: number): Outcome {
  const { variables, coefficients } = terms;
  const { smallest, infinite, largest } = ends(store, terms, sign);
  const bound = BigInt(limit);
  if (largest !== undefined && largest <= bound) return Outcome.entailed;
  if (infinite === 0 && smallest > bound) return Outcome.failed;
  if (infinite > 1) return Outcome.stable;
  for (let i = 0; i < variables.length; i++) {
    const a = sign * coefficients[i]!;
    const x = variables[i]!;
    const low = a > 0 ? store.min(x) : store.max(x);
    if (infinite === 1 && Number.isFinite(low)) continue;
    const others = Number.isFinite(low) ? smallest - BigInt(a) * BigInt(low) : smallest;
    // a·x ≤ bound − others
    const room = bound - others;
    if (a > 0) {
      if (!store.setMax(x, toUpperBound(floorDivideBig(room, BigInt(a))))) return Outcome.failed;
    } else if (!store.setMin(x, toLowerBound(-floorDivideBig(room, BigInt(-a))))) return Outcome.failed;
  }
  return Outcome.stable;
}

/** Whether sign·Σ aᵢ·xᵢ ≤ limit holds for all values that are left, or for none, in arbitrary precision. @internal */
export function decideUpperBoundExactly(store: Store, terms: LinearTerms, sign: 1 | -1, limit: number): Outcome {
  const { smallest, infinite, largest } = ends(store, terms, sign);
  if (largest !== undefined && largest <= BigInt(limit)) return Outcome.entailed;
  return infinite === 0 && smallest > BigInt(limit) ? Outcome.failed : Outcome.stable;
}

/** The sum of the finite lower ends, how many are infinite, and the sum of the upper ends if all are finite. */
function ends(
  store: Store,
  { variables, coefficients }: LinearTerms,
  sign: 1 | -1,
): { readonly smallest: bigint; readonly infinite: number; readonly largest: bigint | undefined } {
  let smallest = 0n;
  let infinite = 0;
  let largest = 0n;
  let largestIsFinite = true;
  for (let i = 0; i < variables.length; i++) {
    const a = sign * coefficients[i]!;
    const x = variables[i]!;
    const low = a > 0 ? store.min(x) : store.max(x);
    const high = a > 0 ? store.max(x) : store.min(x);
    if (Number.isFinite(low)) smallest += BigInt(a) * BigInt(low);
    else infinite++;
    if (Number.isFinite(high)) largest += BigInt(a) * BigInt(high);
    else largestIsFinite = false;
  }
  return { smallest, infinite, largest: largestIsFinite ? largest : undefined };
}

function floorDivideBig(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n ? quotient - 1n : quotient;
}

function toUpperBound(value: bigint): number {
  if (value >= BigInt(BEYOND)) return Infinity;
  if (value <= BigInt(-BEYOND)) return -BEYOND;
  return Number(value);
}

function toLowerBound(value: bigint): number {
  if (value >= BigInt(BEYOND)) return BEYOND;
  if (value <= BigInt(-BEYOND)) return -Infinity;
  return Number(value);
}
