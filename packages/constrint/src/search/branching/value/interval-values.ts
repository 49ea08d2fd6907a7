import type { Store } from "../../../engine/store.js";
import { type Decision, Split } from "../decision.js";
import { splitValues } from "./split-values.js";
import type { ValueChoice } from "./value-choice.js";

/** The first run of neighbouring values first, then the others; without gaps, the smaller half. */
export const intervalValues: ValueChoice = {
  decide(store: Store, x: number, decision: Decision): void {
    const max = store.max(x);
    if (store.size(x) === max - store.min(x) + 1) {
      splitValues.decide(store, x, decision);
      return;
    }
    let end = store.min(x);
    while (store.has(x, end + 1)) end++;
    decision.variable = x;
    decision.value = end;
    decision.split = Split.atMost;
  },
};
