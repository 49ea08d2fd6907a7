/** The fields of the uniform `run` of a recurrence, each a u32, in their order. */
export const runFields = ["steps", "step", "reversed", "outputStride", "outputOffset"] as const;

export type RunEntry = Readonly<Record<(typeof runFields)[number], number>>;

/** An entry as it lies in the uniform buffer. */
export const runWords = (entry: RunEntry): readonly number[] => runFields.map((field) => entry[field]);
