import { input, type Scalar } from "./scalar.js";

/** One gate, with pre-activation u = R·h + Wx + b. */
export interface Gate {
  readonly name: string;
}

/** One state of a cell. The first state of a cell is the one that the recurrent matrix multiplies, and the cell's output. */
export interface CellState {
  readonly name: string;
}

/**
 * A recurrent cell: gates, states, and one step as a scalar graph.
 *
 * Gate order is the order of the G dimension in Wx [B, T, G, N, D], R [G, N, D, D] and b [G, N, D].
 */
export interface CellDefinition {
  readonly name: string;
  /** What the cell is and where its equations come from. */
  readonly description: string;
  readonly gates: readonly Gate[];
  readonly states: readonly CellState[];
  /** New states from the gates' pre-activations and the previous states, both by name. */
  step(
    gates: Readonly<Record<string, Scalar>>,
    previous: Readonly<Record<string, Scalar>>,
  ): Readonly<Record<string, Scalar>>;
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
