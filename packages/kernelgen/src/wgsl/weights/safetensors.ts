import { KernelgenError } from "../../errors.js";
import { decode } from "../../plan/data-type.js";
import type { StateTensor } from "./pytorch.js";

/** The types of the format that become float32, and how. Others are refused by name. */
const readers: Readonly<Record<string, { readonly bytes: number; read(bytes: Uint8Array): Float32Array }>> = {
  F64: { bytes: 8, read: (bytes) => Float32Array.from(new Float64Array(bytes.slice().buffer)) },
  F32: { bytes: 4, read: (bytes) => new Float32Array(bytes.slice().buffer) },
  F16: { bytes: 2, read: (bytes) => Float32Array.from(decode("fp16", bytes)) },
  BF16: { bytes: 2, read: (bytes) => Float32Array.from(decode("bf16", bytes)) },
};

const lengthBytes = 8;

/**
 * Reads a safetensors file: the tensors by their names, as float32.
 *
 * The format is the length of a JSON header in 8 bytes (little-endian), the header, which gives each tensor's `dtype`, `shape` and
 * `data_offsets`, and the bytes of all tensors. Source: https://github.com/huggingface/safetensors, "Format".
 *
 * @throws `KernelgenError` "invalid-problem" where the file is no such file or is cut off, and for types other than F64, F32, F16 and BF16
 */
export function readSafetensors(file: ArrayBuffer | Uint8Array): Readonly<Record<string, StateTensor>> {
  const bytes = file instanceof Uint8Array ? file : new Uint8Array(file);
  const { header, data } = split(bytes);
  return Object.fromEntries(
    Object.entries(header)
      .filter(([name]) => name !== "__metadata__")
      .map(([name, description]) => [name, tensorOf(name, description, data)]),
  );
}

const refuse = (what: string): KernelgenError => new KernelgenError("invalid-problem", `safetensors: ${what}`);

function split(bytes: Uint8Array): { readonly header: Record<string, unknown>; readonly data: Uint8Array } {
  if (bytes.length < lengthBytes) throw refuse(`a file of ${bytes.length} B has no header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - lengthBytes) {
    throw refuse(`the header should have ${length} B, the file has ${bytes.length - lengthBytes} B after its length`);
  }
  const text = new TextDecoder().decode(bytes.subarray(lengthBytes, lengthBytes + length));
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === "object" && header !== null && !Array.isArray(header)) {
      return { header: header as Record<string, unknown>, data: bytes.subarray(lengthBytes + length) };
    }
  } catch {
    // Said below.
  }
  throw refuse("the header is no JSON object");
}

function tensorOf(name: string, description: unknown, data: Uint8Array): StateTensor {
  const { dtype, shape, data_offsets: offsets } = description as Record<string, unknown>;
  const reader = readers[String(dtype)];
  if (reader === undefined) {
    throw refuse(`tensor ${name} has the type ${String(dtype)}; ${Object.keys(readers).join(", ")} can be read`);
  }
  if (!isWholeNumbers(shape) || !isWholeNumbers(offsets) || offsets.length !== 2) {
    throw refuse(`tensor ${name} has no shape or no place in the file`);
  }
  const [begin, end] = offsets as readonly [number, number];
  const needed = shape.reduce((count, extent) => count * extent, reader.bytes);
  if (end - begin !== needed || end > data.length) {
    throw refuse(
      `tensor ${name} ${String(dtype)} [${shape.join(",")}] needs ${needed} B, the file has bytes ${begin} to ${end} of ${data.length}`,
    );
  }
  return { shape, values: reader.read(data.subarray(begin, end)) };
}

const isWholeNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
