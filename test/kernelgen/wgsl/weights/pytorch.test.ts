import { describe, expect, it } from "vitest";
import { planRecurrent } from "../../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import { createRecurrent } from "../../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import { type StateDict, weightsFromPyTorch } from "../../../../packages/kernelgen/src/wgsl/weights/pytorch.js";
import { readSafetensors } from "../../../../packages/kernelgen/src/wgsl/weights/safetensors.js";
import { requireDevice } from "../devices.js";
import { randomNumbers } from "../recurrent/reference-network.js";
import { webGpuDevice } from "../tilings.js";

const device = webGpuDevice("webgpu-default");
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** One step of `torch.nn.RNN`, `LSTM` or `GRU` as its documentation has it; `gi` and `gh` are W_ih x + b_ih and W_hh h + b_hh. */
const torchSteps = {
  elman: (gi: number[], gh: number[]) => ({ h: Math.tanh(gi[0]! + gh[0]!), c: 0 }),
  lstm: (gi: number[], gh: number[], _h: number, c: number) => {
    const [i, f, g, o] = gi.map((value, gate) => value + gh[gate]!) as [number, number, number, number];
    const next = sigmoid(f) * c + sigmoid(i) * Math.tanh(g);
    return { h: sigmoid(o) * Math.tanh(next), c: next };
  },
  gru: (gi: number[], gh: number[], h: number) => {
    const r = sigmoid(gi[0]! + gh[0]!);
    const z = sigmoid(gi[1]! + gh[1]!);
    return { h: (1 - z) * Math.tanh(gi[2]! + r * gh[2]!) + z * h, c: 0 };
  },
} as const;

const sizes = { I: 3, H: 4, T: 5, layers: 2, gates: { elman: 1, lstm: 4, gru: 3 } } as const;
const suffixes = Array.from({ length: sizes.layers }, (_, layer) => [`_l${layer}`, `_l${layer}_reverse`]);

/** A state dict of a bidirectional module of two layers, and its output in float64: batch 1. */
function torchModule(cell: keyof typeof torchSteps, prefix: string) {
  const { I, H, T } = sizes;
  const rows = sizes.gates[cell] * H;
  let seed = 0;
  const tensor = (...shape: number[]) => ({
    shape,
    values: randomNumbers(
      shape.reduce((a, b) => a * b),
      ++seed,
    ),
  });
  const stateDict: Record<string, ReturnType<typeof tensor>> = {};
  suffixes.forEach((directions, layer) => {
    for (const suffix of directions) {
      stateDict[`${prefix}weight_ih${suffix}`] = tensor(rows, layer === 0 ? I : 2 * H);
      stateDict[`${prefix}weight_hh${suffix}`] = tensor(rows, H);
      stateDict[`${prefix}bias_ih${suffix}`] = tensor(rows);
      stateDict[`${prefix}bias_hh${suffix}`] = tensor(rows);
    }
  });
  const input = randomNumbers(T * I, 99);
  let level = Array.from({ length: T }, (_, t) => [...input.subarray(t * I, (t + 1) * I)]);
  for (const directions of suffixes) {
    const outputs = directions.map((suffix, direction) => {
      const of = (name: string): Float32Array => stateDict[`${prefix}${name}${suffix}`]!.values;
      /** W x + b of a gate's unit. */
      const product = (kind: "ih" | "hh", x: readonly number[], row: number): number =>
        x.reduce((sum, value, k) => sum + value * of(`weight_${kind}`)[row * x.length + k]!, of(`bias_${kind}`)[row]!);
      let [h, c] = [new Array<number>(H).fill(0), new Array<number>(H).fill(0)];
      const steps = direction === 0 ? level : level.toReversed();
      const walked = steps.map((x) => {
        const next = h.map((_, j) => {
          const gates = Array.from({ length: sizes.gates[cell] }, (_, gate) => gate * H + j);
          const [gi, gh] = [gates.map((row) => product("ih", x, row)), gates.map((row) => product("hh", h, row))];
          return torchSteps[cell](gi, gh, h[j]!, c[j]!);
        });
        h = next.map((state) => state.h);
        c = next.map((state) => state.c);
        return h;
      });
      return direction === 0 ? walked : walked.toReversed();
    });
    level = level.map((_, t) => [...outputs[0]![t]!, ...outputs[1]![t]!]);
  }
  return { stateDict, input, output: level.flat() };
}

const options = { inputDim: sizes.I, headDim: sizes.H, layers: sizes.layers, bidirectional: true, steps: sizes.T };

describe("weights from PyTorch", () => {
  it.for(["elman", "lstm", "gru"] as const)(
    "of a bidirectional %s of two layers give its output",
    async (cell, context) => {
      const opened = await requireDevice(context);
      const { stateDict, input, output } = torchModule(cell, "encoder.");
      const program = planRecurrent({ cell, ...options }, device);
      const network = await createRecurrent(opened.device, program, weightsFromPyTorch(program, stateDict, "encoder."));
      const result = await network.forward(input);
      expect(result.output).toHaveLength(output.length);
      result.output.forEach((value, index) => {
        expect(Math.abs(value - output[index]!), `output[${index}]`).toBeLessThanOrEqual(1e-5);
      });
      network.destroy();
    },
  );

  const program = planRecurrent({ cell: "gru", headDim: 2, inputDim: 3 }, device);
  const dict: StateDict = { weight_ih_l0: new Float32Array(18).fill(1), weight_hh_l0: new Float32Array(12).fill(2) };

  it("a module without biases has zeros", () => {
    const { bias, input } = weightsFromPyTorch(program, dict).layers[0]![0]!;
    expect(bias).toEqual(new Float32Array(8));
    expect(input).toEqual(dict.weight_ih_l0);
  });

  it.each<[StateDict, string]>([
    [{}, "the state dict has no weight_ih_l0 [6,3]; it has "],
    [
      { ...dict, weight_hh_l0: new Float32Array(3) },
      "weight_hh_l0: the state dict has 3 values, the program needs [6,2]",
    ],
    [
      { ...dict, weight_ih_l0: { shape: [3, 6], values: new Float32Array(18) } },
      "weight_ih_l0: the state dict has [3,6], the program needs [6,3]",
    ],
    [{ ...dict, bias_ih_l0: new Float32Array(6) }, "the state dict has no bias_hh_l0 [6]"],
    [{ ...dict, weight_hr_l0: new Float32Array(4) }, "weight_hr_l0: projections of the state are not supported"],
  ])("a state dict that does not fit is refused", (stateDict, message) => {
    expect(() => weightsFromPyTorch(program, stateDict)).toThrow(message);
  });

  it("cells and heads that PyTorch does not have are refused", () => {
    const slstm = planRecurrent({ cell: "slstm", headDim: 2 }, device);
    expect(() => weightsFromPyTorch(slstm, dict)).toThrow("PyTorch has no module of the cell slstm");
    const heads = planRecurrent({ cell: "gru", headDim: 2, heads: 2 }, device);
    expect(() => weightsFromPyTorch(heads, dict)).toThrow("torch.nn.GRU has one head, the program has 2");
  });
});

describe("safetensors", () => {
  /** A file of the format: the header's length, the header, the bytes. */
  const fileOf = (header: object | string, data: Uint8Array): Uint8Array => {
    const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
    const file = new Uint8Array(8 + text.length + data.length);
    new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
    file.set(text, 8);
    file.set(data, 8 + text.length);
    return file;
  };
  const data = new Uint8Array(Float32Array.of(1, -2.5, 3).buffer);

  it("gives tensors of every floating type", () => {
    const bytes = new Uint8Array([
      ...data,
      ...new Uint8Array(Float64Array.of(0.125).buffer),
      // 1.5 and −2 as fp16, and as bf16.
      ...[0x00, 0x3e, 0x00, 0xc0],
      ...[0xc0, 0x3f, 0x00, 0xc0],
    ]);
    const header = {
      __metadata__: { format: "pt" },
      a: { dtype: "F32", shape: [3, 1], data_offsets: [0, 12] },
      b: { dtype: "F64", shape: [], data_offsets: [12, 20] },
      c: { dtype: "F16", shape: [2], data_offsets: [20, 24] },
      d: { dtype: "BF16", shape: [2], data_offsets: [24, 28] },
    };
    expect(readSafetensors(fileOf(header, bytes))).toEqual({
      a: { shape: [3, 1], values: Float32Array.of(1, -2.5, 3) },
      b: { shape: [], values: Float32Array.of(0.125) },
      c: { shape: [2], values: Float32Array.of(1.5, -2) },
      d: { shape: [2], values: Float32Array.of(1.5, -2) },
    });
    // Also from the middle of a larger buffer, and from an ArrayBuffer.
    const shifted = new Uint8Array([7, ...fileOf(header, bytes)]).subarray(1);
    expect(readSafetensors(shifted).a!.values).toEqual(Float32Array.of(1, -2.5, 3));
    expect(readSafetensors(fileOf(header, bytes).buffer as ArrayBuffer).b!.values[0]).toBe(0.125);
  });

  const tensor = (changed: object): object => ({ w: { dtype: "F32", shape: [3], data_offsets: [0, 12], ...changed } });
  it.each<[Uint8Array, string]>([
    [new Uint8Array(3), "safetensors: a file of 3 B has no header"],
    [fileOf({}, data).subarray(0, 9), "the header should have 2 B, the file has 1 B after its length"],
    [fileOf("[1]", data), "the header is no JSON object"],
    [fileOf("{", data), "the header is no JSON object"],
    [fileOf(tensor({ dtype: "I64" }), data), "tensor w has the type I64; F64, F32, F16, BF16 can be read"],
    [fileOf(tensor({ shape: [4] }), data), "tensor w F32 [4] needs 16 B, the file has bytes 0 to 12 of 12"],
    [fileOf(tensor({ data_offsets: [4, 16] }), data), "tensor w F32 [3] needs 12 B, the file has bytes 4 to 16 of 12"],
    [fileOf(tensor({ shape: [-3] }), data), "tensor w has no shape or no place in the file"],
  ])("a file that is none is refused", (file, message) => {
    expect(() => readSafetensors(file)).toThrow(message);
  });
});
