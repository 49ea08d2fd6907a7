import { gatesWith } from "../cell/definition.js";
import { type DataType, dataTypeBytes } from "./data-type.js";
import type { Problem } from "./problem.js";
import { savedValues } from "./saved-values.js";

/** A tensor that a kernel reads or writes: dense, last dimension contiguous. */
export interface Tensor {
  /** The name of the kernel's parameter, of the case file, and of the WebGPU buffer. */
  readonly name: string;
  readonly role: "input" | "output";
  /** Dimension letters as in the documentation, for example "B,T,G,N,D". */
  readonly dimensions: string;
  readonly shape: readonly number[];
  readonly type: DataType;
  /** Holds no negative numbers where they have no meaning (`CellState.isNonNegative`). */
  readonly isNonNegative: boolean;
}

export const elementCount = (tensor: Tensor): number => tensor.shape.reduce((count, extent) => count * extent, 1);
export const tensorBytes = (tensor: Tensor): number => elementCount(tensor) * dataTypeBytes[tensor.type];

/**
 * The tensors of a forward pass, inputs first, in the order of the kernel's parameters:
 *
 *     wx [B,T,G,N,D]  recurrent [G,N,D,D] (out, in)  bias [G,N,D]  and for each state s: s_initial [B,1,N,D], s [B,T,N,D]
 *
 * G counts the gates that have the term: of a GRU, Wx and R have three each, and the bias four.
 * The recurrent state (the first) has the problem's data type; the other states are fp32, and hold T steps or the last one
 * (`Problem.stateOutput`). In training the values that the backward pass reads follow: saved_… [B,T,N,D] in the problem's data type.
 */
export function forwardTensors(problem: Problem): readonly Tensor[] {
  const { cell, headDim: D, heads: N, batch: B, steps: T, dataType } = problem;
  const [inputGates, recurrentGates, biasGates] = (["input", "recurrent", "bias"] as const).map(
    (term) => gatesWith(cell, term).length,
  ) as [number, number, number];
  const weights = { role: "input", type: dataType, isNonNegative: false } as const;
  const stateType = (index: number): DataType => (index === 0 ? dataType : "fp32");
  const keepsSequence = (index: number): boolean => index === 0 || problem.stateOutput === "sequence";
  return [
    { ...weights, name: "wx", dimensions: "B,T,G,N,D", shape: [B, T, inputGates, N, D] },
    { ...weights, name: "recurrent", dimensions: "G,N,D,D", shape: [recurrentGates, N, D, D] },
    { ...weights, name: "bias", dimensions: "G,N,D", shape: [biasGates, N, D] },
    ...cell.states.map(
      ({ name, isNonNegative }, index): Tensor => ({
        name: `${name}_initial`,
        role: "input",
        dimensions: "B,1,N,D",
        shape: [B, 1, N, D],
        type: stateType(index),
        isNonNegative: isNonNegative ?? false,
      }),
    ),
    ...cell.states.map(
      ({ name, isNonNegative }, index): Tensor => ({
        name,
        role: "output",
        dimensions: keepsSequence(index) ? "B,T,N,D" : "B,1,N,D",
        shape: [B, keepsSequence(index) ? T : 1, N, D],
        type: stateType(index),
        isNonNegative: isNonNegative ?? false,
      }),
    ),
    ...(savedValues(problem)?.saved ?? []).map(
      ({ name }): Tensor => ({
        name,
        role: "output",
        dimensions: "B,T,N,D",
        shape: [B, T, N, D],
        type: dataType,
        isNonNegative: false,
      }),
    ),
  ];
}
