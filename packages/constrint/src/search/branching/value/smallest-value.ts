import type { Store } from "../../../engine/store.js";
import { type Decision, decideValue } from "../decision.js";
import type { ValueChoice } from "./value-choice.js";

/** The smallest value first. */
export const smallestValue: ValueChoice = {
  decide(store: Store, x: number, decision: Decision): void {
    decideValue(store, x, store.min(x), decision);
  },
};
