import type { Store } from "../engine/store.js";

/** How a decision splits a variable's domain at a value; the right side is the left side's negation. */
export const Split = {
  /** x = value, else x ≠ value. */
  equal: 0,
  /** x ≤ value, else x > value. */
  atMost: 1,
  /** x ≥ value, else x < value. */
  atLeast: 2,
} as const;

export type Split = (typeof Split)[keyof typeof Split];

/** The choice at a node of the search tree, filled in by a {@link Branching}. */
export interface Decision {
  variable: number;
  value: number;
  split: Split;
}

/** Chooses how to go on below a node. */
export interface Branching {
  /** Fills in a decision that splits a domain in two non-empty parts, or returns false when nothing is left to decide. */
  decide(store: Store, decision: Decision): boolean;
}

/** Applies a decision's left side. */
export function applyLeft(store: Store, variable: number, value: number, split: Split): boolean {
  if (split === Split.equal) return store.assign(variable, value);
  return split === Split.atMost ? store.setMax(variable, value) : store.setMin(variable, value);
}

/** Applies a decision's right side. */
export function applyRight(store: Store, variable: number, value: number, split: Split): boolean {
  if (split === Split.equal) return store.remove(variable, value);
  return split === Split.atMost ? store.setMin(variable, value + 1) : store.setMax(variable, value - 1);
}

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
  private readonly variables: Int32Array;
  private readonly largestFirst: Uint8Array;
  /** The state's cell that counts the leading variables known to be fixed. */
  private readonly fixedCell: number;

  constructor(store: Store, order: readonly OrderedVariable[]) {
    this.variables = Int32Array.from(order, ({ variable }) => variable);
    this.largestFirst = Uint8Array.from(order, ({ first }) => (first === "largest" ? 1 : 0));
    this.fixedCell = store.state.allocate(1, 0);
  }

  decide(store: Store, decision: Decision): boolean {
    const { variables, fixedCell } = this;
    const start = store.state.cells[fixedCell]!;
    let i = start;
    while (i < variables.length && store.isFixed(variables[i]!)) i++;
    if (i !== start) store.state.set(fixedCell, i);
    if (i === variables.length) return false;
    const x = variables[i]!;
    const largestFirst = this.largestFirst[i] === 1;
    decision.variable = x;
    // Splitting off a bound is assigning it: the other side keeps the rest.
    decision.split = largestFirst ? Split.atLeast : Split.atMost;
    decision.value = largestFirst ? store.max(x) : store.min(x);
    return true;
  }
}
