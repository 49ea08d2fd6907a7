/** C++ that reads and writes the adjacent units of a thread in fp32. */
export const floatsSource = `
KERNELGEN_DEVICE void load_floats(const float* source, float (&values)[UNITS_PER_THREAD]) {
  if constexpr (UNITS_PER_THREAD == 2) {
    const Words2 words = load_streaming(reinterpret_cast<const Words2*>(source));
    values[0] = float_of(words.w[0]);
    values[1] = float_of(words.w[1]);
  } else {
    values[0] = load_streaming(source);
  }
}
KERNELGEN_DEVICE void store_floats(float* target, const float (&values)[UNITS_PER_THREAD]) {
  if constexpr (UNITS_PER_THREAD == 2) {
    store_streaming(reinterpret_cast<Words2*>(target), Words2{bits_of(values[0]), bits_of(values[1])});
  } else {
    store_streaming(target, values[0]);
  }
}
`;
