import type { Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/** The largest distance between the two smallest values first. */
export const maxRegret: VariableScore = {
  score(store: Store, x: number): number {
    const min = store.min(x);
    return min - store.next(x, min);
  },
};
