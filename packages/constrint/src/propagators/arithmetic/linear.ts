import { isExact, MAX_INTEGER } from "../../domain/integers.js";
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

/** How the sum's value for an assignment compares with a number: negative, 0 or positive. Exact. @internal */
export function compareLinear(coefficients: Float64Array, values: readonly number[], constant: number): number {
  let difference = -constant;
  let exact = true;
  for (let i = 0; i < values.length; i++) {
    const term = coefficients[i]! * values[i]!;
    difference += term;
    exact &&= isExact(term) && isExact(difference);
  }
  if (exact) return difference;
  const sum = values.reduce((total, value, i) => total + BigInt(coefficients[i]!) * BigInt(value), 0n);
  return sum < BigInt(constant) ? -1 : sum > BigInt(constant) ? 1 : 0;
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

/** Room for the bounds of one sum: all share it, since only one is propagated at a time. */
const bounds = { mins: new Float64Array(16), maxs: new Float64Array(16) };

/**
 * The present bounds of variables, which stay as they are while these are narrowed, until the next call.
 *
 * @internal
 */
export function copiedBounds(
  store: Store,
  variables: readonly number[],
): { readonly mins: Float64Array; readonly maxs: Float64Array } {
  if (variables.length > bounds.mins.length) {
    bounds.mins = new Float64Array(2 * variables.length);
    bounds.maxs = new Float64Array(2 * variables.length);
  }
  store.copyBounds(variables, bounds.mins, bounds.maxs);
  return bounds;
}
