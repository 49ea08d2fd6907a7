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
 *     i = exp(u_i − m')   f = exp(l − m'), 1 where n = 0   z = tanh(u_z)   o = σ(u_o)
 *     c' = f·c + i·z      n' = f·n + i, at least 1         h' = o·c'/n'
 *
 * The first-step rule (n = 0: nothing has been seen yet, so the old m says nothing) holds for each unit of each sequence by itself. What f
 * multiplies is zero there.
 *
 * A step leaves n at 1 or more, since i or f is 1: the bound of 1 matters only to an initial n between 0 and 1.
 *
 * m only rescales c and n, which leaves h as it is: (c, n, m) and (c·e^-a, n·e^-a, m + a) give the same outputs. Gradients therefore take a
 * new m for a constant, as the sLSTM's published backward passes do. A loss of h has the same gradients either way: what it sends through
 * m cancels, c·dc + n·dn = dm. In floating point it would cancel but for rounding errors that add up from step to step; and a loss that reads
 * c, n or m themselves would jump wherever u_i and l tie, which rounded values do not tell apart. Such a loss sees c and n at the scale that
 * m gives them, and a gradient given for m is left out.
 */
export const slstm: CellDefinition = {
  name: "slstm",
  description: "sLSTM with gates i, f, z, o and states h, c, n (normaliser), m (stabiliser)",
  gates: [{ name: "i" }, { name: "f" }, { name: "z" }, { name: "o" }],
  states: [
    { name: "h" },
    { name: "c", isScaled: true },
    { name: "n", isNonNegative: true, isScaled: true },
    { name: "m", isDetached: true, isScaled: true },
  ],
  step(u, previous) {
    const [zero, one] = [constant(0), constant(1)];
    const decayed = labelled("decayed", add(logSigmoid(u.f!), previous.m!));
    const m = labelled("m", select(previous.n!, "equal", zero, u.i!, maximum(u.i!, decayed)));
    const i = labelled("i", exp(subtract(u.i!, m)));
    // l may exceed m' where n = 0.
    const f = labelled("f", exp(select(previous.n!, "equal", zero, zero, subtract(decayed, m))));
    const z = labelled("z", tanh(u.z!));
    const o = labelled("o", sigmoid(u.o!));
    const c = labelled("c", add(multiply(f, previous.c!), multiply(i, z)));
    // Where n ≥ 1 so is the sum. Said outright: made again from rounded values it might seem less, and lose its gradient.
    const least = select(previous.n!, "atLeast", one, zero, one);
    const n = labelled("n", maximum(add(multiply(f, previous.n!), i), least));
    const h = labelled("h", divide(multiply(o, c), n));
    return { h, c, n, m };
  },
};
