import type { Problem } from "../plan/problem.js";
import { forwardTensors, type Tensor, tensorBytes } from "../plan/tensors.js";

/** A storage buffer of a kernel's module: one tensor, or several one after the other. */
export interface StorageBuffer {
  /** The name of the module's variable. */
  readonly name: string;
  readonly role: Tensor["role"];
  /** Dimension letters, as in `Tensor`. */
  readonly dimensions: string;
  readonly shape: readonly number[];
  readonly tensors: readonly Tensor[];
}

export const bufferBytes = (buffer: StorageBuffer): number =>
  buffer.tensors.reduce((bytes, tensor) => bytes + tensorBytes(tensor), 0);

/** Whether a tensor is the initial value of a state. */
const isInitialState = ({ name }: Tensor, { cell }: Problem): boolean =>
  cell.states.some((state) => name === `${state.name}_initial`);

/**
 * The storage buffers of a forward kernel in the order of their bindings: the tensors of `forwardTensors`, but all initial states in one,
 * `initial_states [S,B,1,N,D]`. WebGPU's default limit of eight buffers then suffices for four states.
 */
export function storageBuffers(problem: Problem): readonly StorageBuffer[] {
  const { cell, headDim: D, heads: N, batch: B } = problem;
  const tensors = forwardTensors(problem);
  const alone = (tensor: Tensor): StorageBuffer => ({ ...tensor, tensors: [tensor] });
  const initial: StorageBuffer = {
    name: "initial_states",
    role: "input",
    dimensions: "S,B,1,N,D",
    shape: [cell.states.length, B, 1, N, D],
    tensors: tensors.filter((tensor) => isInitialState(tensor, problem)),
  };
  return [
    ...tensors.filter((tensor) => tensor.role === "input" && !isInitialState(tensor, problem)).map(alone),
    initial,
    ...tensors.filter((tensor) => tensor.role === "output").map(alone),
  ];
}
