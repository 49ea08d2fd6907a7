import type { Store } from "../../../engine/store.js";

/** ⌊(min + max) / 2⌋ of a variable that is not fixed: at least its min and less than its max. */
export function midpoint(store: Store, x: number): number {
  const min = store.min(x);
  const max = store.max(x);
  // Halves first, since the sum may leave the exact range; there a half may be rounded away, hence the bounds.
  return Math.max(min, Math.min(max - 1, Math.floor(min / 2 + max / 2)));
}
