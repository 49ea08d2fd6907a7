import { isExact, MAX_INTEGER } from "../../domain/integers.js";
import { SolverError } from "../../error.js";
import type { Automaton } from "../../propagators/global/regular.js";
import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** The operands are a word that an automaton accepts. */
export class Regular extends GlobalNode {
  readonly kind = "regular";

  /** @internal Use {@link regular}. */
  constructor(
    readonly operands: readonly IntExpr[],
    readonly automaton: Automaton,
  ) {
    super();
    checkAutomaton(automaton);
    Object.freeze(operands);
    Object.freeze(this);
  }
}

/**
 * The constraint that the operands, in this order, are a word that a deterministic finite automaton accepts.
 *
 * @throws SolverError `invalid-expression` for a state outside of 0 … stateCount − 1 or two transitions from a state on the same
 *   value, `not-an-integer` for a value.
 */
export function regular(operands: readonly Operand[], automaton: Automaton): Regular {
  const { stateCount, initial, accepting, transitions } = automaton;
  return new Regular(
    toExpressions(operands),
    Object.freeze({
      stateCount,
      initial,
      accepting: Object.freeze([...accepting]),
      transitions: Object.freeze(transitions.map(([from, value, to]) => Object.freeze([from, value + 0, to] as const))),
    }),
  );
}

function checkAutomaton({ stateCount, initial, accepting, transitions }: Automaton): void {
  if (!Number.isInteger(stateCount)) {
    throw new SolverError("invalid-expression", `regular: the number of states, ${stateCount}, is not an integer`);
  }
  const checkState = (state: number): void => {
    if (!Number.isInteger(state) || state < 0 || state >= stateCount) {
      throw new SolverError("invalid-expression", `regular: state ${state} is none of 0 … ${stateCount - 1}`);
    }
  };
  [initial, ...accepting].forEach(checkState);
  const seen = new Set<string>();
  for (const [from, value, to] of transitions) {
    checkState(from);
    checkState(to);
    if (!isExact(value)) {
      throw new SolverError("not-an-integer", `regular: the value ${value} is not an integer within ±${MAX_INTEGER}`);
    }
    const key = `${from} on ${value}`;
    if (seen.has(key)) throw new SolverError("invalid-expression", `regular: two transitions from state ${key}`);
    seen.add(key);
  }
}
