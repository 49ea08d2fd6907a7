import type { Problem } from "../plan/problem.js";
import { gradientName } from "../plan/tensors.js";
import type { TensorValues } from "./forward.js";
import { gateParts } from "./gate-inputs.js";

/**
 * The gradients of R and of the bias from those of the pre-activations, which is all that a backward kernel gives of them:
 *
 *     d_recurrent[g,n] = Σ_b,t du_g[b,t,n] ⊗ h[b,t−1,n]      d_bias[g,n] = Σ_b,t du_g[b,t,n]
 *
 * where h[b,−1,n] is h_initial. du of a gate with an input is its part of `d_wx`, that of a gate without one is `d_u_gate`. For each gate
 * and head the first is one product of a D × (B·T) by a (B·T) × D matrix, which belongs outside of the time loop; in PyTorch
 * `torch.einsum("btgni,btnj->gnij", du, h_previous)`.
 *
 * @param gradients `d_wx [B,T,G,N,D]`, and `d_u_gate [B,T,N,D]` of gates without an input
 * @param states `h [B,T,N,D]` and `h_initial [B,1,N,D]`, by the name of the cell's first state
 * @returns `d_recurrent [G,N,D,D]` and `d_bias [G,N,D]`
 */
export function weightGradients(problem: Problem, gradients: TensorValues, states: TensorValues): TensorValues {
  const { cell, headDim: D, heads: N, batch: B, steps: T } = problem;
  const parts = gateParts(problem);
  const output = cell.states[0]!.name;
  const [h, initial] = [states[output]!, states[`${output}_initial`]!];
  const count = (part: "row" | "bias"): number => parts.filter((gate) => gate[part](0, 0) !== undefined).length;
  const dRecurrent = new Float64Array(count("row") * N * D * D);
  const dBias = new Float64Array(count("bias") * N * D);
  for (const [g, part] of parts.entries()) {
    const own = gradients[gradientName(`u_${cell.gates[g]!.name}`)];
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < T; t++) {
        for (let n = 0; n < N; n++) {
          for (let d = 0; d < D; d++) {
            const inputIndex = part.input(b, t, n, d);
            const du = inputIndex === undefined ? own![((b * T + t) * N + n) * D + d]! : gradients.d_wx![inputIndex]!;
            const [row, biasIndex] = [part.row(n, d), part.bias(n, d)];
            if (biasIndex !== undefined) dBias[biasIndex]! += du;
            if (row === undefined) continue;
            for (let k = 0; k < D; k++) {
              const previous = t > 0 ? h[((b * T + t - 1) * N + n) * D + k]! : initial[(b * N + n) * D + k]!;
              dRecurrent[row + k]! += du * previous;
            }
          }
        }
      }
    }
  }
  return { [gradientName("recurrent")]: dRecurrent, [gradientName("bias")]: dBias };
}
