import { linearCell } from "../../packages/kernelgen/src/cell/linear.js";
import {
  constant,
  exp,
  labelled,
  logSigmoid,
  multiply,
  type Scalar,
  sigmoid,
  subtract,
  tanh,
} from "../../packages/kernelgen/src/cell/scalar.js";

/** A user's cell with biases, whose decay has no complement of its own. */
export const leaky = linearCell({
  name: "leaky",
  description: "a leaky integrator",
  gates: ["rate", "drive"],
  state: "h",
  coefficients: (u) => ({ decay: sigmoid(u.rate!), update: multiply(sigmoid(u.rate!), tanh(u.drive!)) }),
});

const negative = (x: Scalar): Scalar => subtract(constant(0), x);

/**
 * A user's selective state space, a = e^(−Δ·σ(r)) and b = Δ·x with Δ = softplus(u_dt), whose names generated source has for something else:
 * a state called word, gates called step and s, and labels that are words of C++, WGSL and Python, functions, parameters, and another's.
 */
export const selective = linearCell({
  name: "selective",
  description: "a selective state space\nin two lines",
  gates: [
    { name: "dt", bias: false },
    { name: "step", bias: false },
    { name: "s", bias: false },
  ],
  state: "word",
  coefficients(u) {
    const dt = labelled("float", negative(logSigmoid(negative(u.dt!))));
    const rate = labelled("lambda", multiply(dt, labelled("float", sigmoid(u.step!))));
    return { decay: labelled("exp", exp(negative(rate))), update: labelled("u", multiply(dt, u.s!)) };
  },
});
