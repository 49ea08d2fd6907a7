import { linearCell } from "./linear.js";
import { add, constant, labelled, multiply, type Scalar, select, sigmoid, subtract } from "./scalar.js";

/** The positive activation of the candidate: g(x) = x + 0.5 for x ≥ 0, σ(x) below. */
export const positiveActivation = (x: Scalar): Scalar =>
  select(x, "atLeast", constant(0), add(x, constant(0.5)), sigmoid(x));

/**
 * minGRU ("Were RNNs All We Needed?", Feng et al. 2024, arXiv 2410.01201, appendix B, algorithm 6):
 *
 *     z = σ(u_z)   h̃ = g(u_h)   h' = (1 − z)·h + z·h̃
 *
 * The gates have no bias of their own: it belongs to the projection Wx, one product for all steps.
 */
export const mingru = linearCell({
  name: "mingru",
  description: "minGRU with gates h (candidate, positive) and z, a linear recurrence",
  gates: [
    { name: "h", bias: false },
    { name: "z", bias: false },
  ],
  state: "h",
  coefficients(u) {
    const z = labelled("z", sigmoid(u.z!));
    const candidate = labelled("candidate", positiveActivation(u.h!));
    return { decay: subtract(constant(1), z), forget: z, update: multiply(z, candidate) };
  },
});

/** minGRU without the activation g (algorithm 2 of the paper): h̃ = u_h, so that h may be negative. */
export const mingruPlain = linearCell({
  name: "mingru_plain",
  description: "minGRU with gates h (candidate, no activation) and z, a linear recurrence",
  gates: [
    { name: "h", bias: false },
    { name: "z", bias: false },
  ],
  state: "h",
  coefficients(u) {
    const z = labelled("z", sigmoid(u.z!));
    return { decay: subtract(constant(1), z), forget: z, update: multiply(z, u.h!) };
  },
});
