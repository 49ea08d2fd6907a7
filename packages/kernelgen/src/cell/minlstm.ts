import { type LinearCoefficients, linearCell } from "./linear.js";
import { positiveActivation } from "./mingru.js";
import { add, constant, divide, exp, labelled, maximum, multiply, type Scalar, subtract } from "./scalar.js";

const gates = [
  { name: "h", bias: false },
  { name: "f", bias: false },
  { name: "i", bias: false },
];

/** f' and i' of the gates, and b = i'·h̃. */
function normalised(u: Readonly<Record<string, Scalar>>, candidate: Scalar): LinearCoefficients {
  const [closedForget, closedInput] = [subtract(constant(0), u.f!), subtract(constant(0), u.i!)];
  const shift = labelled("shift", maximum(constant(0), maximum(closedForget, closedInput)));
  const one = labelled("one", exp(subtract(constant(0), shift)));
  const p = labelled("p", add(one, exp(subtract(closedForget, shift))));
  const q = labelled("q", add(one, exp(subtract(closedInput, shift))));
  const share = labelled("share", divide(constant(1), add(p, q)));
  const i = labelled("i", multiply(p, share));
  return { decay: multiply(q, share), forget: i, update: multiply(i, candidate) };
}

/**
 * minLSTM with normalised gates ("Were RNNs All We Needed?", Feng et al. 2024, arXiv 2410.01201, appendix B, algorithm 8):
 *
 *     f = σ(u_f)   i = σ(u_i)   f' = f / (f + i)   i' = i / (f + i)   h̃ = g(u_h)   h' = f'·h + i'·h̃
 *
 * With p = 1 + e^−u_f and q = 1 + e^−u_i it is f' = q / (p + q) and i' = p / (p + q). Both are scaled by e^−m, m = max(0, −u_f, −u_i),
 * so that no gate, however closed, overflows or makes 0 / 0 of f / (f + i): the scaled p + q lies between 1 and 4.
 */
export const minlstm = linearCell({
  name: "minlstm",
  description: "minLSTM with gates h (candidate, positive), f and i, normalised to f + i = 1, a linear recurrence",
  gates,
  state: "h",
  coefficients: (u) => normalised(u, labelled("candidate", positiveActivation(u.h!))),
});

/** minLSTM without the activation g (algorithm 4 of the paper): h̃ = u_h, so that h may be negative. */
export const minlstmPlain = linearCell({
  name: "minlstm_plain",
  description: "minLSTM with gates h (candidate, no activation), f and i, normalised to f + i = 1, a linear recurrence",
  gates,
  state: "h",
  coefficients: (u) => normalised(u, u.h!),
});
