import type { Store } from "../../engine/store.js";
import type { Branching } from "./branching.js";
import type { Decision } from "./decision.js";
import { FirstUnfixed } from "./first-unfixed.js";
import type { ValueChoice } from "./value/value-choice.js";

/** Decides the variables in the order of their list, by one rule for the value. */
export class InputOrder implements Branching {
  private readonly unfixed: FirstUnfixed;

  constructor(
    store: Store,
    private readonly variables: readonly number[],
    private readonly valueChoice: ValueChoice,
  ) {
    this.unfixed = new FirstUnfixed(store, variables);
  }

  decide(store: Store, decision: Decision): boolean {
    const position = this.unfixed.find(store);
    if (position < 0) return false;
    this.valueChoice.decide(store, this.variables[position]!, decision);
    return true;
  }
}
