import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planRecurrent } from "../../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import {
  type OnnxAttributes,
  type OnnxOperator,
  type OnnxTensor,
  recurrentOptionsFromOnnx,
  weightsFromOnnx,
} from "../../../../packages/kernelgen/src/wgsl/weights/onnx.js";
import {
  createOnnxRecurrent,
  type OnnxInputs,
  type OnnxOutputs,
} from "../../../../packages/kernelgen/src/wgsl/weights/onnx-recurrent.js";
import { requireDevice } from "../devices.js";
import { randomNumbers } from "../recurrent/reference-network.js";
import { seed, webGpuDevice } from "../tilings.js";
import { plainOnnx } from "./plain-onnx.js";

const tolerance = 1e-5;
const defaultDevice = webGpuDevice("webgpu-default");

interface JsonTensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}
interface PublishedCase {
  readonly name: string;
  readonly opType: OnnxOperator["opType"];
  readonly attributes: OnnxAttributes;
  readonly inputs: Readonly<Record<string, JsonTensor>>;
  readonly outputs: Readonly<Record<keyof OnnxOutputs, JsonTensor>>;
}

const { cases } = JSON.parse(readFileSync(new URL("./onnx-cases.json", import.meta.url), "utf8")) as {
  readonly cases: readonly PublishedCase[];
};

function operatorOf({ opType, attributes, inputs }: PublishedCase): {
  readonly operator: OnnxOperator;
  readonly sequences: OnnxInputs;
} {
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }]),
  ) as Record<string, OnnxTensor> & { W: OnnxTensor; R: OnnxTensor; X: OnnxTensor };
  const { X, initial_h, initial_c, sequence_lens, ...weights } = tensors;
  return {
    operator: { opType, attributes, ...weights },
    sequences: {
      X,
      ...(initial_h && { initial_h }),
      ...(initial_c && { initial_c }),
      ...(sequence_lens && { sequence_lens: sequence_lens.values }),
    },
  };
}

/** Runs an operator; plans it for the batch of its input. */
async function run(device: GPUDevice, operator: OnnxOperator, sequences: OnnxInputs): Promise<OnnxOutputs> {
  const batchFirst = operator.attributes?.layout === 1;
  const [steps, batch] = [sequences.X.shape[batchFirst ? 1 : 0]!, sequences.X.shape[batchFirst ? 0 : 1]!];
  const program = planRecurrent({ ...recurrentOptionsFromOnnx(operator), batch, steps }, defaultDevice);
  const recurrent = await createOnnxRecurrent(device, program, operator);
  try {
    return await recurrent.run(sequences);
  } finally {
    recurrent.destroy();
  }
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!), `${what}[${i}]`).toBeLessThanOrEqual(tolerance);
  }
}

describe("the ONNX project's published test cases", () => {
  it.for(cases)("$name", async (published, context) => {
    const { device } = await requireDevice(context);
    const { operator, sequences } = operatorOf(published);
    const outputs = await run(device, operator, sequences);
    for (const [name, { shape, values }] of Object.entries(published.outputs)) {
      const tensor = outputs[name as keyof OnnxOutputs]!;
      expect(tensor.shape, name).toEqual(shape);
      expectClose(tensor.values, values, name);
    }
  });

  it("are all of them", () => {
    const common = ["batchwise", "bidirectional", "defaults", "reverse", "with_initial_bias"];
    const published = [
      ...common.flatMap((what) => [`test_gru_${what}`, `test_lstm_${what}`, `test_simple_rnn_${what}`]),
      ...["test_gru_seq_length", "test_rnn_seq_length", "test_lstm_with_peepholes"],
    ];
    expect(cases.map(({ name }) => name)).toEqual(published.toSorted());
  });
});

const tensorOf = (shape: readonly number[], tensorSeed: number): OnnxTensor => ({
  shape,
  values: randomNumbers(
    shape.reduce((a, b) => a * b),
    tensorSeed,
  ),
});

/** [first,second,…] with the first two dimensions exchanged. */
function exchanged({ shape, values }: OnnxTensor): OnnxTensor {
  const [first, second, ...rest] = shape as [number, number, ...number[]];
  const features = values.length / (first * second);
  const result = new Float32Array(values.length);
  values.forEach((value, index) => {
    const [row, feature] = [Math.floor(index / features), index % features];
    result[((row % second) * first + Math.floor(row / second)) * features + feature] = value;
  });
  return { shape: [second, first, ...rest], values: result };
}

it("random operators, of any direction, layout and place of the reset, against the specification's equations", async (context) => {
  const { device } = await requireDevice(context);
  const operators = fc.record({
    opType: fc.constantFrom("LSTM", "GRU", "RNN"),
    direction: fc.constantFrom("forward", "reverse", "bidirectional"),
    layout: fc.constantFrom(0, 1),
    linear_before_reset: fc.constantFrom(0, 1),
    family: fc.constantFrom("resident", "stepwise"),
    H: fc.integer({ min: 1, max: 7 }),
    I: fc.integer({ min: 1, max: 5 }),
    batch: fc.integer({ min: 1, max: 3 }),
    T: fc.integer({ min: 1, max: 4 }),
    peepholes: fc.boolean(),
    input_forget: fc.constantFrom(0, 1),
    clip: fc.constantFrom(undefined, 0.5),
    lengths: fc.option(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 })),
  });
  await fc.assert(
    fc.asyncProperty(operators, fc.nat(1e6), async (given, caseSeed) => {
      const { opType, direction, layout, linear_before_reset, input_forget, clip, H, I, batch, T } = given;
      const directions = direction === "bidirectional" ? 2 : 1;
      const gates = { LSTM: 4, GRU: 3, RNN: 1 }[opType];
      const operator: OnnxOperator = {
        opType,
        attributes: {
          hidden_size: H,
          direction,
          layout,
          ...(opType === "GRU" && { linear_before_reset }),
          ...(opType === "LSTM" && { input_forget }),
          ...(clip !== undefined && { clip }),
        },
        W: tensorOf([directions, gates * H, I], caseSeed),
        R: tensorOf([directions, gates * H, H], caseSeed + 1),
        B: tensorOf([directions, 2 * gates * H], caseSeed + 2),
        ...(opType === "LSTM" && given.peepholes && { P: tensorOf([directions, 3 * H], caseSeed + 6) }),
      };
      const inputs: OnnxInputs = {
        X: tensorOf([T, batch, I], caseSeed + 3),
        initial_h: tensorOf([directions, batch, H], caseSeed + 4),
        ...(opType === "LSTM" && { initial_c: tensorOf([directions, batch, H], caseSeed + 5) }),
        ...(given.lengths && { sequence_lens: given.lengths.slice(0, batch).map((length) => Math.min(length, T)) }),
      };
      const expected = plainOnnx(operator, inputs);
      const program = planRecurrent(
        { ...recurrentOptionsFromOnnx(operator), batch, steps: T, family: given.family },
        defaultDevice,
      );
      const recurrent = await createOnnxRecurrent(device, program, operator);
      const laidOut = Object.fromEntries(
        Object.entries(inputs).map(([name, tensor]) => [
          name,
          layout === 1 && name !== "sequence_lens" ? exchanged(tensor as OnnxTensor) : tensor,
        ]),
      ) as unknown as OnnxInputs;
      const { Y, Y_h, Y_c } = await recurrent.run(laidOut);
      recurrent.destroy();
      const inLayout0 = (tensor: OnnxTensor): Float32Array => (layout === 1 ? exchanged(tensor) : tensor).values;
      expectClose(inLayout0(Y_h), expected.Y_h, "Y_h");
      if (opType === "LSTM") expectClose(inLayout0(Y_c!), expected.Y_c, "Y_c");
      // Layout 1 has Y [B,T,directions,H] where layout 0 has [T,directions,B,H].
      const flat = layout === 1 ? exchanged({ shape: [batch, T * directions, H], values: Y.values }).values : Y.values;
      expectClose(flat, expected.Y, "Y");
    }),
    { numRuns: 10, seed, endOnFailure: true },
  );
});

describe("what cannot be expressed is refused by name", () => {
  const plain: OnnxOperator = { opType: "LSTM", W: tensorOf([1, 8, 3], 1), R: tensorOf([1, 8, 2], 2) };
  it.each<[Partial<OnnxOperator>, string]>([
    [{ attributes: { clip: -3 } }, "ONNX LSTM: not supported: clip -3"],
    [{ P: tensorOf([1, 4], 1) }, "ONNX LSTM: P: has the shape [1,4] and 4 values, needs [1,6]"],
    [
      { attributes: { activations: ["Sigmoid", "Relu", "Tanh"] } },
      "activations Sigmoid, Relu, Tanh; supported are Sigmoid, Tanh, Tanh",
    ],
    [{ attributes: { direction: "sideways" } }, 'direction "sideways"'],
    [{ attributes: { hidden_size: 3 } }, "hidden_size 3 with R of 2 units"],
    [{ W: tensorOf([1, 6, 3], 1) }, "ONNX LSTM: W: has the shape [1,6,3] and 18 values, needs [1,8,3]"],
    [{ B: tensorOf([1, 8], 1) }, "ONNX LSTM: B: has the shape [1,8] and 8 values, needs [1,16]"],
  ])("%o", (changed, message) => {
    expect(() => recurrentOptionsFromOnnx({ ...plain, ...changed })).toThrow(message);
  });

  it("default activations in other cases are the default ones", () => {
    const spelled = { ...plain, attributes: { activations: ["sigmoid", "TANH", "tanh"] } };
    expect(recurrentOptionsFromOnnx(spelled).cell).toBe("lstm");
  });

  it("lengths that are none, and a program of another operator", async (context) => {
    const program = planRecurrent({ ...recurrentOptionsFromOnnx(plain), batch: 2 }, defaultDevice);
    const other: OnnxOperator = { opType: "RNN", W: tensorOf([1, 2, 3], 1), R: tensorOf([1, 2, 2], 2) };
    expect(() => weightsFromOnnx(program, other)).toThrow("its cell is lstm, the operator's elman");
    const { device } = await requireDevice(context);
    const recurrent = await createOnnxRecurrent(device, program, plain);
    const X = tensorOf([4, 2, 3], 5);
    await expect(recurrent.run({ X, sequence_lens: [4, 0] })).rejects.toThrow(
      "ONNX sequence_lens: got 4, 0; needs 2 integers from 1 to 4",
    );
    await expect(recurrent.run({ X: tensorOf([4, 1, 3], 5) })).rejects.toThrow("ONNX X: has the shape [4,1,3]");
    expect((await recurrent.run({ X, sequence_lens: [4, 4] })).Y.shape).toEqual([4, 1, 2, 2]);
    recurrent.destroy();
  });
});
