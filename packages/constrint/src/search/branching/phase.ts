import type { Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import type { Branching } from "./branching.js";
import type { Decision } from "./decision.js";
import { UnfixedVariables } from "./unfixed-variables.js";
import type { ValueChoice } from "./value/value-choice.js";
import type { VariableScore } from "./variable/variable-score.js";

/** Decides a list of variables, each time the one with the smallest score, by one rule for its value. */
export class Phase implements Branching {
  private readonly unfixed: UnfixedVariables;

  constructor(
    store: Store,
    variables: readonly number[],
    private readonly variableScore: VariableScore,
    private readonly valueChoice: ValueChoice,
  ) {
    this.unfixed = new UnfixedVariables(store, variables);
  }

  decide(store: Store, decision: Decision): boolean {
    const x = this.unfixed.best(store, this.variableScore);
    if (x < 0) return false;
    this.variableScore.decided?.();
    this.valueChoice.decide(store, x, decision);
    return true;
  }

  failed(propagator: Propagator): void {
    this.variableScore.failed?.(propagator);
  }
}
