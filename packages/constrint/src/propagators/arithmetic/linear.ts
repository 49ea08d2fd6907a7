import { gcd, MAX_INTEGER } from "../../domain/integers.js";
import type { Store } from "../../engine/store.js";

/**
 * A sum Σ aᵢ·xᵢ over distinct variables with coefficients ≠ 0, in flat arrays.
 *
 * @internal
 */
export interface LinearTerms {
  readonly variables: readonly number[];
  readonly coefficients: Float64Array;
}

/** The sum's value for an assignment, exact. @internal */
export function linearValue(coefficients: Float64Array, values: readonly number[]): bigint {
  return values.reduce((sum, value, i) => sum + BigInt(coefficients[i]!) * BigInt(value), 0n);
}

/**
 * Whether no partial sum of Σ aᵢ·xᵢ − constant, nor a product in it, can leave the exact range for the domains in the store.
 * Domains only shrink in a subtree, so an answer true at the root level holds for the whole search.
 *
 * @internal
 */
export function fitsExactly(store: Store, terms: LinearTerms, constant: number): boolean {
  let total = Math.abs(constant);
  for (let i = 0; i < terms.variables.length; i++) {
    const x = terms.variables[i]!;
    total += Math.abs(terms.coefficients[i]!) * Math.max(Math.abs(store.min(x)), Math.abs(store.max(x)));
  }
  // Slack and differences of two sums reach at most twice the total.
  return 2 * total <= MAX_INTEGER;
}

/** The greatest common divisor of the coefficients. @internal */
export function contentOf(coefficients: readonly number[]): number {
  return coefficients.reduce(gcd, 0);
}
