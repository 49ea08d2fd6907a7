import type { DataType } from "../../plan/data-type.js";
import { dataTypeBytes } from "../../plan/data-type.js";

/** Words that a thread's adjacent channels travel as, by their bytes. */
const wordTypes: Readonly<Record<number, string>> = { 2: "uint16_t", 4: "uint32_t", 8: "Words2", 16: "Words4" };

/** Bytes that the channels of a thread take in one step of one tensor. */
export const wordBytes = (type: DataType, channelsPerThread: number): number => dataTypeBytes[type] * channelsPerThread;

/** C++ of `Element`, of the `Word` that holds CHANNELS_PER_THREAD of them, and of the conversions to and from floats. */
export function wordsSource(type: DataType, channelsPerThread: number): string {
  const bytes = wordBytes(type, channelsPerThread);
  const part = bytes <= 4 ? "word" : "word.w[i]";
  const loop = (count: number, body: string): string =>
    count === 1
      ? `  ${body.replaceAll("[i]", "[0]").replaceAll("2 * i + 1", "1").replaceAll("2 * i", "0")}`
      : `  KERNELGEN_UNROLL
  for (int i = 0; i < ${count}; ++i) ${body}`;
  const conversions =
    type === "fp32"
      ? {
          unpack: loop(channelsPerThread, `values[i] = float_of(${part});`),
          pack: loop(channelsPerThread, `${part} = bits_of(values[i]);`),
        }
      : channelsPerThread === 1
        ? { unpack: `  values[0] = ${type}_to_float(word);`, pack: `  word = float_to_${type}(values[0]);` }
        : {
            unpack: loop(
              channelsPerThread / 2,
              `{
    values[2 * i] = low_${type}_to_float(${part});
    values[2 * i + 1] = high_${type}_to_float(${part});
  }`,
            ),
            pack: loop(channelsPerThread / 2, `${part} = pack_${type}(values[2 * i], values[2 * i + 1]);`),
          };
  return `
${type === "fp32" ? "using Element = float;" : `/** ${type} as bits. */\nusing Element = uint16_t;`}
/** The adjacent channels of a thread in one step of one tensor: one access. */
using Word = ${wordTypes[bytes]};
KERNELGEN_DEVICE void unpack(const Word& word, float (&values)[CHANNELS_PER_THREAD]) {
${conversions.unpack}
}
KERNELGEN_DEVICE Word pack(const float (&values)[CHANNELS_PER_THREAD]) {
  Word word;
${conversions.pack}
  return word;
}
KERNELGEN_DEVICE Word load_word(const Element* source) { return load_streaming(reinterpret_cast<const Word*>(source)); }
KERNELGEN_DEVICE void store_word(Element* target, const Word& word) { store_streaming(reinterpret_cast<Word*>(target), word); }
${floatsSource(channelsPerThread)}`;
}

/** C++ that moves the channels of a thread as floats, to and from shared and global memory. */
function floatsSource(channelsPerThread: number): string {
  const width = Math.min(channelsPerThread, 4);
  const words = channelsPerThread / width;
  const type = wordTypes[4 * width]!;
  const access = (index: string): string =>
    width === 1
      ? `bits_of(values[${index}])`
      : `${type}{${Array.from({ length: width }, (_, i) => `bits_of(values[${width} * i + ${i}])`).join(", ")}}`;
  const load = (fetch: (address: string) => string): string =>
    width === 1
      ? `  values[0] = float_of(${fetch(`reinterpret_cast<const ${type}*>(source)`)});`
      : `  KERNELGEN_UNROLL
  for (int i = 0; i < ${words}; ++i) {
    const ${type} word = ${fetch(`reinterpret_cast<const ${type}*>(source) + i`)};
    KERNELGEN_UNROLL
    for (int j = 0; j < ${width}; ++j) values[${width} * i + j] = float_of(word.w[j]);
  }`;
  const store = (put: (address: string, word: string) => string): string =>
    width === 1
      ? `  ${put(`reinterpret_cast<${type}*>(target)`, access("0"))};`
      : `  KERNELGEN_UNROLL
  for (int i = 0; i < ${words}; ++i) ${put(`reinterpret_cast<${type}*>(target) + i`, access("i"))};`;
  return `
/** The channels of a thread as floats, in as few accesses as there can be: plain ones, and those through L2. */
KERNELGEN_DEVICE void load_floats(const float* source, float (&values)[CHANNELS_PER_THREAD]) {
${load((address) => `*(${address})`)}
}
KERNELGEN_DEVICE void store_floats(float* target, const float (&values)[CHANNELS_PER_THREAD]) {
${store((address, word) => `*(${address}) = ${word}`)}
}
KERNELGEN_DEVICE void load_floats_relaxed(const float* source, float (&values)[CHANNELS_PER_THREAD]) {
${load((address) => `load_relaxed(${address})`)}
}
KERNELGEN_DEVICE void store_floats_relaxed(float* target, const float (&values)[CHANNELS_PER_THREAD]) {
${store((address, word) => `store_relaxed(${address}, ${word})`)}
}
`;
}
