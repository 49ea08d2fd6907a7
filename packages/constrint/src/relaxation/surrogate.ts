import { isExact } from "../domain/integers.js";
import type { Inequality } from "./inequality.js";

/** Multipliers are multiples of 2^−20, or of a larger power of two where sums would grow beyond {@link LARGEST_TOTAL}. */
const FINEST_SCALE = 2 ** 20;
const COARSEST_SCALE = 2 ** 6;

/** What all terms and the limit of a surrogate add up to at most, so that propagating it stays within exact doubles. */
const LARGEST_TOTAL = 2 ** 50;

/**
 * The surrogate constraint Σₖ yₖ·(inequality k): a nonnegative combination of constraints, which every solution satisfies.
 *
 * The multipliers are rounded to integers after scaling, and every product and sum is exact; so the result is implied
 * whatever rounding errors the multipliers carry. Undefined where no scale keeps it exact, or nothing remains of it.
 *
 * @param multipliers yₖ ≥ 0, one for each inequality
 * @param largest a bound on a variable's absolute value
 * @internal
 */
export function surrogateOf(
  inequalities: readonly Inequality[],
  multipliers: readonly number[],
  largest: (variable: number) => number,
): Inequality | undefined {
  let total = 0;
  inequalities.forEach(({ variables, coefficients, limit }, k) => {
    const extent = variables.reduce((sum, x, i) => sum + Math.abs(coefficients[i]!) * largest(x), Math.abs(limit));
    total += multipliers[k]! * extent;
  });
  let scale = FINEST_SCALE;
  while (scale * total > LARGEST_TOTAL && scale >= COARSEST_SCALE) scale /= 2;
  if (!(scale >= COARSEST_SCALE)) return undefined;

  const combined = new Map<number, number>();
  let limit = 0;
  let exact = true;
  inequalities.forEach((inequality, k) => {
    const factor = Math.round(scale * multipliers[k]!);
    if (factor === 0) return;
    limit += factor * inequality.limit;
    exact &&= isExact(factor * inequality.limit) && isExact(limit);
    inequality.variables.forEach((x, i) => {
      const term = factor * inequality.coefficients[i]!;
      const coefficient = (combined.get(x) ?? 0) + term;
      exact &&= isExact(term) && isExact(coefficient);
      combined.set(x, coefficient);
    });
  });
  const terms = [...combined].filter(([, coefficient]) => coefficient !== 0).sort(([x], [y]) => x - y);
  if (!exact || terms.length === 0) return undefined;
  return {
    variables: terms.map(([x]) => x),
    coefficients: Float64Array.from(terms, ([, coefficient]) => coefficient),
    limit,
  };
}
