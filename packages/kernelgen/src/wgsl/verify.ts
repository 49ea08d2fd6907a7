import type { Problem } from "../plan/problem.js";
import { elementCount } from "../plan/tensors.js";
import { referenceForward } from "../reference/forward.js";
import { randomInputs } from "../reference/random-case.js";
import { errorOf } from "../reference/tolerances.js";
import type { WebGpuForward } from "./runtime.js";

/** How far an output is from the reference. */
export interface OutputError {
  readonly tensor: string;
  /** The largest absolute difference of an element; infinite if an element is not a number. */
  readonly largestError: number;
}

/**
 * Runs a forward kernel on fresh random inputs and compares every element of every output with the float64 reference. The outputs hold
 * NaN before, so that an element that the kernel does not write is found. The inputs follow from the seed.
 */
export async function verifyForward(
  forward: WebGpuForward,
  problem: Problem,
  seed: number,
): Promise<readonly OutputError[]> {
  const inputs = randomInputs(problem, seed);
  for (const [name, values] of Object.entries(inputs)) forward.write(name, Float32Array.from(values));
  const outputs = forward.tensors.filter((tensor) => tensor.role === "output");
  for (const tensor of outputs) forward.write(tensor.name, new Float32Array(elementCount(tensor)).fill(Number.NaN));
  await forward.run();
  const expected = referenceForward(problem, inputs);
  const errors: OutputError[] = [];
  for (const { name } of outputs) {
    errors.push({ tensor: name, largestError: largestErrorOf(expected[name]!, await forward.read(name)) });
  }
  return errors;
}

function largestErrorOf(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = errorOf(actual[i]!, expected[i]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
