import type { Engine } from "../engine/engine.js";
import { Divides } from "../propagators/arithmetic/divides.js";
import { Power } from "../propagators/arithmetic/power.js";
import { Product } from "../propagators/arithmetic/product.js";

/**
 * Posts a² | p where a·b·… = p and a | b: neither the product nor the divisibility alone sees that only squares count, and
 * a search would try every divisor of p as a.
 *
 * @internal
 */
export function postImpliedSquares(engine: Engine): void {
  const { posted, store } = engine;
  const multiples = new Map<number, Set<number>>();
  for (const propagator of posted) {
    if (!(propagator instanceof Divides)) continue;
    const { divisor, dividend } = propagator;
    if (divisor === dividend || store.isFixed(divisor) || store.isFixed(dividend)) continue;
    multiples.set(divisor, (multiples.get(divisor) ?? new Set()).add(dividend));
  }
  if (multiples.size === 0) return;
  const products = posted.filter((propagator) => propagator instanceof Product);
  for (const [divisor, dividends] of multiples) {
    const results = products.flatMap(({ factors, result }) =>
      factors.includes(divisor) && factors.some((factor) => dividends.has(factor)) ? [result] : [],
    );
    if (results.length === 0) continue;
    const square = engine.addUnbounded();
    engine.post(new Power(divisor, 2, square));
    for (const result of new Set(results)) engine.post(new Divides(square, result));
  }
}
