import { KernelgenError } from "../errors.js";
import { encode } from "../plan/data-type.js";
import type { Problem } from "../plan/problem.js";
import { elementCount, forwardTensors } from "../plan/tensors.js";
import { referenceForward } from "../reference/forward.js";
import { randomInputs } from "../reference/random-case.js";

/** The most elements that a tensor of a case may have: 1 GiB in float64. The check program's own random cases know no such limit. */
const largestElementCount = 2 ** 27;

/**
 * A random case for the check program: each input as NAME.bin in its tensor's type, each output of the float64 reference as
 * NAME.expected.bin in float64; all dense and little-endian.
 *
 * Throws `KernelgenError` "invalid-problem" if a tensor has more than 2^27 elements.
 */
export function caseFiles(
  problem: Problem,
  seed: number,
): readonly { readonly name: string; readonly content: Uint8Array }[] {
  for (const tensor of forwardTensors(problem)) {
    const count = elementCount(tensor);
    if (count > largestElementCount) {
      throw new KernelgenError(
        "invalid-problem",
        `case: ${tensor.name} has ${count} elements, a case allows ${largestElementCount}; let the check program draw its inputs`,
      );
    }
  }
  const inputs = randomInputs(problem, seed);
  const outputs = referenceForward(problem, inputs);
  return forwardTensors(problem).map((tensor) =>
    tensor.role === "input"
      ? { name: `${tensor.name}.bin`, content: encode(tensor.type, inputs[tensor.name]!) }
      : { name: `${tensor.name}.expected.bin`, content: new Uint8Array(outputs[tensor.name]!.buffer) },
  );
}
