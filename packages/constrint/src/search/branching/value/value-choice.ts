import type { Store } from "../../../engine/store.js";
import type { Decision } from "../decision.js";

/** Says how to divide the domain of a variable that is to be decided. */
export interface ValueChoice {
  /** Fills in the decision for a variable that is not fixed. */
  decide(store: Store, x: number, decision: Decision): void;
}
