import type { OnnxOperator, OnnxTensor } from "kernelgen/webgpu";
import type { Case, CaseValues } from "./cases.js";

// The few messages of onnx.proto (ONNX, Apache-2.0) that a model of one operator needs, by their field numbers.
const tensorType = { float: 1, int32: 6 } as const;
const attributeType = { float: 1, int: 2, string: 3 } as const;
const opset = 14;
const irVersion = 8;

const utf8 = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

const join = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
};

/** A field whose wire type is a varint. */
const integer = (field: number, value: number): Uint8Array => Uint8Array.from([...varint(field * 8), ...varint(value)]);
/** A field of bytes, text, or a message. */
const bytes = (field: number, content: Uint8Array | string): Uint8Array => {
  const data = typeof content === "string" ? utf8.encode(content) : content;
  return join([Uint8Array.from([...varint(field * 8 + 2), ...varint(data.length)]), data]);
};

const message = (...fields: readonly Uint8Array[]): Uint8Array => join(fields);

const tensor = (name: string, shape: readonly number[], values: Float32Array): Uint8Array =>
  message(
    ...shape.map((extent) => integer(1, extent)),
    integer(2, tensorType.float),
    bytes(8, name),
    bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  );

const value = (
  name: string,
  shape: readonly number[],
  elementType: (typeof tensorType)[keyof typeof tensorType] = tensorType.float,
): Uint8Array => {
  const dimensions = shape.map((extent) => bytes(1, message(integer(1, extent))));
  const type = message(integer(1, elementType), bytes(2, message(...dimensions)));
  return message(bytes(1, name), bytes(2, message(bytes(1, type))));
};

const intAttribute = (name: string, number: number): Uint8Array =>
  message(bytes(1, name), integer(3, number), integer(20, attributeType.int));

const floatAttribute = (name: string, number: number): Uint8Array => {
  // A field of four bytes: wire type 5.
  const content = join([Uint8Array.from(varint(2 * 8 + 5)), new Uint8Array(Float32Array.of(number).buffer)]);
  return message(bytes(1, name), content, integer(20, attributeType.float));
};

const textAttribute = (name: string, text: string): Uint8Array =>
  message(bytes(1, name), bytes(4, text), integer(20, attributeType.string));

/** A model of one recurrent operator in layout 0, with its weights; all other inputs that are given a shape are the model's. */
export function operatorModel(
  { opType, attributes = {}, ...weights }: OnnxOperator,
  shapes: { readonly X: readonly number[] } & Readonly<Record<string, readonly number[]>>,
): Uint8Array {
  const inputs = ["X", "W", "R", "B", "sequence_lens", "initial_h", ...(opType === "LSTM" ? ["initial_c", "P"] : [])];
  const constants = Object.entries(weights).filter(([, tensor]) => tensor !== undefined) as [string, OnnxTensor][];
  const isGiven = (name: string): boolean => name in shapes || constants.some(([constant]) => constant === name);
  const [T, batch] = shapes.X as readonly [number, number];
  const H = weights.R.shape.at(-1)!;
  const directions = weights.W.shape[0]!;
  const outputs: [string, number[]][] = [
    ["Y", [T, directions, batch, H]],
    ["Y_h", [directions, batch, H]],
    ...(opType === "LSTM" ? [["Y_c", [directions, batch, H]] as [string, number[]]] : []),
  ];
  const { clip, direction, hidden_size, input_forget, linear_before_reset } = attributes;
  const node = message(
    ...inputs.map((name) => bytes(1, isGiven(name) ? name : "")),
    ...outputs.map(([name]) => bytes(2, name)),
    bytes(4, opType),
    ...[
      intAttribute("hidden_size", hidden_size ?? H),
      textAttribute("direction", direction ?? "forward"),
      ...(clip === undefined ? [] : [floatAttribute("clip", clip)]),
      ...(input_forget === undefined ? [] : [intAttribute("input_forget", input_forget)]),
      ...(linear_before_reset === undefined ? [] : [intAttribute("linear_before_reset", linear_before_reset)]),
    ].map((attribute) => bytes(5, attribute)),
  );
  const graph = message(
    bytes(1, node),
    bytes(2, opType),
    ...constants.map(([name, { shape, values }]) => bytes(5, tensor(name, shape, values))),
    ...Object.entries(shapes).map(([name, shape]) =>
      bytes(11, value(name, shape, name === "sequence_lens" ? tensorType.int32 : tensorType.float)),
    ),
    ...outputs.map(([name, shape]) => bytes(12, value(name, shape))),
  );
  return message(integer(1, irVersion), bytes(7, graph), bytes(8, message(integer(2, opset))));
}

/** PyTorch's gates in the order of ONNX: LSTM i, o, f, c; GRU z, r, h. */
const onnxOrder = { lstm: [0, 3, 1, 2], gru: [1, 0, 2] } as const;

/** The gates' blocks of a tensor in another order. */
function reordered(values: Float32Array, order: readonly number[]): Float32Array {
  const size = values.length / order.length;
  const result = new Float32Array(values.length);
  order.forEach((gate, place) => {
    result.set(values.subarray(gate * size, (gate + 1) * size), place * size);
  });
  return result;
}

/** A model of one LSTM or GRU operator with its weights: input X [T,B,H], output Y [T,1,B,H]. */
export function onnxModel({ cell, steps, hidden, batch }: Case, values: CaseValues): Uint8Array {
  const order = onnxOrder[cell];
  const rows = order.length * hidden;
  const bias = new Float32Array(2 * rows);
  bias.set(reordered(values.inputBias, order));
  bias.set(reordered(values.recurrentBias, order), rows);
  const attributes = [
    intAttribute("hidden_size", hidden),
    ...(cell === "gru" ? [intAttribute("linear_before_reset", 1)] : []),
  ];
  const node = message(
    ...["X", "W", "R", "B"].map((name) => bytes(1, name)),
    bytes(2, "Y"),
    bytes(4, cell.toUpperCase()),
    ...attributes.map((attribute) => bytes(5, attribute)),
  );
  const graph = message(
    bytes(1, node),
    bytes(2, cell),
    bytes(5, tensor("W", [1, rows, hidden], reordered(values.inputWeights, order))),
    bytes(5, tensor("R", [1, rows, hidden], reordered(values.recurrentWeights, order))),
    bytes(5, tensor("B", [1, 2 * rows], bias)),
    bytes(11, value("X", [steps, batch, hidden])),
    bytes(12, value("Y", [steps, 1, batch, hidden])),
  );
  return message(integer(1, irVersion), bytes(7, graph), bytes(8, message(integer(2, opset))));
}

/** A tensor [A,B,F] as [B,A,F]. */
export function swapped(values: Float32Array, a: number, b: number): Float32Array<ArrayBuffer> {
  const features = values.length / (a * b);
  const result = new Float32Array(values.length);
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const from = (i * b + j) * features;
      result.set(values.subarray(from, from + features), (j * a + i) * features);
    }
  }
  return result;
}
