import type { CellDefinition } from "./definition.js";
import { add, constant, labelled, multiply, sigmoid, subtract, tanh } from "./scalar.js";

/**
 * LSTM with coupled input and forget gate (CIFG; Greff et al. 2015, "LSTM: a search space odyssey"): what is forgotten is replaced.
 *
 *     f = σ(u_f)   z = tanh(u_z)   o = σ(u_o)
 *     c' = f·c + (1 − f)·z         h' = o·tanh(c')
 */
export const cifg: CellDefinition = {
  name: "cifg",
  description: "LSTM with coupled input and forget gate: gates f, z, o and states h, c",
  gates: [{ name: "f" }, { name: "z" }, { name: "o" }],
  states: [{ name: "h" }, { name: "c" }],
  step(u, previous) {
    const f = labelled("f", sigmoid(u.f!));
    const z = labelled("z", tanh(u.z!));
    const o = labelled("o", sigmoid(u.o!));
    const c = labelled("c", add(multiply(f, previous.c!), multiply(subtract(constant(1), f), z)));
    const h = labelled("h", multiply(o, tanh(c)));
    return { h, c };
  },
};
