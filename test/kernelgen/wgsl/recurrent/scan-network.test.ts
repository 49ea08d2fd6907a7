import { describe, expect, it } from "vitest";
import { findCell, linearCells } from "../../../../packages/kernelgen/src/cell/index.js";
import { scanBackward } from "../../../../packages/kernelgen/src/reference/scan/backward.js";
import { scanForward } from "../../../../packages/kernelgen/src/reference/scan/forward.js";
import { errorOf } from "../../../../packages/kernelgen/src/reference/tolerances.js";
import {
  planRecurrent,
  type RecurrentOptions,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import {
  directionCount,
  layerInputDim,
  type RecurrentProgram,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import { createRecurrent } from "../../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import type { RecurrentWeights } from "../../../../packages/kernelgen/src/wgsl/recurrent/weights.js";
import { weightsFromPyTorch } from "../../../../packages/kernelgen/src/wgsl/weights/pytorch.js";
import { leaky, selective } from "../../own-cells.js";
import { openNullDevice, requireDevice } from "../devices.js";
import { webGpuDevice } from "../tilings.js";
import { layerProblem, projected, randomNumbers, randomWeights } from "./reference-network.js";

const defaultDevice = webGpuDevice("webgpu-default");
const plan = (options: RecurrentOptions): RecurrentProgram => planRecurrent(options, defaultDevice);

/** Rows [B,T,F] with the steps of each sequence, up to its length, in the opposite order if `isReversed`. */
function walked(rows: Float64Array, lengths: readonly number[], steps: number, isReversed: boolean): Float64Array {
  const features = rows.length / (lengths.length * steps);
  const result = new Float64Array(rows.length);
  lengths.forEach((length, b) => {
    for (let t = 0; t < length; t++) {
      const from = (b * steps + (isReversed ? length - 1 - t : t)) * features;
      result.set(rows.subarray(from, from + features), (b * steps + t) * features);
    }
  });
  return result;
}

/** A network of one layer in float64, and the gradients of Σ output·d_output + Σ state·d_state. */
function reference(
  program: RecurrentProgram,
  weights: RecurrentWeights,
  input: Float32Array,
  start: Float32Array,
  lengths: readonly number[],
  dOutput: Float32Array,
  dState: Float32Array,
) {
  const { batch, headDim: D, cell, inputDim: I } = program;
  const [steps, directions, gates] = [input.length / (batch * I), directionCount(program), cell.inputGates.length];
  const problem = {
    ...layerProblem({ ...program, cell: { ...cell, name: "mingru" } }, steps),
    cell: [selective, leaky].find((own) => own.name === cell.name) ?? findCell(cell.name),
  };
  const name = cell.states[0]!;
  const output = new Float64Array(batch * steps * D * directions);
  const [state, dStart] = [new Float64Array(start.length), new Float64Array(start.length)];
  const dInput = new Float64Array(input.length);
  const dBias = weights.layers[0]!.map((tensors) => new Float64Array(tensors.bias.length));
  const dWeights = weights.layers[0]!.map((tensors) => new Float64Array(tensors.input.length));
  weights.layers[0]!.forEach((tensors, direction) => {
    const isReversed = direction === 1 || program.reverse;
    const x = walked(Float64Array.from(input), lengths, steps, isReversed);
    const wx = projected(x, tensors.input, layerInputDim(program, 0));
    const plane = [direction * batch * D, (direction + 1) * batch * D] as const;
    const bias = Float64Array.from(tensors.bias);
    const inputs = { wx, bias, [`${name}_initial`]: Float64Array.from(start.subarray(...plane)) };
    const { [name]: h, [`${name}_last`]: last } = scanForward(problem, inputs, { lengths });
    state.set(last!, plane[0]);
    const column = (rows: Float64Array | Float32Array): Float64Array =>
      Float64Array.from(
        { length: batch * steps * D },
        (_, i) => rows[(Math.floor(i / D) * directions + direction) * D + (i % D)]!,
      );
    const inOrder = walked(h!, lengths, steps, isReversed);
    inOrder.forEach((value, i) => {
      output[(Math.floor(i / D) * directions + direction) * D + (i % D)] = value;
    });
    const { d_wx, [`d_${name}_initial`]: initialGradient } = scanBackward(
      { ...problem, pass: "backward" },
      {
        ...inputs,
        [name]: h!,
        [`d_${name}`]: walked(column(dOutput), lengths, steps, isReversed),
        [`d_${name}_last`]: Float64Array.from(dState.subarray(...plane)),
      },
      { lengths },
    );
    dStart.set(initialGradient!, plane[0]);
    // Gates have their places among those with a bias: of these cells all or none.
    d_wx!.forEach((value, i) => {
      if (cell.biasGates.length > 0) dBias[direction]![i % (gates * D)]! += value;
    });
    const dX = new Float64Array(x.length);
    for (let row = 0; row < batch * steps; row++) {
      for (let g = 0; g < gates * D; g++) {
        const d = d_wx![row * gates * D + g]!;
        for (let i = 0; i < I; i++) {
          dX[row * I + i]! += d * tensors.input[g * I + i]!;
          dWeights[direction]![g * I + i]! += d * x[row * I + i]!;
        }
      }
    }
    walked(dX, lengths, steps, isReversed).forEach((value, i) => {
      dInput[i]! += value;
    });
  });
  return { output, state, dInput, dStart, dWeights, dBias };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance = 2e-5): void {
  expect(actual.length, what).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = errorOf(actual[i]!, expected[i]!);
    if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
  }
  expect(largest, what).toBeLessThanOrEqual(tolerance);
}

describe("networks of linear recurrences against float64", () => {
  it.for([
    ["mingru", { cell: "mingru", headDim: 6, inputDim: 5, batch: 3 }, 41],
    ["minlstm in both directions", { cell: "minlstm", headDim: 7, inputDim: 3, batch: 2, bidirectional: true }, 70],
    ["a user's cell, reversed", { cell: selective, headDim: 5, batch: 2, reverse: true }, 33],
    ["a user's cell with biases", { cell: leaky, headDim: 5, inputDim: 2, batch: 2 }, 19],
  ] as const)("%s: outputs, states, gradients, lengths", async ([, options, steps], context) => {
    const { device } = await requireDevice(context);
    // Planned for many steps, so that there are several chunks and a part of one.
    const program = plan({ ...options, steps: 4096, training: true });
    const weights = randomWeights(program, 1);
    const network = await createRecurrent(device, program, weights);
    const { batch, headDim, inputDim } = program;
    const name = program.cell.states[0]!;
    const states = directionCount(program) * batch * headDim;
    const [input, start] = [randomNumbers(batch * steps * inputDim, 2), randomNumbers(states, 3)];
    const [dOutput, dState] = [
      randomNumbers(batch * steps * headDim * directionCount(program), 4),
      randomNumbers(states, 5),
    ];
    for (const lengths of [undefined, Array.from({ length: batch }, (_, b) => 1 + ((b * 17) % steps))]) {
      const all = lengths ?? new Array<number>(batch).fill(steps);
      const expected = reference(program, weights, input, start, all, dOutput, dState);
      const { output, state } = await network.forward(input, { [name]: start }, lengths);
      expectClose(output, expected.output, "output");
      expectClose(state[name]!, expected.state, "state");
      const gradients = await network.backward(dOutput, { [name]: dState });
      expectClose(gradients.input, expected.dInput, "input gradient");
      expectClose(gradients.state[name]!, expected.dStart, "state gradient");
      gradients.weights.layers[0]!.forEach((tensors, direction) => {
        expectClose(tensors.input, expected.dWeights[direction]!, `weight gradient ${direction}`, 1e-4);
        expectClose(tensors.bias, expected.dBias[direction]!, `bias gradient ${direction}`, 1e-4);
      });
    }
    network.destroy();
  });

  it("step by step from a kept state, with the weights of a minGRU of PyTorch", async (context) => {
    const { device } = await requireDevice(context);
    const program = plan({ cell: "mingru", headDim: 4, inputDim: 3 });
    const values = randomNumbers(2 * 4 * 3, 9);
    const weights = weightsFromPyTorch(program, { "rnn.to_hidden_and_gate.weight": { shape: [8, 3], values } }, "rnn.");
    expect(weights.layers[0]![0]!.input).toEqual(values);
    const network = await createRecurrent(device, program, weights);
    const input = randomNumbers(6 * 3, 8);
    const { output } = await network.forward(input);
    await network.setState();
    for (let t = 0; t < 6; t++) {
      expectClose(
        await network.step(input.subarray(t * 3, t * 3 + 3)),
        output.subarray(t * 4, t * 4 + 4),
        `step ${t}`,
        1e-6,
      );
    }
    network.destroy();
  });
});

describe("networks of linear recurrences without a driver", () => {
  it("compile for every cell, in both types, with subgroups and without", async () => {
    const dawn = await openNullDevice();
    try {
      for (const cell of linearCells.keys()) {
        for (const features of [[], ["shader-f16", "subgroups"]] as const) {
          const device = {
            ...defaultDevice,
            features,
            subgroupSizes: features.length > 0 ? { min: 32, max: 32 } : null,
          };
          const dataType = features.length > 0 ? "fp16" : "fp32";
          const options = { cell, headDim: 9, inputDim: 5, layers: 2, batch: 2, dataType } as const;
          const program = planRecurrent({ ...options, training: dataType === "fp32" }, device);
          const network = await createRecurrent(dawn.device, program, randomWeights(program, 1));
          await network.forward(new Float32Array(2 * 300 * 5));
          if (dataType === "fp32") await network.backward(new Float32Array(2 * 300 * 9));
          network.destroy();
        }
      }
    } finally {
      await dawn.close();
    }
  });

  it("tell what does not fit", async () => {
    const dawn = await openNullDevice();
    try {
      const program = plan({ cell: "mingru", headDim: 4, batch: 2 });
      const network = await createRecurrent(dawn.device, program, randomWeights(program, 1));
      const input = new Float32Array(2 * 3 * 4);
      await expect(network.forward(input, "zero", [3])).rejects.toThrow("lengths: got 1, the program has 2 sequences");
      await expect(network.forward(input, "zero", [3, 4])).rejects.toThrow(
        "length: 4 is not an integer from 1 to 3 steps",
      );
      network.destroy();
      const lstm = plan({ cell: "lstm", headDim: 4, batch: 2 });
      const other = await createRecurrent(dawn.device, lstm, randomWeights(lstm, 1));
      await expect(other.forward(input, "zero", [3, 3])).rejects.toThrow(
        "lengths: networks of lstm run sequences of one length",
      );
      other.destroy();
      const dict = { "to_hidden_and_gate.weight": new Float32Array(32), "to_out.weight": new Float32Array(16) };
      expect(() => weightsFromPyTorch(program, dict)).toThrow(
        "to_out.weight: projections of the output are not supported",
      );
    } finally {
      await dawn.close();
    }
  });
});
