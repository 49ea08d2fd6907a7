import { type CellDefinition, type Gate, gateInput } from "./definition.js";
import { add, input, multiply, type Scalar, subtract } from "./scalar.js";

/**
 * What a linear recurrence h' = a·h + b takes from its gates, as scalar graphs over their pre-activations alone.
 *
 * A step of the recurrence is an affine map of h, and affine maps compose: so the recurrence is a prefix scan over time.
 */
export interface LinearCoefficients {
  /** a: what the previous state is multiplied by. */
  readonly decay: Scalar;
  /**
   * 1 − a, where it can be computed without cancellation. A state that forgets slowly has a just below 1, of which fp32 keeps little; its
   * complement keeps 24 bits. Kernels then step by h' = h + (b − (1 − a)·h), and compose complements.
   */
  readonly forget?: Scalar;
  /** b: what is added. */
  readonly update: Scalar;
}

/** What makes a cell whose gates do not look at the previous state. */
export interface LinearCellOptions {
  readonly name: string;
  /** What the cell is and where its equations come from. */
  readonly description: string;
  /** The gates, in the order of the G dimension of Wx; none has a recurrent product. A gate has a bias unless that is false. */
  readonly gates: readonly (string | { readonly name: string; readonly bias?: boolean })[];
  /** The name of the state, which is the output. */
  readonly state: string;
  /** The coefficients of a step, from the pre-activations by the gates' names. */
  coefficients(gates: Readonly<Record<string, Scalar>>): LinearCoefficients;
}

/**
 * The new state, in the form whose gradients cancel least. An average of the state and a candidate, b = (1 − a)·candidate, changes by the
 * difference of the two: its gradient by 1 − a is then adjoint·(candidate − h), which is exact to the last bit where the state is near the
 * candidate, not the difference of two rounded products.
 */
function nextState({ decay, forget, update }: LinearCoefficients, h: Scalar): Scalar {
  if (forget === undefined) return add(multiply(decay, h), update);
  if (update.kind === "multiply" && update.left === forget) {
    return add(h, multiply(forget, subtract(update.right, h)));
  }
  return add(h, subtract(update, multiply(forget, h)));
}

/**
 * A cell of the form h_t = a(x_t)·h_{t−1} + b(x_t), which the scan families run. Its step follows from its coefficients:
 * h + (b − (1 − a)·h) if they give 1 − a, and h + (1 − a)·(candidate − h) if then b is `multiply(forget, candidate)`; else a·h + b.
 */
export function linearCell({ name, description, gates, state, coefficients }: LinearCellOptions): LinearCell {
  return {
    name,
    description,
    gates: gates.map(
      (gate): Gate => ({ ...(typeof gate === "string" ? { name: gate } : gate), recurrent: false, input: true }),
    ),
    states: [{ name: state }],
    coefficients,
    step(u, previous) {
      return { [state]: nextState(coefficients(u), previous[state]!) };
    },
  };
}

/** A cell that `linearCell` made. */
export type LinearCell = CellDefinition & Required<Pick<CellDefinition, "coefficients">>;

/** The cell for inputs that have the biases already, as a projection may add them; the cell itself if it has none. */
export function withoutBiases(cell: LinearCell): LinearCell {
  if (cell.gates.every(({ bias }) => bias === false)) return cell;
  return { ...cell, gates: cell.gates.map((gate) => ({ ...gate, bias: false })) };
}

/** Whether a cell is marked as a linear recurrence. */
export const isLinear = (cell: CellDefinition): cell is LinearCell => cell.coefficients !== undefined;

/** Why a cell that is not marked as a linear recurrence is none. */
export const whyNotLinear = (cell: CellDefinition): string =>
  cell.gates.some(({ recurrent }) => recurrent !== false)
    ? `${cell.name} is no linear recurrence: its gates look at the state before`
    : `${cell.name} is not marked as a linear recurrence h' = a·h + b: linearCell makes such cells`;

/** The coefficients of a linear cell over the inputs that `gateInput` names. */
export const linearGraph = (cell: LinearCell): LinearCoefficients =>
  cell.coefficients(Object.fromEntries(cell.gates.map((gate) => [gate.name, input(gateInput(gate))])));

/** The gate of a linear cell that is the decay itself, as it is read; −1 if none is. */
export function decayGate(cell: LinearCell): number {
  const { decay } = linearGraph(cell);
  return cell.gates.findIndex((gate) => decay.kind === "input" && decay.name === gateInput(gate));
}
