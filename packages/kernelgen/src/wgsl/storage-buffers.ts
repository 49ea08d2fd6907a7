import { isLinear } from "../cell/linear.js";
import type { Problem } from "../plan/problem.js";
import { savedValues } from "../plan/saved-values.js";
import { forwardTensors, type Tensor, tensorBytes } from "../plan/tensors.js";
import { scanBuffers } from "./scan/buffers.js";

/** A storage buffer of a kernel's module: one tensor, or several one after the other. */
export interface StorageBuffer {
  /** The name of the module's variable. */
  readonly name: string;
  readonly role: Tensor["role"];
  /** Dimension letters, as in `Tensor`. */
  readonly dimensions: string;
  readonly shape: readonly number[];
  readonly tensors: readonly Tensor[];
  /** Adjacent elements that the module reads and writes at once; 1 without. */
  readonly vectorElements?: number;
}

export const bufferBytes = (buffer: StorageBuffer): number =>
  buffer.tensors.reduce((bytes, tensor) => bytes + tensorBytes(tensor), 0);

/** Whether the kernel writes the states after the last step to a buffer of their own. */
export const writesFinalStates = ({ stateOutput, training }: Problem): boolean => stateOutput === "last" || training;

/**
 * The storage buffers of a forward kernel in the order of their bindings. Tensors of `forwardTensors` that belong together lie in one, so
 * that WebGPU's default limit of eight buffers suffices for any cell:
 *
 *     wx  recurrent  bias  initial_states [S,B,1,N,D]  h [B,T,N,D]
 *     other_states [S−1,B,T,N,D]   the states other than the output, where all their steps are kept
 *     saved [V,B,T,N,D]            in training, what the backward pass reads
 *     final_states [S,B,1,N,D]     where the last step is kept, and in training
 *
 * In fp16, `wx`, `recurrent`, `bias`, `h` and `saved` are stored as f16, the states as f32. Those of a linear recurrence are `scanBuffers`.
 */
export function storageBuffers(problem: Problem): readonly StorageBuffer[] {
  const { cell } = problem;
  const tensors = forwardTensors(problem);
  if (isLinear(cell)) return scanBuffers(problem, "forward");
  const [output, ...others] = cell.states.map(({ name }) => name);
  const named = (names: readonly string[]): Tensor[] => tensors.filter(({ name }) => names.includes(name));
  const alone = (tensor: Tensor): StorageBuffer => ({ ...tensor, tensors: [tensor] });
  const merged = (name: string, role: Tensor["role"], letter: string, parts: readonly Tensor[]): StorageBuffer[] => {
    const [first] = parts;
    if (first === undefined) return [];
    const dimensions = `${letter},${first.dimensions}`;
    return [{ name, role, dimensions, shape: [parts.length, ...first.shape], tensors: parts }];
  };
  const keepsSequences = problem.stateOutput === "sequence";
  // States are fp32 from step to step and between calls, whatever the data type.
  const initial = named(cell.states.map(({ name }) => `${name}_initial`)).map(
    (tensor): Tensor => ({ ...tensor, type: "fp32" }),
  );
  // In training a state's last step has no tensor of its own name: that is its sequence.
  const final = cell.states.map(({ name }, index): Tensor => {
    const isTensor = index > 0 && !keepsSequences;
    return { ...initial[index]!, name: isTensor ? name : `${name}_final`, role: "output" };
  });
  return [
    ...named(["wx", "recurrent", "bias"]).map(alone),
    ...merged("initial_states", "input", "S", initial),
    ...named([output!]).map(alone),
    ...(keepsSequences ? merged("other_states", "output", "S-1", named(others)) : []),
    ...merged("saved", "output", "V", named((savedValues(problem)?.saved ?? []).map(({ name }) => name))),
    ...(writesFinalStates(problem) ? merged("final_states", "output", "S", final) : []),
  ];
}
