import type { Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/** The fewest values first. */
export const firstFail: VariableScore = {
  score(store: Store, x: number): number {
    return store.size(x);
  },
};
