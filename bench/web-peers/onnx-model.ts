import type { Case, CaseValues } from "./cases.js";

// The few messages of onnx.proto (ONNX, Apache-2.0) that a model of one operator needs, by their field numbers.
const tensorType = { float: 1 } as const;
const attributeType = { int: 2, string: 3 } as const;
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

const value = (name: string, shape: readonly number[]): Uint8Array => {
  const dimensions = shape.map((extent) => bytes(1, message(integer(1, extent))));
  const type = message(integer(1, tensorType.float), bytes(2, message(...dimensions)));
  return message(bytes(1, name), bytes(2, message(bytes(1, type))));
};

const intAttribute = (name: string, number: number): Uint8Array =>
  message(bytes(1, name), integer(3, number), integer(20, attributeType.int));

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
