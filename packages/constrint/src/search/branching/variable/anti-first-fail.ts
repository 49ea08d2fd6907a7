import type { Store } from "../../../engine/store.js";
import type { VariableScore } from "./variable-score.js";

/** The most values first. */
export const antiFirstFail: VariableScore = {
  score(store: Store, x: number): number {
    return -store.size(x);
  },
};
