import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells } from "../../../../packages/kernelgen/src/cell/index.js";
import type { OpenDevice } from "../../../../packages/kernelgen/src/wgsl/node-device.js";
import {
  planRecurrent,
  type RecurrentOptions,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import { outputDim, type RecurrentProgram } from "../../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import { createRecurrent } from "../../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import { openNullDevice, requireDefaultLimits, requireDevice } from "../devices.js";
import { seed, webGpuDevice, withSubgroups } from "../tilings.js";
import { expectRightGradients } from "./expect-gradients.js";
import { randomNumbers, randomWeights } from "./reference-network.js";

const defaultDevice = webGpuDevice("webgpu-default");
const halfDevice = { ...defaultDevice, features: ["shader-f16"] as const };
const slowMemory = {
  ...withSubgroups(4),
  assumed: { ...defaultDevice.assumed, workgroupBytesPerClockPerComputeUnit: 0.1 },
};
const plan = (options: RecurrentOptions, device = defaultDevice): RecurrentProgram =>
  planRecurrent({ training: true, ...options }, device);

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
        expectRightGradients(device, plan({ ...given, family }), given.steps, caseSeed),
      ),
      { numRuns: 2, seed, endOnFailure: true },
    );
  });

  it.for([...cells.keys()].map((cell, index) => [cell, index % 2 === 0 ? "resident" : "stepwise"] as const))(
    "%s, %s",
    async ([cell, family], context) => {
      const { device, description } = await requireDevice(context);
      // Of two cells with shuffles, which slow memory makes worth their while.
      const shuffles = ["lstm", "gru"].includes(cell) && description.subgroupSizes !== null;
      const sizes = { cell, family, headDim: 6, inputDim: 3, batch: 2, steps: 3 };
      const program = plan(sizes, shuffles ? slowMemory : defaultDevice);
      expect(program.training!.backward.source.includes("enable subgroups;")).toBe(shuffles);
      if (cell === "slstm") expect(program.requires.limits.maxStorageBuffersPerShaderStage).toBe(8);
      const ofDefaultLimits = shuffles ? device : await requireDefaultLimits(context);
      await expectRightGradients(ofDefaultLimits, program, 3, seed % 1000);
    },
  );
});

it("gradients of a sequence that goes on where the last one ended are those from its states", async (context) => {
  const { device } = await requireDevice(context);
  const program = plan({ cell: "elman", headDim: 4, inputDim: 2, batch: 2 });
  const weights = randomWeights(program, 1);
  const [network, fresh] = [
    await createRecurrent(device, program, weights),
    await createRecurrent(device, program, weights),
  ];
  const [first, second, gradient] = [randomNumbers(2 * 3 * 2, 2), randomNumbers(2 * 3 * 2, 3), randomNumbers(24, 4)];
  const { state } = await network.forward(first);
  const kept = { ...(await network.forward(second, "kept")), gradients: await network.backward(gradient) };
  const given = { ...(await fresh.forward(second, state)), gradients: await fresh.backward(gradient) };
  expect(kept).toEqual(given);
  for (const each of [network, fresh]) each.destroy();
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
