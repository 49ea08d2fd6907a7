import { divisors, FACTORISATION_LIMIT, signedDivisors } from "../../domain/divisors.js";
import type { Store } from "../../engine/store.js";
import type { IntExpr, IntVar } from "../expression.js";

/**
 * Of a product that divides a number n, or a multiple of it by constants, every factor divides it: variables among them keep only the divisors of
 * n / constants. Intervals alone would not say so. Root level only.
 *
 * @param dividend not 0
 * @returns false where no value is left
 * @internal
 */
export function keepFactorsOf(
  store: Store,
  numberOf: (variable: IntVar) => number,
  expression: IntExpr,
  dividend: number,
): boolean {
  const variables = new Set<IntVar>();
  const size = Math.abs(dividend) / collectFactors(expression, variables);
  if (!Number.isInteger(size) || size > FACTORISATION_LIMIT) return Number.isInteger(size);
  for (const variable of variables) {
    const x = numberOf(variable);
    if (!store.isFixed(x)) {
      if (!store.restrictTo(x, store.min(x) > 0 ? divisors(size) : signedDivisors(size))) return false;
    }
  }
  return true;
}

/** Adds the variables that a product is a multiple of and returns the size of its constant factor. */
function collectFactors(expression: IntExpr, variables: Set<IntVar>): number {
  switch (expression.kind) {
    case "constant":
      return Math.abs(expression.value);
    case "variable":
      variables.add(expression);
      return 1;
    case "power":
      if (expression.exponent > 0) collectFactors(expression.base, variables);
      return 1;
    case "product": {
      let constant = 1;
      for (const factor of expression.factors) constant *= collectFactors(factor, variables);
      return constant;
    }
    default:
      return 1;
  }
}
