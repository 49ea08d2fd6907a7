import type { Engine } from "../../engine/engine.js";
import { Divides } from "../../propagators/arithmetic/divides.js";
import { Power } from "../../propagators/arithmetic/power.js";
import { Product } from "../../propagators/arithmetic/product.js";

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
  if (multiples.size > 0) postSquares(engine, multiples);
}

/** @param multiples for each divisor, what it divides */
function postSquares(engine: Engine, multiples: ReadonlyMap<number, ReadonlySet<number>>): void {
  const results = new Map<number, Set<number>>();
  for (const propagator of engine.posted) {
    if (!(propagator instanceof Product)) continue;
    const { factors, result } = propagator;
    for (const divisor of factors) {
      const dividends = multiples.get(divisor);
      if (dividends === undefined || !factors.some((factor) => dividends.has(factor))) continue;
      results.set(divisor, (results.get(divisor) ?? new Set()).add(result));
    }
  }
  for (const [divisor, products] of results) {
    const square = engine.addUnbounded();
    engine.post(new Power(divisor, 2, square));
    for (const result of products) engine.post(new Divides(square, result));
  }
}
