import type { DataType } from "../plan/data-type.js";

const bf16Source = `
/** bf16 as bits. */
using Element = uint16_t;
KERNELGEN_DEVICE float to_float(Element value) { return bf16_to_float(value); }
KERNELGEN_DEVICE float sigmoid(float x) { return sigmoid_fast(x); }
KERNELGEN_DEVICE float tanh(float x) { return tanh_fast(x); }
`;

const fp32Source = `
using Element = float;
KERNELGEN_DEVICE float to_float(Element value) { return value; }
KERNELGEN_DEVICE float sigmoid(float x) { return sigmoid_accurate(x); }
KERNELGEN_DEVICE float tanh(float x) { return tanh_accurate(x); }
`;

/** How a thread's adjacent elements travel as one word. */
const packedSource: Readonly<Record<string, string>> = {
  "bf16 1": `
using Packed = uint16_t;
KERNELGEN_DEVICE Packed pack(const float (&values)[1]) { return float_to_bf16(values[0]); }
KERNELGEN_DEVICE void unpack(Packed word, float (&values)[1]) { values[0] = bf16_to_float(word); }
`,
  "bf16 2": `
using Packed = uint32_t;
KERNELGEN_DEVICE Packed pack(const float (&values)[2]) { return pack_bf16(values[0], values[1]); }
KERNELGEN_DEVICE void unpack(Packed word, float (&values)[2]) {
  values[0] = low_bf16_to_float(word);
  values[1] = high_bf16_to_float(word);
}
`,
  "fp32 1": `
using Packed = uint32_t;
KERNELGEN_DEVICE Packed pack(const float (&values)[1]) { return bits_of(values[0]); }
KERNELGEN_DEVICE void unpack(Packed word, float (&values)[1]) { values[0] = float_of(word); }
`,
  "fp32 2": `
using Packed = Words2;
KERNELGEN_DEVICE Packed pack(const float (&values)[2]) { return {bits_of(values[0]), bits_of(values[1])}; }
KERNELGEN_DEVICE void unpack(Packed word, float (&values)[2]) {
  values[0] = float_of(word.w[0]);
  values[1] = float_of(word.w[1]);
}
`,
};

/** C++ of the element type, its functions, and of the words that hold a thread's adjacent units. */
export function elementSource(dataType: DataType, unitsPerThread: number): string {
  return (dataType === "bf16" ? bf16Source : fp32Source) + packedSource[`${dataType} ${unitsPerThread}`]!;
}
