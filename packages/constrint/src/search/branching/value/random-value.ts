import type { Store } from "../../../engine/store.js";
import type { Random } from "../../random.js";
import { type Decision, decideValue } from "../decision.js";
import type { ValueChoice } from "./value-choice.js";

/** A random value first, each equally likely. */
export class RandomValue implements ValueChoice {
  constructor(private readonly random: Random) {}

  decide(store: Store, x: number, decision: Decision): void {
    decideValue(store, x, store.valueAt(x, this.random.below(store.size(x))), decision);
  }
}
