import { type CellDefinition, type CellState, gateInput, stateInput, stepGraph } from "./definition.js";
import { differentiate } from "./differentiate.js";
import { input, type Scalar } from "./scalar.js";
import { substitute } from "./substitute.js";

/** The backward of one step, as graphs over the step's own nodes and the adjoints of its new states. */
export interface StepGradient {
  /** The step itself: a root per state. */
  readonly states: readonly Scalar[];
  /** dL/du for each gate, in the order of `cell.gates`. */
  readonly gateGradients: readonly Scalar[];
  /** dL/ds for each previous state s that the step reads itself, R·h apart; in the order of `cell.states`. */
  readonly previousGradients: readonly Scalar[];
}

/** The name of the adjoint of a new state, dL/ds', among the inputs of a step's gradient. */
export const adjointInput = (state: CellState): string => `d_${state.name}`;

/** Differentiates a cell's step; what is detached (`CellState.isDetached`) counts as constant. The gradients read `gateInput`s, `stateInput`s and `adjointInput`s. */
export function stepGradient(cell: CellDefinition): StepGradient {
  const states = stepGraph(cell);
  const adjoints = cell.states.map((state) => input(adjointInput(state)));
  const gates = cell.gates.map(gateInput);
  const detached = new Set(states.filter((_, index) => cell.states[index]!.isDetached));
  const ofInputs = differentiate(states, adjoints, [...gates, ...cell.states.map(stateInput)], detached);
  // Only the clip reads what it clips, and where the two differ no gradient passes: the state, which is there anyway, stands for both.
  const clips = states.flatMap((root) =>
    root.kind === "clip" ? [[root, root] as const, [root.left, root] as const] : [],
  );
  const gradients = substitute(ofInputs, new Map(clips));
  return {
    states,
    gateGradients: gradients.slice(0, gates.length),
    previousGradients: gradients.slice(gates.length),
  };
}
