import { gatesWith } from "../../cell/definition.js";
import { gradientName } from "../../plan/gradient-name.js";
import type { Pass, Problem } from "../../plan/problem.js";
import { scanTensors } from "../../plan/scan-tensors.js";
import type { Tensor } from "../../plan/tensors.js";
import type { StorageBuffer } from "../storage-buffers.js";

/** The fewest steps of a chunk, where there are several: it bounds the memory for what passes between them. */
export const leastChunkSteps = 16;

/** Chunks whose spans are read at once where the state goes from chunk to chunk. */
export const chunksAtOnce = 8;

/** Chunks of so many steps, at most. */
const mostChunks = (steps: number): number => Math.ceil(steps / leastChunkSteps);

/**
 * The storage buffers of a scan in the order of their bindings. Forward:
 *
 *     wx [B,T,G,N,D]  bias [G,N,D]  initial_states [1,B,1,N,D]  padding [B]  →  h [B,T,N,D]  final_states [1,B,1,N,D]  chunk_spans
 *
 * and backward, as part of a network,
 *
 *     wx  bias  initial_states  h  padding  d_h [B,T,N,D]  →  state_gradients [1,B,1,N,D]  d_u [B,T,G,N,D]  chunk_spans
 *
 * where `state_gradients` holds the gradients of the last states before and those of the initial ones after. `padding` counts the steps at
 * the end of each sequence that are not there, whole numbers as f32; zeros for sequences of T steps. `chunk_spans` [chunks,B,2,N·D] is what passes
 * between dispatches. A cell without biases has no `bias`. In fp16, `wx`, `bias` and `h` are stored as f16, the others as f32.
 */
export function scanBuffers(problem: Problem, pass: Pass = problem.pass): readonly StorageBuffer[] {
  const { cell, headDim: D, heads: N, batch: B, steps: T, dataType } = problem;
  const tensors = new Map(scanTensors(problem, "forward").map((tensor) => [tensor.name, tensor]));
  const state = cell.states[0]!.name;
  const alone = (tensor: Tensor, role: Tensor["role"]): StorageBuffer => ({ ...tensor, role, tensors: [tensor] });
  const states = (name: string, role: Tensor["role"], tensorName: string): StorageBuffer => {
    const tensor: Tensor = { ...tensors.get(`${state}_initial`)!, name: tensorName, role };
    return { name, role, dimensions: `S,${tensor.dimensions}`, shape: [1, ...tensor.shape], tensors: [tensor] };
  };
  const own = (
    name: string,
    role: Tensor["role"],
    dimensions: string,
    shape: readonly number[],
    type: Tensor["type"] = "fp32",
  ): StorageBuffer => ({
    name,
    role,
    dimensions,
    shape,
    tensors: [{ name, role, dimensions, shape, type, isNonNegative: false }],
  });
  const given = [
    alone(tensors.get("wx")!, "input"),
    ...(gatesWith(cell, "bias").length > 0 ? [alone(tensors.get("bias")!, "input")] : []),
    states("initial_states", "input", `${state}_initial`),
  ];
  const padding = own("padding", "input", "B", [B]);
  const spans = own("chunk_spans", "output", "chunks,B,2,N*D", [mostChunks(T), B, 2, N * D]);
  return pass === "forward"
    ? [
        ...given,
        padding,
        alone(tensors.get(state)!, "output"),
        states("final_states", "output", `${state}_last`),
        spans,
      ]
    : [
        ...given,
        own(state, "input", "B,T,N,D", [B, T, N, D], dataType),
        padding,
        own(gradientName(state), "input", "B,T,N,D", [B, T, N, D]),
        states("state_gradients", "output", "state_gradients"),
        own("d_u", "output", "B,T,G,N,D", [B, T, cell.gates.length, N, D]),
        spans,
      ];
}
