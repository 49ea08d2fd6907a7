import { KernelgenError } from "../../errors.js";
import type { RecurrentState } from "./recurrent.js";

/** Throws `KernelgenError` "invalid-problem" where a state is missing, unknown, or has another length. */
export function requireState(state: RecurrentState, names: readonly string[], elements: number): void {
  const unknown = Object.keys(state).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new KernelgenError("invalid-problem", `unknown state "${unknown}"; states: ${names.join(", ")}`);
  }
  for (const name of names) {
    const length = state[name]?.length ?? 0;
    if (length !== elements) {
      throw new KernelgenError("invalid-problem", `state ${name}: got ${length} values, needs ${elements}`);
    }
  }
}
