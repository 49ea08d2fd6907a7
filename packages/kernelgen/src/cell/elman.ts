import type { CellDefinition } from "./definition.js";
import { tanh } from "./scalar.js";

/** The simple recurrent network (Elman 1990), as `torch.nn.RNN`:  h' = tanh(u). */
export const elman: CellDefinition = {
  name: "elman",
  description: "Elman network with h' = tanh(u)",
  gates: [{ name: "h" }],
  states: [{ name: "h" }],
  step: (u) => ({ h: tanh(u.h!) }),
};
