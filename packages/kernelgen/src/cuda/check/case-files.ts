import { KernelgenError } from "../../errors.js";
import { encode } from "../../plan/data-type.js";
import type { Problem } from "../../plan/problem.js";
import { elementCount, kernelTensors } from "../../plan/tensors.js";
import { referenceBackward } from "../../reference/backward.js";
import { referenceForward, type TensorValues } from "../../reference/forward.js";
import { randomGradients, randomInputs } from "../../reference/random-case.js";

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
  for (const tensor of kernelTensors(problem)) {
    const count = elementCount(tensor);
    if (count > largestElementCount) {
      throw new KernelgenError(
        "invalid-problem",
        `case: ${tensor.name} has ${count} elements, a case allows ${largestElementCount}; let the check program draw its inputs`,
      );
    }
  }
  const values = caseValues(problem, seed);
  return kernelTensors(problem).map((tensor) =>
    tensor.role === "input"
      ? { name: `${tensor.name}.bin`, content: encode(tensor.type, values[tensor.name]!) }
      : { name: `${tensor.name}.expected.bin`, content: new Uint8Array(values[tensor.name]!.buffer) },
  );
}

/** The values of all tensors of the kernel. A backward pass reads what a forward pass of the same problem reads and makes. */
function caseValues(problem: Problem, seed: number): TensorValues {
  const inputs = randomInputs(problem, seed);
  if (problem.pass === "forward") return { ...inputs, ...referenceForward(problem, inputs) };
  const gradients = randomGradients(problem, seed);
  const results = referenceForward({ ...problem, stateOutput: "sequence" }, inputs);
  return { ...inputs, ...results, ...gradients, ...referenceBackward(problem, inputs, gradients) };
}
