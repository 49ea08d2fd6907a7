import type { DataType } from "../../plan/data-type.js";

/**
 * C++ of an h that the cell does not bound below 2: it travels scaled by a power of two, which is exact, and is held at the largest number below 2 should
 * it still reach 2.
 */
export const scalingSource = (type: DataType, exponent: number): string => `
constexpr float SEND_SCALE = 0x1p-${exponent}f;
constexpr float RECEIVE_SCALE = 0x1p${exponent}f;
constexpr float LARGEST_SENT = ${largestSent[type]};

KERNELGEN_DEVICE float sent(float h) { return -maximum(-maximum(h * SEND_SCALE, -LARGEST_SENT), -LARGEST_SENT); }
${elementScaling(type)}
`;

/** The largest number below 2 of each type. */
const largestSent: Readonly<Record<DataType, string>> = {
  bf16: "0x1.FEp0f",
  fp16: "0x1.FFCp0f",
  fp32: "0x1.FFFFFEp0f",
};

const elementScaling = (type: DataType): string =>
  type === "fp32"
    ? `
KERNELGEN_DEVICE uint32_t sent(uint32_t word) { return bits_of(sent(float_of(word))); }
KERNELGEN_DEVICE Words2 sent(Words2 words) { return {sent(words.w[0]), sent(words.w[1])}; }
KERNELGEN_DEVICE uint32_t received(uint32_t word) { return bits_of(float_of(word) * RECEIVE_SCALE); }`
    : `
KERNELGEN_DEVICE uint16_t sent(uint16_t element) { return float_to_${type}(sent(${type}_to_float(element))); }
KERNELGEN_DEVICE uint32_t sent(uint32_t word) {
  return pack_${type}(sent(low_${type}_to_float(word)), sent(high_${type}_to_float(word)));
}
KERNELGEN_DEVICE uint32_t received(uint32_t word) {
  return pack_${type}(low_${type}_to_float(word) * RECEIVE_SCALE, high_${type}_to_float(word) * RECEIVE_SCALE);
}`;

/**
 * C++ of du, which has no bound: it travels scaled as an h without a bound does, but nothing is scaled back as it arrives, since the product is linear:
 * its sums are. An exponent of 0 leaves both as they are.
 */
export const gradientScalingSource = (type: DataType, exponent: number): string =>
  exponent === 0
    ? `
KERNELGEN_DEVICE float sent(float gradient) { return gradient; }
KERNELGEN_DEVICE float received_sum(float sum) { return sum; }
`
    : `
constexpr float SEND_SCALE = 0x1p-${exponent}f;
constexpr float RECEIVE_SCALE = 0x1p${exponent}f;
constexpr float LARGEST_SENT = ${largestSent[type]};

KERNELGEN_DEVICE float sent(float gradient) { return -maximum(-maximum(gradient * SEND_SCALE, -LARGEST_SENT), -LARGEST_SENT); }
KERNELGEN_DEVICE float received_sum(float sum) { return sum * RECEIVE_SCALE; }
`;
