import type { Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/** The largest value in its domain first. */
export const largestMaximum: VariableScore = {
  score(store: Store, x: number): number {
    return -store.max(x);
  },
};
