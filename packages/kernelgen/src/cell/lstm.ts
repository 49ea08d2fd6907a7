import type { CellDefinition } from "./definition.js";
import { add, labelled, multiply, sigmoid, tanh } from "./scalar.js";

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), as in `torch.nn.LSTM`:
 *
 *     i = σ(u_i)   f = σ(u_f)   z = tanh(u_z)   o = σ(u_o)
 *     c' = f·c + i·z            h' = o·tanh(c')
 */
export const lstm: CellDefinition = {
  name: "lstm",
  description: "LSTM with gates i, f, z, o and states h, c",
  gates: [{ name: "i" }, { name: "f" }, { name: "z" }, { name: "o" }],
  states: [{ name: "h" }, { name: "c" }],
  step(u, previous) {
    const i = labelled("i", sigmoid(u.i!));
    const f = labelled("f", sigmoid(u.f!));
    const z = labelled("z", tanh(u.z!));
    const o = labelled("o", sigmoid(u.o!));
    const c = labelled("c", add(multiply(f, previous.c!), multiply(i, z)));
    const h = labelled("h", multiply(o, tanh(c)));
    return { h, c };
  },
};
