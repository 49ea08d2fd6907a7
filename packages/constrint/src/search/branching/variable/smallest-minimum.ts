import type { Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/** The smallest value in its domain first. */
export const smallestMinimum: VariableScore = {
  score(store: Store, x: number): number {
    return store.min(x);
  },
};
