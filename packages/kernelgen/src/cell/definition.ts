import type { LinearCoefficients } from "./linear.js";
import { input, type Scalar, topologicalOrder } from "./scalar.js";

/** What a pre-activation may be the sum of: R·h, the projected input Wx, and a bias. */
export type GateTerm = "recurrent" | "input" | "bias";

/**
 * One gate, with pre-activation u = R·h + Wx + b, less the terms that are set to false.
 *
 * A gate without one of the terms has no part in that tensor: its recurrent, input or bias part does not exist.
 */
export interface Gate {
  readonly name: string;
  readonly recurrent?: boolean;
  readonly input?: boolean;
  readonly bias?: boolean;
}

/** One state of a cell. The first state of a cell is the one that the recurrent matrix multiplies, and the cell's output. */
export interface CellState {
  readonly name: string;
  /** A value below zero has no meaning; random cases then draw zeros in place of negative numbers. */
  readonly isNonNegative?: boolean;
  /** Gradients take the new value of a step for a constant: none passes through it to what it was made of. */
  readonly isDetached?: boolean;
  /** A scale of other states, or in the units of one: `clippedCell` does not clip it. */
  readonly isScaled?: boolean;
}

/**
 * A recurrent cell: gates, states, and one step as a scalar graph.
 *
 * Gate order is the order of the G dimension in Wx [B, T, G, N, D], R [G, N, D, D] and b [G, N, D], each of the gates that have the term.
 */
export interface CellDefinition {
  readonly name: string;
  /** What the cell is and where its equations come from. */
  readonly description: string;
  readonly gates: readonly Gate[];
  readonly states: readonly CellState[];
  /**
   * How many times `step` runs for each input, where a step has several products R·h that follow one another; a state then says which one
   * is next. 1 if left out; only WGSL kernels run more.
   */
  readonly phases?: number;
  /**
   * Marks a linear recurrence h' = a·h + b of one state, whose gates have no recurrent product; made by `linearCell`. Scan families run
   * such cells, and no others.
   */
  coefficients?(gates: Readonly<Record<string, Scalar>>): LinearCoefficients;
  /** New states from the gates' pre-activations and the previous states, both by name. */
  step(
    gates: Readonly<Record<string, Scalar>>,
    previous: Readonly<Record<string, Scalar>>,
  ): Readonly<Record<string, Scalar>>;
}

/** The gates that have a term, in their order in its tensor. */
export const gatesWith = (cell: CellDefinition, term: GateTerm): readonly Gate[] =>
  cell.gates.filter((gate) => gate[term] !== false);

/** For each gate its place in the tensor of each term; undefined where it has no such term. */
export function gatePlaces(cell: CellDefinition): readonly Readonly<Record<GateTerm, number | undefined>>[] {
  const place = (gate: Gate, term: GateTerm): number | undefined => {
    const index = gatesWith(cell, term).indexOf(gate);
    return index < 0 ? undefined : index;
  };
  return cell.gates.map((gate) => ({
    recurrent: place(gate, "recurrent"),
    input: place(gate, "input"),
    bias: place(gate, "bias"),
  }));
}

/** The name of a gate's pre-activation among the inputs of a cell's graph. */
export const gateInput = (gate: Gate): string => `u_${gate.name}`;
/** The name of a previous state among the inputs of a cell's graph. */
export const stateInput = (state: CellState): string => `${state.name}_previous`;

/** The graph of one step: a root per state, in the order of `cell.states`. */
export function stepGraph(cell: CellDefinition): readonly Scalar[] {
  const gates = Object.fromEntries(cell.gates.map((gate) => [gate.name, input(gateInput(gate))]));
  const previous = Object.fromEntries(cell.states.map((state) => [state.name, input(stateInput(state))]));
  const next = cell.step(gates, previous);
  return cell.states.map((state) => {
    const root = next[state.name];
    if (root === undefined) throw new TypeError(`${cell.name}: step returns no state ${state.name}`);
    return root;
  });
}

/** The states whose previous values a step reads beside the product R·h: those that a kernel must keep from step to step. */
export function statesRead(cell: CellDefinition): readonly CellState[] {
  const names = new Set(
    topologicalOrder(stepGraph(cell)).flatMap((node) => (node.kind === "input" ? [node.name] : [])),
  );
  return cell.states.filter((state) => names.has(stateInput(state)));
}
