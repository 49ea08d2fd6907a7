import { isExact } from "../../domain/integers.js";
import type { Store } from "../../engine/store.js";

/**
 * Narrows a·x + b·y = total to domain consistency, for explicit domains: each value needs its partner in the other domain.
 *
 * Made for domains with gaps, such as those of squares, where bounds would move a value at a time towards the next pair. Cost: O(d)
 * for domains of d values.
 *
 * @internal
 */
export function keepPairs(store: Store, a: number, x: number, b: number, y: number, total: number): boolean {
  return keepPartnered(store, a, x, b, y, total) && keepPartnered(store, b, y, a, x, total);
}

function keepPartnered(store: Store, a: number, x: number, b: number, y: number, total: number): boolean {
  for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
    const partner = (total - a * value) / b;
    if (!(isExact(partner) && store.has(y, partner)) && !store.remove(x, value)) return false;
  }
  return true;
}
