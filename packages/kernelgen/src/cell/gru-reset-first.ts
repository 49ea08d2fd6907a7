import type { CellDefinition } from "./definition.js";
import { add, constant, labelled, multiply, type Scalar, select, sigmoid, subtract, tanh } from "./scalar.js";

/**
 * GRU with the reset gate applied before the recurrent product (Cho et al. 2014, ONNX with `linear_before_reset` 0, Keras with `reset_after`
 * false):
 *
 *     r = σ(u_r)   z = σ(u_z)   n = tanh(W_n x + R_n (r·h) + b_n)
 *     h' = z·h + (1 − z)·n
 *
 * Its two products follow one another: R_n needs r·h of all units. So a step runs in two phases with the same input, each with one product
 * R·y: first y = h, which gives r and z, and leaves y = r·h; then n and h', and y = h'. The state `phase` (0 or 1) says which one is next.
 */
export const gruResetFirst: CellDefinition = {
  name: "gru_reset_first",
  description: "GRU with gates r, z, n (reset before the recurrent product) in two phases, and states y, h, z, phase",
  phases: 2,
  gates: [{ name: "r" }, { name: "z" }, { name: "n" }],
  states: [{ name: "y" }, { name: "h" }, { name: "z", isNonNegative: true }, { name: "phase", isNonNegative: true }],
  step(u, previous) {
    const [first, second] = [constant(0), constant(1)];
    const inPhase = (whenFirst: Scalar, whenSecond: Scalar): Scalar =>
      select(previous.phase!, "equal", first, whenFirst, whenSecond);
    const reset = labelled("reset", multiply(sigmoid(u.r!), previous.h!));
    const n = labelled("n", tanh(u.n!));
    const kept = multiply(previous.z!, previous.h!);
    const updated = labelled("updated", add(kept, multiply(subtract(constant(1), previous.z!), n)));
    return {
      y: inPhase(reset, updated),
      h: inPhase(previous.h!, updated),
      z: inPhase(sigmoid(u.z!), previous.z!),
      phase: inPhase(second, first),
    };
  },
};
