import { divisors, FACTORISATION_LIMIT, signedDivisors } from "../../domain/divisors.js";
import { gcd, MAX_INTEGER, remainder } from "../../domain/integers.js";
import type { Store } from "../../engine/store.js";

/**
 * Narrows x, at the root level, to divisors of the least common multiple of the values of y, where these are explicit and x divides y:
 * one test for each value of x, where a test of every pair of values would take long. A large domain becomes those divisors.
 *
 * Nothing follows where y may be 0, which everything divides, or where the multiple is beyond the exact range.
 *
 * @internal
 */
export function keepDivisorsOfValues(store: Store, x: number, y: number): boolean {
  if (store.isFixed(x) || !(store.isExplicit(y) || store.isFixed(y))) return true;
  const multiple = leastCommonMultiple(store, y);
  if (multiple === undefined) return true;
  if (!store.isExplicit(x)) {
    if (multiple > FACTORISATION_LIMIT) return true;
    return store.restrictTo(x, store.min(x) > 0 ? divisors(multiple) : signedDivisors(multiple));
  }
  for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
    if ((value === 0 || remainder(multiple, value) !== 0) && !store.remove(x, value)) return false;
  }
  return true;
}

/** The least common multiple of a variable's values, or undefined where one of them is 0 or it is too large. */
function leastCommonMultiple(store: Store, y: number): number | undefined {
  let multiple = 1;
  for (let value = store.min(y); value !== Infinity; value = store.next(y, value)) {
    if (value === 0) return undefined;
    multiple *= Math.abs(value) / gcd(multiple, value);
    if (multiple > MAX_INTEGER) return undefined;
  }
  return multiple;
}
