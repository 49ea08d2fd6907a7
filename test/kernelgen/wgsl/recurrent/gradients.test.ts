import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells } from "../../../../packages/kernelgen/src/cell/index.js";
import { errorOf } from "../../../../packages/kernelgen/src/reference/tolerances.js";
import type { OpenDevice } from "../../../../packages/kernelgen/src/wgsl/node-device.js";
import {
  planRecurrent,
  type RecurrentOptions,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import { outputDim, type RecurrentProgram } from "../../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import { createRecurrent } from "../../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import { openNullDevice, requireDevice } from "../devices.js";
import { seed, webGpuDevice } from "../tilings.js";
import { referenceGradients } from "./reference-gradients.js";
import { randomNumbers, randomWeights } from "./reference-network.js";

const tolerance = 2e-5;
/** What is stored in fp16 is rounded to 11 bits: inputs, weights, outputs and saved values. */
const halfTolerance = 2e-2;
const defaultDevice = webGpuDevice("webgpu-default");
const halfDevice = { ...defaultDevice, features: ["shader-f16"] as const };
const plan = (options: RecurrentOptions, device = defaultDevice): RecurrentProgram =>
  planRecurrent({ training: true, ...options }, device);

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
async function expectRight(
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

describe("gradients of a network against float64", () => {
  it.for(["resident", "stepwise"])("of any cell, layers, directions and sizes: %s", async (family, context) => {
    const { device } = await requireDevice(context);
    const options = fc.record({
      cell: fc.constantFrom(...cells.keys()),
      inputDim: fc.integer({ min: 1, max: 6 }),
      headDim: fc.integer({ min: 1, max: 11 }),
      heads: fc.integer({ min: 1, max: 2 }),
      batch: fc.integer({ min: 1, max: 3 }),
      layers: fc.integer({ min: 1, max: 2 }),
      bidirectional: fc.boolean(),
      steps: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(options, fc.nat(1e6), (given, caseSeed) =>
        expectRight(device, plan({ ...given, family }), given.steps, caseSeed),
      ),
      { numRuns: 2, seed, endOnFailure: true },
    );
  });

  it.for([...cells.keys()].map((cell, index) => [cell, index % 2 === 0 ? "resident" : "stepwise"] as const))(
    "%s, %s",
    async ([cell, family], context) => {
      const { device } = await requireDevice(context);
      const program = plan({ cell, family, headDim: 6, inputDim: 3, batch: 2, steps: 3 });
      await expectRight(device, program, 3, seed % 1000);
    },
  );
});

describe("gradients of a network that is stored in fp16 against float64", () => {
  it.for([...cells.keys()])("%s", async (cell, context) => {
    const { device, description } = await requireDevice(context);
    if (!description.features.includes("shader-f16")) {
      context.skip(`fp16 cannot be run here: ${description.name} has no shader-f16`);
    }
    for (const family of ["resident", "stepwise"]) {
      const options = { cell, family, headDim: 7, inputDim: 3, batch: 2, steps: 3, dataType: "fp16" } as const;
      await expectRight(device, plan(options, halfDevice), 3, seed % 1000);
    }
  });
});

describe("training without a driver", () => {
  let dawn: OpenDevice;
  beforeAll(async () => {
    dawn = await openNullDevice();
  });
  afterAll(() => dawn.close());

  it("modules of any network compile, within the default limits", async () => {
    const options = fc.record({
      cell: fc.constantFrom(...cells.keys()),
      inputDim: fc.integer({ min: 1, max: 150 }),
      headDim: fc.integer({ min: 1, max: 90 }),
      batch: fc.integer({ min: 1, max: 20 }),
      family: fc.constantFrom(undefined, "stepwise"),
      dataType: fc.constantFrom("fp32", "fp16"),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ family, ...given }) => {
        const program = plan({ ...given, ...(family !== undefined && { family }) }, halfDevice);
        const network = await createRecurrent(dawn.device, program, randomWeights(program, 1));
        await network.forward(new Float32Array(program.batch * program.inputDim));
        await network.backward(new Float32Array(program.batch * outputDim(program)));
        network.destroy();
      }),
      { numRuns: 4, seed },
    );
  });

  it("what cannot be trained is told", async () => {
    const program = plan({ cell: "lstm", headDim: 3, steps: 2 });
    const network = await createRecurrent(dawn.device, program, randomWeights(program, 1));
    await expect(network.backward(new Float32Array(6))).rejects.toThrow("backward: no sequence has run forward");
    await network.forward(new Float32Array(6));
    await expect(network.backward(new Float32Array(5))).rejects.toThrow(
      "output gradient [1,2,3]: got 5 values, needs 6",
    );
    await network.setWeights(randomWeights(program, 2));
    await expect(network.backward(new Float32Array(6))).rejects.toThrow("backward: no sequence has run forward");
    network.destroy();
    const inference = planRecurrent({ cell: "lstm", headDim: 3 }, defaultDevice);
    const other = await createRecurrent(dawn.device, inference, randomWeights(inference, 1));
    await other.forward(new Float32Array(6));
    await expect(other.backward(new Float32Array(6))).rejects.toThrow("the program was planned without training");
    other.destroy();
    expect(() => plan({ cell: "gru_reset_first", headDim: 3 })).toThrow("its steps have phases");
    expect(() => plan({ cell: "gru", headDim: 3, dataType: "fp16" })).toThrow("fp16: needs the feature shader-f16");
  });
});
