import type { Store } from "../../../engine/store.js";
import { type Decision, Split } from "../decision.js";
import { midpoint } from "./midpoint.js";
import type { ValueChoice } from "./value-choice.js";

/** The values up to the middle between smallest and largest first, then the others. */
export const splitValues: ValueChoice = {
  decide(store: Store, x: number, decision: Decision): void {
    decision.variable = x;
    decision.value = midpoint(store, x);
    decision.split = Split.atMost;
  },
};
