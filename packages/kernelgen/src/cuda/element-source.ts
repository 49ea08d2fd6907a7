import type { DataType } from "../plan/data-type.js";

/** The element type and its conversion. The 16-bit types round away more than the fast functions' errors. */
const typeSource = {
  bf16: sixteenBitSource("bf16"),
  fp16: sixteenBitSource("fp16"),
  fp32: `
using Element = float;
KERNELGEN_DEVICE float to_float(Element value) { return value; }
KERNELGEN_DEVICE float sigmoid(float x) { return sigmoid_accurate(x); }
KERNELGEN_DEVICE float tanh(float x) { return tanh_accurate(x); }
`,
} as const satisfies Record<DataType, string>;

function sixteenBitSource(type: "bf16" | "fp16"): string {
  return `
/** ${type} as bits. */
using Element = uint16_t;
KERNELGEN_DEVICE float to_float(Element value) { return ${type}_to_float(value); }
KERNELGEN_DEVICE float sigmoid(float x) { return sigmoid_fast(x); }
KERNELGEN_DEVICE float tanh(float x) { return tanh_fast(x); }
`;
}

/** How a thread's adjacent elements travel as one word. */
function packedSource(type: DataType, unitsPerThread: number): string {
  if (type === "fp32") {
    return unitsPerThread === 1
      ? `
using Packed = uint32_t;
KERNELGEN_DEVICE Packed pack(const float (&values)[1]) { return bits_of(values[0]); }
KERNELGEN_DEVICE void unpack(Packed word, float (&values)[1]) { values[0] = float_of(word); }
`
      : `
using Packed = Words2;
KERNELGEN_DEVICE Packed pack(const float (&values)[2]) { return {bits_of(values[0]), bits_of(values[1])}; }
KERNELGEN_DEVICE void unpack(Packed word, float (&values)[2]) {
  values[0] = float_of(word.w[0]);
  values[1] = float_of(word.w[1]);
}
`;
  }
  return unitsPerThread === 1
    ? `
using Packed = uint16_t;
KERNELGEN_DEVICE Packed pack(const float (&values)[1]) { return float_to_${type}(values[0]); }
KERNELGEN_DEVICE void unpack(Packed word, float (&values)[1]) { values[0] = ${type}_to_float(word); }
`
    : `
using Packed = uint32_t;
KERNELGEN_DEVICE Packed pack(const float (&values)[2]) { return pack_${type}(values[0], values[1]); }
KERNELGEN_DEVICE void unpack(Packed word, float (&values)[2]) {
  values[0] = low_${type}_to_float(word);
  values[1] = high_${type}_to_float(word);
}
`;
}

/** C++ of the element type, its functions, and of the words that hold a thread's adjacent units. */
export function elementSource(dataType: DataType, unitsPerThread: number): string {
  return typeSource[dataType] + packedSource(dataType, unitsPerThread);
}

/** C++ that rounds a float to an element, for kernels in which elements do not travel packed. */
export const toElementSource = (dataType: DataType): string =>
  `KERNELGEN_DEVICE Element to_element(float value) { return ${dataType === "fp32" ? "value" : `float_to_${dataType}(value)`}; }\n`;
