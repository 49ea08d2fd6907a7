import { expect } from "vitest";
import { errorOf } from "../../../../packages/kernelgen/src/reference/tolerances.js";
import { outputDim, type RecurrentProgram } from "../../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import { createRecurrent } from "../../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import { referenceGradients } from "./reference-gradients.js";
import { randomNumbers, randomWeights } from "./reference-network.js";

const tolerance = 2e-5;
/** What is stored in fp16 is rounded to 11 bits: inputs, weights, outputs and saved values. */
const halfTolerance = 2e-2;
/** Numbers for each state of a network; a normaliser is not negative. */
const perState = (program: RecurrentProgram, firstSeed: number): Record<string, Float32Array> =>
  Object.fromEntries(
    program.cell.states.map((name, index) => [
      name,
      randomNumbers(program.layers * program.batch * outputDim(program), firstSeed + index).map(
        name === "n" ? Math.abs : Number,
      ),
    ]),
  );

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance: number): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(errorOf(actual[i]!, expected[i]!), `${what}[${i}] is ${actual[i]}, not ${expected[i]}`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}

/** Runs a network forward and backward, and compares every gradient with float64. */
export async function expectRightGradients(
  device: GPUDevice,
  program: RecurrentProgram,
  steps: number,
  caseSeed: number,
): Promise<void> {
  const allowed = program.dataType === "fp16" ? halfTolerance : tolerance;
  const weights = randomWeights(program, caseSeed);
  const network = await createRecurrent(device, program, weights);
  const input = randomNumbers(program.batch * steps * program.inputDim, caseSeed + 1);
  const start = perState(program, caseSeed + 2);
  const outputGradient = randomNumbers(program.batch * steps * outputDim(program), caseSeed + 3);
  const stateGradient = perState(program, caseSeed + 40);
  await network.forward(input, start);
  const gradients = await network.backward(outputGradient, stateGradient);
  // A second time, since gradients of weights are added up on the GPU.
  const again = await network.backward(outputGradient, stateGradient);
  expect(again.weights).toEqual(gradients.weights);
  const expected = referenceGradients(program, weights, input, start, outputGradient, stateGradient);
  expectClose(gradients.input, expected.input, "input", allowed);
  for (const name of program.cell.states) expectClose(gradients.state[name]!, expected.state[name]!, name, allowed);
  gradients.weights.layers.flat().forEach((tensors, index) => {
    for (const name of ["input", "recurrent", "bias"] as const) {
      expectClose(tensors[name], expected.weights[index]![name], `${name} of direction ${index}`, allowed);
    }
  });
  network.destroy();
}
