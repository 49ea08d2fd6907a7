/** The type in which inputs, weights and the recurrent state are stored. Accumulation and the other states are always fp32. */
export type DataType = "bf16" | "fp16" | "fp32";

export const dataTypes: readonly DataType[] = ["bf16", "fp16", "fp32"];

/** What the elements of a tensor may be: numbers, or counts such as the lengths of sequences. */
export type ElementType = DataType | "int32";

export const dataTypeBytes: Readonly<Record<ElementType, number>> = { bf16: 2, fp16: 2, fp32: 4, int32: 4 };

const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);
const float64 = new Float64Array(1);
const float64Bits = new Uint32Array(float64.buffer);

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

/** Exponents and fractions of fp16 (IEEE 754 binary16). */
const fp16 = { leastExponent: -14, fractionBits: 10, exponentBias: 15, largest: 65504, infinityBits: 0x7c00 } as const;

/** The bits of the fp16 number nearest to `value` (ties to even); NaN stays NaN. */
export function fp16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return fp16.infinityBits | (1 << (fp16.fractionBits - 1));
  // Half a step beyond the largest number, infinity is nearer.
  if (magnitude >= fp16.largest + 2 ** (fp16.exponentBias - fp16.fractionBits - 1)) return sign | fp16.infinityBits;
  const exponent = Math.max(fp16.leastExponent, exponentOf(magnitude));
  const steps = roundHalfEven(magnitude * 2 ** (fp16.fractionBits - exponent));
  // A step more than the fraction holds carries into the exponent, as it should.
  return sign | (((exponent - fp16.leastExponent) << fp16.fractionBits) + steps);
}

/** The number whose fp16 bits are `bits`. */
export function fromFp16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const field = (bits >> fp16.fractionBits) & 0x1f;
  const fraction = bits & ((1 << fp16.fractionBits) - 1);
  if (field === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  const steps = field === 0 ? fraction : fraction + (1 << fp16.fractionBits);
  return sign * steps * 2 ** (Math.max(field, 1) - fp16.exponentBias - fp16.fractionBits);
}

/** The exponent e of a finite number ≥ 0 with 2^e ≤ value < 2^(e+1); −1023 for 0 and subnormal numbers. */
function exponentOf(value: number): number {
  float64[0] = value;
  return ((float64Bits[1]! >>> 20) & 0x7ff) - 1023;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** How numbers of the 16-bit types are written and read. */
const codes = {
  bf16: { bits: bf16Bits, value: fromBf16Bits },
  fp16: { bits: fp16Bits, value: fromFp16Bits },
} as const;

/** The nearest number that the type holds. */
export function roundTo(type: DataType, value: number): number {
  return type === "fp32" ? Math.fround(value) : codes[type].value(codes[type].bits(value));
}

/** The bytes of an array of numbers in that type, little-endian. */
export function encode(type: ElementType, values: Float64Array): Uint8Array {
  if (type === "int32") return new Uint8Array(Int32Array.from(values).buffer);
  const array = type === "fp32" ? Float32Array.from(values) : Uint16Array.from(values, codes[type].bits);
  return new Uint8Array(array.buffer);
}

/** The numbers in an array of bytes of that type, little-endian. */
export function decode(type: ElementType, bytes: Uint8Array): Float64Array {
  const buffer = bytes.slice().buffer;
  if (type === "int32") return Float64Array.from(new Int32Array(buffer));
  return type === "fp32"
    ? Float64Array.from(new Float32Array(buffer))
    : Float64Array.from(new Uint16Array(buffer), codes[type].value);
}
