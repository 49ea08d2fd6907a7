import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { cells } from "../../../../packages/kernelgen/src/cell/index.js";
import { errorOf } from "../../../../packages/kernelgen/src/reference/tolerances.js";
import type { OpenDevice } from "../../../../packages/kernelgen/src/wgsl/node-device.js";
import {
  planRecurrent,
  type RecurrentOptions,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import {
  outputDim,
  type RecurrentProgram,
  unmetRequirements,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import {
  createRecurrent,
  type Recurrent,
  type StartState,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import {
  joinParts,
  longestPart,
  partOf,
  sequenceParts,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/sequence-parts.js";
import type { RecurrentWeights } from "../../../../packages/kernelgen/src/wgsl/recurrent/weights.js";
import { openNullDevice, requireDevice } from "../devices.js";
import { seed, webGpuDevice } from "../tilings.js";
import { randomNumbers, randomWeights, referenceNetwork } from "./reference-network.js";

const tolerance = 1e-5;
const defaultDevice = webGpuDevice("webgpu-default");
const plan = (options: RecurrentOptions): RecurrentProgram => planRecurrent(options, defaultDevice);

function expectClose(actual: Float32Array, expected: Float64Array, what: string): void {
  expect(actual, what).toHaveLength(expected.length);
  const wrong = expected.findIndex((value, index) => !(errorOf(actual[index]!, value) <= tolerance));
  expect(wrong, `${what}[${wrong}] is ${actual[wrong]}, not ${expected[wrong]}`).toBe(-1);
}

/** Runs a sequence and compares outputs and states with float64. */
async function expectRight(
  network: Recurrent,
  weights: RecurrentWeights,
  input: Float32Array,
  start?: StartState,
): Promise<void> {
  const { output, state } = await network.forward(input, start);
  const from = typeof start === "object" ? start : undefined;
  const expected = referenceNetwork(network.program, weights, input, from);
  expectClose(output, expected.output, "output");
  for (const name of network.program.cell.states) expectClose(state[name]!, expected.state[name]!, name);
}

/** A state of a network, drawn from a seed. A normaliser is not negative. */
const randomState = (program: RecurrentProgram, stateSeed: number): Record<string, Float32Array> =>
  Object.fromEntries(
    program.cell.states.map((name, index) => [
      name,
      randomNumbers(program.layers * program.batch * outputDim(program), stateSeed + index).map(
        name === "n" ? Math.abs : Number,
      ),
    ]),
  );

describe("a network against float64", () => {
  it("of any cell, layers, directions and sizes, with Wx, from zeros and from a state", async (context) => {
    const { device } = await requireDevice(context);
    const options = fc.record({
      cell: fc.constantFrom(...cells.keys()),
      inputDim: fc.integer({ min: 1, max: 40 }),
      headDim: fc.integer({ min: 1, max: 24 }),
      heads: fc.integer({ min: 1, max: 2 }),
      batch: fc.integer({ min: 1, max: 4 }),
      layers: fc.integer({ min: 1, max: 2 }),
      bidirectional: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(options, fc.integer({ min: 1, max: 5 }), fc.nat(1e6), async (given, steps, caseSeed) => {
        const program = plan({ ...given, steps });
        const weights = randomWeights(program, caseSeed);
        const network = await createRecurrent(device, program, weights);
        const input = randomNumbers(program.batch * steps * program.inputDim, caseSeed + 99);
        await expectRight(network, weights, input);
        await expectRight(network, weights, input, randomState(program, caseSeed));
        network.destroy();
      }),
      { numRuns: 3, seed, endOnFailure: true },
    );
  });

  it("longer than one submission and than one part of a sequence, in both directions", async (context) => {
    const { device } = await requireDevice(context);
    const sizes = { cell: "gru", headDim: 6, inputDim: 2, bidirectional: true, layers: 2, steps: 1 };
    const program = plan({ ...sizes, family: "stepwise" });
    expect(program.forward.dispatch).toBe("step");
    const weights = randomWeights(program, 3);
    const network = await createRecurrent(device, program, weights);
    await expectRight(network, weights, randomNumbers(1030 * program.inputDim, 4));
    network.destroy();
  });
});

describe("a network on a device", () => {
  const program = plan({ cell: "lstm", headDim: 5, inputDim: 3, heads: 2, batch: 2, layers: 2, steps: 4 });
  const weights = randomWeights(program, 1);
  const steps = 6;
  const input = randomNumbers(program.batch * steps * program.inputDim, 2);

  const inputOfStep = (t: number): Float32Array =>
    Float32Array.from({ length: program.batch * program.inputDim }, (_, index) => {
      const [b, i] = [Math.floor(index / program.inputDim), index % program.inputDim];
      return input[(b * steps + t) * program.inputDim + i]!;
    });

  it("streams: step by step from a kept state gives what the whole sequence gives", async (context) => {
    const { device } = await requireDevice(context);
    const network = await createRecurrent(device, program, weights);
    const whole = await network.forward(input);
    await network.setState();
    for (let t = 0; t < steps; t++) {
      const output = await network.step(inputOfStep(t));
      const expected = Float64Array.from(output, (_, index) => {
        const [b, d] = [Math.floor(index / outputDim(program)), index % outputDim(program)];
        return whole.output[(b * steps + t) * outputDim(program) + d]!;
      });
      expectClose(output, expected, `step ${t}`);
    }
    const state = await network.readState();
    for (const name of program.cell.states) expectClose(state[name]!, Float64Array.from(whole.state[name]!), name);
    network.destroy();
  });

  it("computes calls in their order, without waiting for each", async (context) => {
    const { device } = await requireDevice(context);
    const network = await createRecurrent(device, program, weights);
    const [first, second, third] = await Promise.all([
      network.forward(input),
      network.forward(input, "kept"),
      network.forward(input),
    ]);
    expect(third.output).toEqual(first.output);
    const expected = referenceNetwork(program, weights, input, first.state);
    expectClose(second.output, expected.output, "output of the second call");
    network.destroy();
  });

  it("takes its input from a buffer and leaves the output in one", async (context) => {
    const { device } = await requireDevice(context);
    const network = await createRecurrent(device, program, weights);
    const [storage, copyDestination, mapRead] = [0x80, 0x8, 0x1];
    const buffer = device.createBuffer({ size: input.byteLength, usage: storage! | copyDestination! });
    device.queue.writeBuffer(buffer, 0, input);
    const bytes = program.batch * steps * outputDim(program) * Float32Array.BYTES_PER_ELEMENT;
    const staging = device.createBuffer({ size: bytes, usage: mapRead! | copyDestination! });
    const read = async (output: GPUBuffer): Promise<Float32Array> => {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(output, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(mapRead!);
      const values = new Float32Array(staging.getMappedRange().slice(0));
      staging.unmap();
      return values;
    };
    const first = referenceNetwork(program, weights, input);
    expectClose(await read(await network.forwardBuffer(buffer, steps)), first.output, "output");
    const state = await network.readState();
    const second = referenceNetwork(program, weights, input, state);
    expectClose(await read(await network.forwardBuffer(buffer, steps, "kept")), second.output, "output of the second");
    await expect(network.forwardBuffer(buffer, steps + 1)).rejects.toThrow(
      "input buffer: 7 steps [2,7,3] in fp32 need 168 B, the buffer has 144 B",
    );
    for (const each of [buffer, staging]) each.destroy();
    network.destroy();
  });

  it("takes new weights", async (context) => {
    const { device } = await requireDevice(context);
    const network = await createRecurrent(device, program, weights);
    const others = randomWeights(program, 77);
    await network.setWeights(others);
    await expectRight(network, others, input);
    network.destroy();
  });
});

describe("without a driver", () => {
  let dawn: OpenDevice;
  beforeAll(async () => {
    dawn = await openNullDevice();
  });
  afterAll(() => dawn.close());

  const program = plan({ cell: "gru", headDim: 4, inputDim: 3, batch: 2 });
  const weights = randomWeights(program, 1);
  const sequence = new Float32Array(2 * 5 * 3);

  it("a program is plain data: JSON keeps it", async () => {
    const restored = JSON.parse(JSON.stringify(program)) as RecurrentProgram;
    expect(restored).toEqual(program);
    const network = await createRecurrent(dawn.device, restored, weights);
    expect((await network.forward(sequence)).output).toHaveLength(2 * 5 * 4);
    network.destroy();
  });

  it.each(["fp32", "fp16"] as const)("modules of any network in %s compile", async (dataType) => {
    const half = { ...defaultDevice, features: ["shader-f16"] as const };
    const options = fc.record({
      cell: fc.constantFrom(...cells.keys()),
      inputDim: fc.integer({ min: 1, max: 200 }),
      headDim: fc.integer({ min: 1, max: 100 }),
      heads: fc.integer({ min: 1, max: 3 }),
      batch: fc.integer({ min: 1, max: 20 }),
      steps: fc.integer({ min: 1, max: 2000 }),
      layers: fc.constant(2),
      bidirectional: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(options, async (given) => {
        const any = planRecurrent({ ...given, dataType }, half);
        const network = await createRecurrent(dawn.device, any, randomWeights(any, 1));
        await network.forward(new Float32Array(any.batch * any.inputDim));
        network.destroy();
      }),
      { numRuns: 3, seed },
    );
  });

  it("wrong lengths are errors that name the tensor and both lengths", async () => {
    const network = await createRecurrent(dawn.device, program, weights);
    await expect(network.forward(new Float32Array(7))).rejects.toThrow(
      "input [2,T,3]: got 7 values, needs a multiple of 6",
    );
    await expect(network.step(new Float32Array(12))).rejects.toThrow("step: input [2,3]: got 12 values, needs 6");
    await expect(network.forward(sequence, { h: new Float32Array(3) })).rejects.toThrow(
      "state h: got 3 values, needs 8",
    );
    await expect(network.setState({ h: new Float32Array(8), c: new Float32Array(8) })).rejects.toThrow(
      'unknown state "c"; states: h',
    );
    const short = { layers: [[{ ...weights.layers[0]![0]!, bias: new Float32Array(3) }]] };
    await expect(network.setWeights(short)).rejects.toThrow(
      "layer 0, direction 0: weights bias [4,1,4]: got 3 values, needs 16",
    );
    await expect(createRecurrent(dawn.device, program, { layers: [] })).rejects.toMatchObject({
      code: "invalid-problem",
      message: "weights of layers: got 0, the program has 1",
    });
    // An error leaves the network as it was.
    expect((await network.forward(sequence)).output).toHaveLength(2 * 5 * 4);
    network.destroy();
    await expect(network.forward(sequence)).rejects.toThrow("used after destroy()");
  });

  it("step of a bidirectional network is an error", async () => {
    const both = plan({ cell: "elman", headDim: 2, bidirectional: true });
    const network = await createRecurrent(dawn.device, both, randomWeights(both, 1));
    await expect(network.step(new Float32Array(2))).rejects.toThrow("a bidirectional network needs whole sequences");
    network.destroy();
  });

  it("a lost device is an error", async () => {
    const other = await openNullDevice();
    const network = await createRecurrent(other.device, program, weights);
    await other.close();
    await expect(network.forward(sequence)).rejects.toMatchObject({
      code: "webgpu-failure",
      message: expect.stringContaining("the WebGPU device was lost (destroyed)"),
    });
  });

  it("leaves nothing behind on the device's promise of its loss, however many calls there are", async () => {
    const other = await openNullDevice();
    const reactions = vi.spyOn(other.device.lost, "then");
    const network = await createRecurrent(other.device, program, weights);
    await network.forward(sequence);
    reactions.mockClear();
    for (let call = 0; call < 3; call++) await network.forward(sequence);
    expect(reactions).not.toHaveBeenCalled();
    network.destroy();
    await other.close();
  });

  it("a device that lacks what a program requires is told by name and number", async () => {
    const big = planRecurrent({ cell: "lstm", headDim: 64, batch: 4, steps: 64 }, webGpuDevice("webgpu-h200"));
    const needy: RecurrentProgram = {
      ...big,
      requires: { features: ["shader-f64"], limits: { maxComputeWorkgroupStorageSize: 2 ** 30 } },
    };
    const [feature, limit] = unmetRequirements(needy, dawn.device);
    expect(feature).toBe("feature shader-f64: the program needs it, the device lacks it");
    const has = dawn.device.limits.maxComputeWorkgroupStorageSize;
    expect(limit).toBe(`maxComputeWorkgroupStorageSize: the program needs ${2 ** 30}, the device has ${has}`);
    expect(unmetRequirements(program, dawn.device)).toEqual([]);
    await expect(createRecurrent(dawn.device, needy, randomWeights(needy, 1))).rejects.toMatchObject({
      code: "webgpu-failure",
      message: expect.stringContaining("shader-f64"),
    });
  });

  it.each([
    [{ layers: 0 }, "layers: 0 is not an integer from 1 to 256"],
    [{ inputDim: 1.5 }, "input dimension: 1.5 is not an integer from 1 to 65536"],
    [{ headDim: 0 }, "head dimension: 0 is not an integer from 1 to 16384"],
  ])("options %o are refused", (options, message) => {
    expect(() => plan({ cell: "lstm", headDim: 4, ...options })).toThrow(message);
  });
});

describe("parts of a sequence", () => {
  const program = plan({ cell: "lstm", headDim: 64, inputDim: 8, batch: 16, steps: 1024 });
  const limits = (changed: Partial<GPUSupportedLimits>): GPUSupportedLimits =>
    ({ ...defaultDevice.limits, ...changed }) as unknown as GPUSupportedLimits;

  it("are as long as the largest tensor of a part may be", () => {
    // wx is the largest: 16 sequences · 4 gates · 64 units · 4 B = 16 KiB a step.
    expect(longestPart(program, limits({}))).toBe(128 * 64);
    expect(longestPart(program, limits({ maxBufferSize: 32_768 + 5 }))).toBe(2);
    expect(() => longestPart(program, limits({ maxStorageBufferBindingSize: 16_383 }))).toThrow(
      "one step of the projected input needs a storage buffer of 16384 B, the device allows 16383 B",
    );
  });

  it("have no more rows, and no more chunks, than a dispatch has workgroups for", () => {
    const few = limits({ maxComputeWorkgroupsPerDimension: 3 });
    const { rowTile } = program.projections[0]!;
    expect(longestPart(program, few)).toBe(Math.floor((3 * rowTile) / program.batch));
    const scan = plan({ cell: "mingru", headDim: 4, steps: 4096 });
    // With rows for any number of steps.
    const projections = scan.projections.map((product) => ({ ...product, rowTile: 2 ** 20 }));
    expect(longestPart({ ...scan, projections }, few)).toBe(3 * scan.forward.chunkSteps!);
  });

  it("cut a batch of sequences, and join to what it was", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        (longest, steps, batch) => {
          const values = Float32Array.from({ length: batch * steps * 3 }, (_, index) => index);
          const parts = sequenceParts(steps, longest);
          expect(parts.every((part) => part.steps >= 1 && part.steps <= longest)).toBe(true);
          const cut = parts.map((part) => Float32Array.from(partOf(values, part, steps, batch)));
          expect(joinParts(parts, cut, batch)).toEqual(values);
        },
      ),
      { seed },
    );
  });
});
