/** One equation of an overdetermined system: Σ coefficients[i] · x[i] ≈ target. */
export interface Equation {
  readonly coefficients: readonly number[];
  readonly target: number;
}

const mostRounds = 20_000;
/** The relative change of x in a round below which it stays. */
const settled = 1e-10;

/**
 * The x ≥ 0 that minimises Σ (Σ coefficients[i] · x[i] − target)² over the equations.
 *
 * One coordinate after the other is set to its best value ≥ 0, until none changes: the sum is convex and its bounds are apart by coordinate, so
 * that this ends at the minimum (Franc, Hlaváč and Navara 2005). Cost: equations · unknowns² once, unknowns² a round.
 */
export function nonNegativeLeastSquares(equations: readonly Equation[]): readonly number[] {
  const unknowns = equations[0]?.coefficients.length ?? 0;
  // The normal equations: products[i][j] = Σ c[i]·c[j], targets[i] = Σ c[i]·target, with unknowns in units of their column's length.
  const lengths = Array.from({ length: unknowns }, (_, i) =>
    Math.sqrt(equations.reduce((sum, { coefficients }) => sum + coefficients[i]! ** 2, 0)),
  );
  const scaled = equations.map(({ coefficients, target }) => ({
    coefficients: coefficients.map((value, i) => (lengths[i]! > 0 ? value / lengths[i]! : 0)),
    target,
  }));
  const products = lengths.map((_, i) =>
    lengths.map((__, j) => scaled.reduce((sum, { coefficients: c }) => sum + c[i]! * c[j]!, 0)),
  );
  const targets = lengths.map((_, i) =>
    scaled.reduce((sum, { coefficients, target }) => sum + coefficients[i]! * target, 0),
  );
  const x = lengths.map(() => 0);
  for (let round = 0; round < mostRounds; round++) {
    let change = 0;
    for (let i = 0; i < unknowns; i++) {
      if (products[i]![i]! === 0) continue;
      const others = products[i]!.reduce((sum, product, j) => (j === i ? sum : sum + product * x[j]!), 0);
      const best = Math.max(0, (targets[i]! - others) / products[i]![i]!);
      change = Math.max(change, Math.abs(best - x[i]!) / Math.max(1, Math.abs(best)));
      x[i] = best;
    }
    if (change < settled) break;
  }
  return x.map((value, i) => (lengths[i]! > 0 ? value / lengths[i]! : 0));
}
