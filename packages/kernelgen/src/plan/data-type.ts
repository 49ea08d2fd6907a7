/** The type in which inputs, weights and the recurrent state are stored. Accumulation and the other states are always fp32. */
export type DataType = "bf16" | "fp32";

export const dataTypes: readonly DataType[] = ["bf16", "fp32"];

export const dataTypeBytes: Readonly<Record<DataType, number>> = { bf16: 2, fp32: 4 };

const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);

/** The bits of the bf16 number nearest to `value` (ties to even); NaN stays NaN. */
export function bf16Bits(value: number): number {
  float32[0] = value;
  const rounded = float32[0]!;
  let bits = float32Bits[0]!;
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  // Halfway between two bf16 numbers only because float32 rounded it so: the value itself lies to one side.
  if ((bits & 0xffff) === 0x8000 && rounded !== value) bits += Math.abs(value) > Math.abs(rounded) ? 1 : -1;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number whose bf16 bits are `bits`. */
export function fromBf16Bits(bits: number): number {
  float32Bits[0] = bits << 16;
  return float32[0]!;
}

/** The nearest number that the type holds. */
export function roundTo(type: DataType, value: number): number {
  return type === "bf16" ? fromBf16Bits(bf16Bits(value)) : Math.fround(value);
}

/** The bytes of an array of numbers in that type, little-endian. */
export function encode(type: DataType, values: Float64Array): Uint8Array {
  const array = type === "bf16" ? Uint16Array.from(values, bf16Bits) : Float32Array.from(values);
  return new Uint8Array(array.buffer);
}

/** The numbers in an array of bytes of that type, little-endian. */
export function decode(type: DataType, bytes: Uint8Array): Float64Array {
  const buffer = bytes.slice().buffer;
  return type === "bf16"
    ? Float64Array.from(new Uint16Array(buffer), fromBf16Bits)
    : Float64Array.from(new Float32Array(buffer));
}
