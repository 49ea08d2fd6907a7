import type { Store } from "../engine/store.js";
import { SolverError } from "../error.js";
import type { Branching } from "../search/branching/branching.js";
import { type Decision, decideValue, Split } from "../search/branching/decision.js";
import type { CompiledVariables } from "./branching.js";
import type { IntVar } from "./expression.js";

/** The variables' domains at a node of the search, to read; valid during the call that it is given to. */
export interface SearchView {
  /** The model's variables in the order of declaration. */
  readonly variables: readonly IntVar[];
  isFixed(variable: IntVar): boolean;
  min(variable: IntVar): number;
  max(variable: IntVar): number;
  /** The number of values. */
  size(variable: IntVar): number;
  has(variable: IntVar, value: number): boolean;
}

/** What to try first; what remains follows when it is refuted. */
export interface CustomDecision {
  /** A variable that is not fixed. */
  readonly variable: IntVar;
  readonly value: number;
  /**
   * `equal`, unless told: the value alone. `at-most`: all values up to it. `at-least`: all from it on. For an inner value of a
   * variable that had more than {@link EXPLICIT_VALUES_LIMIT} values after the first propagation `equal` is `at-most`.
   */
  readonly split?: "equal" | "at-most" | "at-least" | undefined;
}

/** Decides what to try at a node, or returns undefined where it leaves that to the phases after it. */
export type CustomBranching = (view: SearchView) => CustomDecision | undefined;

/** Lets a function decide. @internal */
export class CustomBranchingAdapter implements Branching {
  private readonly view: SearchView;

  constructor(
    private readonly compiled: CompiledVariables,
    variables: readonly IntVar[],
    private readonly choose: CustomBranching,
  ) {
    const { store } = compiled.engine;
    const numberOf = (variable: IntVar): number => compiled.numberOf(variable);
    this.view = Object.freeze({
      variables,
      isFixed: (variable: IntVar) => store.isFixed(numberOf(variable)),
      min: (variable: IntVar) => store.min(numberOf(variable)),
      max: (variable: IntVar) => store.max(numberOf(variable)),
      size: (variable: IntVar) => store.size(numberOf(variable)),
      has: (variable: IntVar, value: number) => store.has(numberOf(variable), value),
    });
  }

  /** @throws SolverError `invalid-option` for a decision that does not divide the variable's domain. */
  decide(store: Store, decision: Decision): boolean {
    const chosen = this.choose(this.view);
    if (chosen === undefined) return false;
    const { variable, value, split = "equal" } = chosen;
    const x = this.compiled.numberOf(variable);
    const min = store.min(x);
    const max = store.max(x);
    const divides = {
      equal: min < max && store.has(x, value),
      "at-most": min <= value && value < max,
      "at-least": min < value && value <= max,
    }[split];
    if (divides !== true) {
      throw new SolverError(
        "invalid-option",
        `branching: ${JSON.stringify(split)} ${value} does not divide the values of ${variable.name}, ${min} … ${max}`,
      );
    }
    if (split === "equal") {
      decideValue(store, x, value, decision);
    } else {
      decision.variable = x;
      decision.value = value;
      decision.split = split === "at-most" ? Split.atMost : Split.atLeast;
    }
    return true;
  }
}
