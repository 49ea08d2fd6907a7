import { backwardReads } from "../cell/backward-reads.js";
import { isLinear } from "../cell/linear.js";
import type { DataType } from "../plan/data-type.js";
import type { Problem } from "../plan/problem.js";
import { backwardStep } from "../plan/saved-values.js";
import { forwardTensors, gradientName, type Tensor } from "../plan/tensors.js";
import { scanBuffers } from "./scan/buffers.js";
import type { StorageBuffer } from "./storage-buffers.js";

/**
 * The storage buffers of a backward kernel in the order of their bindings; what the backward step does not read is left out:
 *
 *     recurrent [G,N,D,D]   initial_states [S,B,1,N,D]   h [B,T,N,D]   other_states [S−1,B,T,N,D]   saved [V,B,T,N,D]
 *     d_h [B,T,N,D]               the gradient of the output
 *     state_gradients [S,B,1,N,D] in: the gradients of the last states, out: those of the initial ones
 *     d_u [B,T,G,N,D]             du of all gates
 *
 * In fp16, what the forward pass stored as f16 is read as such: `recurrent`, the output and `saved`. Gradients are f32.
 */
export function backwardBuffers(problem: Problem): readonly StorageBuffer[] {
  if (isLinear(problem.cell)) return scanBuffers(problem, "backward");
  const { cell, headDim: D, heads: N, batch: B, steps: T, dataType } = problem;
  const step = backwardStep(problem);
  const { previous, next } = backwardReads(cell, step);
  const [output, ...others] = cell.states;
  const recurrent = forwardTensors(problem).find(({ name }) => name === "recurrent")!;
  const isRead = (state: (typeof others)[number]): boolean => previous.includes(state) || next.includes(state);
  const buffer = (
    name: string,
    role: Tensor["role"],
    dimensions: string,
    shape: readonly number[],
    type: DataType = "fp32",
  ): StorageBuffer => ({
    name,
    role,
    dimensions,
    shape,
    tensors: [{ name, role, dimensions, shape, type, isNonNegative: false }],
  });
  const S = cell.states.length;
  return [
    { ...recurrent, tensors: [recurrent] },
    ...(previous.length > 0 ? [buffer("initial_states", "input", "S,B,1,N,D", [S, B, 1, N, D])] : []),
    ...(isRead(output!) ? [buffer(output!.name, "input", "B,T,N,D", [B, T, N, D], dataType)] : []),
    ...(others.some(isRead) ? [buffer("other_states", "input", "S-1,B,T,N,D", [S - 1, B, T, N, D])] : []),
    ...(step.saved.length > 0
      ? [buffer("saved", "input", "V,B,T,N,D", [step.saved.length, B, T, N, D], dataType)]
      : []),
    buffer(gradientName(output!.name), "input", "B,T,N,D", [B, T, N, D]),
    buffer("state_gradients", "output", "S,B,1,N,D", [S, B, 1, N, D]),
    buffer("d_u", "output", "B,T,G,N,D", [B, T, cell.gates.length, N, D]),
  ];
}
