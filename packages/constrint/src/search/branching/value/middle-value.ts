import type { Store } from "../../../engine/store.js";
import { type Decision, decideValue } from "../decision.js";
import { midpoint } from "./midpoint.js";
import type { ValueChoice } from "./value-choice.js";

/** The value closest to the middle between smallest and largest first; of two, the smaller. */
export const middleValue: ValueChoice = {
  decide(store: Store, x: number, decision: Decision): void {
    const middle = midpoint(store, x);
    const below = store.atMost(x, middle);
    const above = store.atLeast(x, middle + 1);
    // |below − (min + max)/2| ≤ |above − (min + max)/2|, in numbers that stay exact
    const isBelow = store.max(x) - above <= below - store.min(x);
    decideValue(store, x, isBelow ? below : above, decision);
  },
};
