/** The fields of the uniform `run` of a recurrence, each a u32, in their order. */
export const runFields = ["steps", "step", "reversed", "outputStride", "outputOffset"] as const;

export type RunEntry = Readonly<Record<(typeof runFields)[number], number>>;

/** Distance in bytes of two entries of a uniform buffer of which each has so many bytes, on a device with those limits. */
export function uniformStride(
  entryBytes: number,
  { minUniformBufferOffsetAlignment: alignment }: GPUSupportedLimits,
): number {
  return Math.ceil(entryBytes / alignment) * alignment;
}

/** An entry as it lies in the uniform buffer. */
export const runWords = (entry: RunEntry): readonly number[] => runFields.map((field) => entry[field]);
