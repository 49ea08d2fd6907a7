import { type DataType, dataTypeBytes } from "../../plan/data-type.js";

/** The widest words first that a number of bytes is made of, with the alignment of their own size. */
const wordTypes = [
  { name: "Words4", bytes: 16 },
  { name: "Words2", bytes: 8 },
  { name: "uint32_t", bytes: 4 },
  { name: "uint16_t", bytes: 2 },
] as const;

/**
 * C++ of how du of a thread's adjacent units travels: all recurrent gates of a unit together, one unit after the other, in as few words as
 * their alignment allows.
 */
export function sentWordsSource(dataType: DataType, unitsPerThread: number, recurrentGates: number): string {
  const elementBytes = dataTypeBytes[dataType];
  const elements = unitsPerThread * recurrentGates;
  const word = wordTypes.find(({ bytes }) => (elements * elementBytes) % bytes === 0)!;
  const wordElements = word.bytes / elementBytes;
  const value = (index: number): string =>
    `sent(values[${Math.floor(index / recurrentGates)}][${index % recurrentGates}])`;
  const pieces = (first: number): readonly string[] => {
    if (dataType === "fp32") return Array.from({ length: wordElements }, (_, i) => `bits_of(${value(first + i)})`);
    if (wordElements === 1) return [`float_to_${dataType}(${value(first)})`];
    return Array.from(
      { length: wordElements / 2 },
      (_, i) => `pack_${dataType}(${value(first + 2 * i)}, ${value(first + 2 * i + 1)})`,
    );
  };
  const words = Array.from({ length: elements / wordElements }, (_, index) => {
    const parts = pieces(index * wordElements);
    const text = word.bytes > 4 ? `{{${parts.join(", ")}}}` : parts[0]!;
    return `  words[${index}] = ${text};`;
  });
  return `
/** du of the recurrent gates of a thread's units on their way: unit by unit, the gates of a unit together. */
using SentWord = ${word.name};
constexpr int SENT_WORDS = ${words.length};
KERNELGEN_DEVICE void pack_sent(const float (&values)[UNITS_PER_THREAD][RECURRENT_GATE_COUNT], SentWord (&words)[SENT_WORDS]) {
${words.join("\n")}
}
`;
}
