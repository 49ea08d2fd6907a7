import type { CellDefinition } from "./definition.js";
import { add, constant, labelled, multiply, sigmoid, subtract, tanh } from "./scalar.js";

/**
 * Gated recurrent unit (Cho et al. 2014) with the reset gate applied after the recurrent product, as cuDNN and `torch.nn.GRU`:
 *
 *     r = σ(u_r)   z = σ(u_z)   n = tanh(u_n + r·u_g)
 *     h' = z·h + (1 − z)·n
 *
 * u_g is the candidate's recurrent part with its own bias, u_n its input with the other: g has no input, n no recurrent product. So R has
 * the gates g, r, z, Wx has r, z, n, and the bias all four; with PyTorch's names R = (W_hn, W_hr, W_hz), W = (W_ir, W_iz, W_in) and
 * b = (b_hn, b_ir + b_hr, b_iz + b_hz, b_in).
 */
export const gru: CellDefinition = {
  name: "gru",
  description: "GRU with gates g, r, z, n (reset after the recurrent product) and state h",
  gates: [{ name: "g", input: false }, { name: "r" }, { name: "z" }, { name: "n", recurrent: false }],
  states: [{ name: "h" }],
  step(u, previous) {
    const r = labelled("r", sigmoid(u.r!));
    const z = labelled("z", sigmoid(u.z!));
    const n = labelled("n", tanh(add(u.n!, multiply(r, u.g!))));
    const h = labelled("h", add(multiply(z, previous.h!), multiply(subtract(constant(1), z), n)));
    return { h };
  },
};
