import type { Store } from "../../engine/store.js";
import type { Branching } from "./branching.js";
import type { Decision } from "./decision.js";
import { FirstUnfixed } from "./first-unfixed.js";
import { largestValue } from "./value/largest-value.js";
import { smallestValue } from "./value/smallest-value.js";

/** A variable and which of its values is tried first. */
export interface OrderedVariable {
  readonly variable: number;
  readonly first: "smallest" | "largest";
}

/**
 * Decides the variables in a given order, each from its smallest value upward or from its largest downward. The first
 * solution is then the best in the lexicographic sense of that order.
 */
export class StaticOrder implements Branching {
  private readonly unfixed: FirstUnfixed;

  constructor(
    store: Store,
    private readonly order: readonly OrderedVariable[],
  ) {
    this.unfixed = new FirstUnfixed(
      store,
      order.map(({ variable }) => variable),
    );
  }

  decide(store: Store, decision: Decision): boolean {
    const position = this.unfixed.find(store);
    if (position < 0) return false;
    const { variable, first } = this.order[position]!;
    (first === "largest" ? largestValue : smallestValue).decide(store, variable, decision);
    return true;
  }
}
