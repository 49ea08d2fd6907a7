import { encode } from "../plan/data-type.js";
import type { Problem } from "../plan/problem.js";
import { forwardTensors } from "../plan/tensors.js";
import { referenceForward } from "../reference/forward.js";
import { randomInputs } from "../reference/random-case.js";

/**
 * A random case for the check program: each input as NAME.bin in its tensor's type, each output of the float64 reference as
 * NAME.expected.bin in float64; all dense and little-endian.
 */
export function caseFiles(
  problem: Problem,
  seed: number,
): readonly { readonly name: string; readonly content: Uint8Array }[] {
  const inputs = randomInputs(problem, seed);
  const outputs = referenceForward(problem, inputs);
  return forwardTensors(problem).map((tensor) =>
    tensor.role === "input"
      ? { name: `${tensor.name}.bin`, content: encode(tensor.type, inputs[tensor.name]!) }
      : { name: `${tensor.name}.expected.bin`, content: new Uint8Array(outputs[tensor.name]!.buffer) },
  );
}
