import type { Store } from "../../../engine/store.js";
import { type Decision, decideValue } from "../decision.js";
import type { ValueChoice } from "./value-choice.js";

/** The median of the values first; of two, the smaller. */
export const medianValue: ValueChoice = {
  decide(store: Store, x: number, decision: Decision): void {
    decideValue(store, x, store.valueAt(x, Math.floor((store.size(x) - 1) / 2)), decision);
  },
};
