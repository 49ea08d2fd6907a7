import type { CellDefinition } from "./definition.js";
import {
  add,
  constant,
  divide,
  exp,
  labelled,
  logSigmoid,
  maximum,
  multiply,
  select,
  sigmoid,
  subtract,
  tanh,
} from "./scalar.js";

/**
 * sLSTM (Beck et al. 2024, xLSTM, section 2.2): an LSTM with an exponential input gate, a normaliser n, and a stabiliser m that keeps the
 * exponentials at most 1:
 *
 *     l = log σ(u_f) + m
 *     m' = u_i where n = 0, else max(u_i, l)
 *     i = exp(u_i − m')   f = exp(min(l − m', 0))   z = tanh(u_z)   o = σ(u_o)
 *     c' = f·c + i·z      n' = 1 where n = 0, else max(f·n + i, 1)      h' = o·c'/n'
 *
 * The first-step rule (n = 0: nothing has been seen yet, so the old m says nothing) holds for each unit of each sequence by itself. There,
 * and only there, l may exceed m', and f is held at 1: it multiplies what is zero.
 *
 * m only rescales c and n, which leaves h as it is: (c, n, m) and (c·e^-a, n·e^-a, m + a) give the same outputs. Gradients still pass
 * through m as the chain rule has it, since a loss may read the last c, n and m themselves; for a loss of h alone what reaches m cancels
 * with what c and n get, c·dc + n·dn = dm. At a tie of a maximum the gradient goes to the first operand.
 */
export const slstm: CellDefinition = {
  name: "slstm",
  description: "sLSTM with gates i, f, z, o and states h, c, n (normaliser), m (stabiliser)",
  gates: [{ name: "i" }, { name: "f" }, { name: "z" }, { name: "o" }],
  states: [{ name: "h" }, { name: "c" }, { name: "n", isNonNegative: true }, { name: "m" }],
  step(u, previous) {
    const decayed = labelled("decayed", add(logSigmoid(u.f!), previous.m!));
    const m = labelled("m", select(previous.n!, "equal", constant(0), u.i!, maximum(u.i!, decayed)));
    const i = labelled("i", exp(subtract(u.i!, m)));
    // The maximum is m except in a first step.
    const f = labelled("f", exp(subtract(decayed, maximum(decayed, m))));
    const z = labelled("z", tanh(u.z!));
    const o = labelled("o", sigmoid(u.o!));
    const c = labelled("c", add(multiply(f, previous.c!), multiply(i, z)));
    // In a first step f·n + i is 0 + 1; said outright, since a rounded i would leave the maximum's gradient to chance.
    const accumulated = maximum(add(multiply(f, previous.n!), i), constant(1));
    const n = labelled("n", select(previous.n!, "equal", constant(0), constant(1), accumulated));
    const h = labelled("h", divide(multiply(o, c), n));
    return { h, c, n, m };
  },
};
