import { backwardReads } from "../cell/backward-reads.js";
import { type CellState, gatesWith } from "../cell/definition.js";
import { isLinear } from "../cell/linear.js";
import { type DataType, dataTypeBytes, type ElementType } from "./data-type.js";
import { gradientName } from "./gradient-name.js";
import type { Problem } from "./problem.js";
import { backwardStep, savedValues } from "./saved-values.js";
import { scanTensors } from "./scan-tensors.js";

/** A tensor that a kernel reads or writes: dense, last dimension contiguous. */
export interface Tensor {
  /** The name of the kernel's parameter, of the case file, and of the WebGPU buffer. */
  readonly name: string;
  readonly role: "input" | "output";
  /** Dimension letters as in the documentation, for example "B,T,G,N,D". */
  readonly dimensions: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** Holds no negative numbers where they have no meaning (`CellState.isNonNegative`). */
  readonly isNonNegative: boolean;
}

/** The product of the extents. */
export const elementCount = (tensor: Tensor): number => tensor.shape.reduce((count, extent) => count * extent, 1);
/** Bytes of the tensor, dense. */
export const tensorBytes = (tensor: Tensor): number => elementCount(tensor) * dataTypeBytes[tensor.type];

export { gradientName };

/** The name of the tensor that says how many steps each sequence has. */
export const lengthsName = "lengths";

/** lengths [B], where a problem has them. */
const lengthTensors = ({ lengths, batch }: Problem): readonly Tensor[] =>
  lengths
    ? [{ name: lengthsName, role: "input", dimensions: "B", shape: [batch], type: "int32", isNonNegative: true }]
    : [];

/** The tensors of the problem's pass, inputs first, in the order of the kernel's parameters. */
export const kernelTensors = (problem: Problem): readonly Tensor[] =>
  isLinear(problem.cell)
    ? scanTensors(problem)
    : problem.pass === "forward"
      ? forwardTensors(problem)
      : backwardTensors(problem);

/**
 * The tensors of a forward pass, inputs first, in the order of the kernel's parameters:
 *
 *     wx [B,T,G,N,D]  recurrent [G,N,D,D] (out, in)  bias [G,N,D]  and for each state s: s_initial [B,1,N,D], s [B,T,N,D]
 *
 * G counts the gates that have the term: of a GRU, Wx and R have three each, and the bias four.
 * The recurrent state (the first) has the problem's data type; the other states are fp32, and hold T steps or the last one
 * (`Problem.stateOutput`). In training the values that the backward pass reads follow: saved_… [B,T,N,D] in the problem's data type. With
 * lengths the last input is lengths [B], int32: what lies beyond a sequence's length is zero in the outputs, and the last step is that of the
 * sequence. A linear recurrence has the tensors of `scanTensors`.
 */
export function forwardTensors(problem: Problem): readonly Tensor[] {
  if (isLinear(problem.cell)) return scanTensors(problem, "forward");
  const { cell, headDim: D, heads: N, batch: B, steps: T, dataType } = problem;
  const [inputGates, recurrentGates, biasGates] = (["input", "recurrent", "bias"] as const).map(
    (term) => gatesWith(cell, term).length,
  ) as [number, number, number];
  const weights = { role: "input", type: dataType, isNonNegative: false } as const;
  const stateType = (index: number): DataType => stateTypeOf(problem, index);
  const keepsSequence = (index: number): boolean => outputsSequence(problem, index);
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
    ...lengthTensors(problem),
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

/** The type of a state's tensors: the first, which is multiplied and is the output, has the problem's. */
const stateTypeOf = ({ dataType }: Problem, index: number): DataType => (index === 0 ? dataType : "fp32");
/** Whether a state's output, and so the gradient of it, has all steps. */
const outputsSequence = ({ stateOutput }: Problem, index: number): boolean => index === 0 || stateOutput === "sequence";

/**
 * The tensors of a backward pass, inputs first, in the order of the kernel's parameters:
 *
 *     recurrent [G,N,D,D]   for each state s that the backward step reads: s_initial [B,1,N,D], s [B,T,N,D]   saved_… [B,T,N,D]
 *     for each state s: d_s [B,T,N,D], of states other than the output [B,1,N,D] where the loss reads their last step (`Problem.stateOutput`)
 *
 *     d_wx [B,T,G,N,D]   for each gate without an input d_u_gate [B,T,N,D]   for each state s: d_s_initial [B,1,N,D]
 *
 * Inputs are what the forward pass of the same problem in training read and wrote, in the same types, and the gradients of its outputs in
 * the types of these. With lengths the last input is lengths [B], int32: gradients of what lies beyond a sequence's length have no effect, and
 * those of what is there are zero. d_wx and d_u_… are the gradients of the pre-activations, in the problem's data type; the gradients of R and of the
 * bias are large products of them outside of the time loop (`weightGradients`).
 */
export function backwardTensors(problem: Problem): readonly Tensor[] {
  const { cell, headDim: D, heads: N, batch: B, steps: T, dataType } = problem;
  const step = backwardStep(problem);
  const reads = backwardReads(cell, step);
  const sequence = { dimensions: "B,T,N,D", shape: [B, T, N, D], isNonNegative: false } as const;
  const single = { dimensions: "B,1,N,D", shape: [B, 1, N, D], isNonNegative: false } as const;
  const [recurrentGates, inputGates] = [gatesWith(cell, "recurrent").length, gatesWith(cell, "input").length];
  const isRead = (states: readonly CellState[], state: CellState): boolean => states.includes(state);
  const ofStates = (
    tensors: (state: CellState, type: DataType, index: number) => readonly Tensor[],
  ): readonly Tensor[] => cell.states.flatMap((state, index) => tensors(state, stateTypeOf(problem, index), index));
  return [
    {
      name: "recurrent",
      role: "input",
      dimensions: "G,N,D,D",
      shape: [recurrentGates, N, D, D],
      type: dataType,
      isNonNegative: false,
    },
    ...ofStates((state, type) => {
      const kind = { role: "input", type, isNonNegative: state.isNonNegative ?? false } as const;
      return [
        ...(isRead(reads.previous, state) ? [{ ...single, ...kind, name: `${state.name}_initial` }] : []),
        ...(isRead([...reads.previous, ...reads.next], state) ? [{ ...sequence, ...kind, name: state.name }] : []),
      ];
    }),
    ...step.saved.map(({ name }): Tensor => ({ ...sequence, name, role: "input", type: dataType })),
    ...ofStates(({ name }, type, index) => [
      { ...(outputsSequence(problem, index) ? sequence : single), name: gradientName(name), role: "input", type },
    ]),
    ...lengthTensors(problem),
    {
      name: gradientName("wx"),
      role: "output",
      dimensions: "B,T,G,N,D",
      shape: [B, T, inputGates, N, D],
      type: dataType,
      isNonNegative: false,
    },
    ...cell.gates
      .filter((gate) => gate.input === false)
      .map(({ name }): Tensor => ({ ...sequence, name: gradientName(`u_${name}`), role: "output", type: dataType })),
    ...ofStates(({ name }, type) => [{ ...single, name: gradientName(`${name}_initial`), role: "output", type }]),
  ];
}
