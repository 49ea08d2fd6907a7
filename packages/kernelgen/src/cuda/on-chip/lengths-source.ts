/** C++ of how many steps there are of a sequence, and of those that a block computes together. */
export const lengthsSource = `
/** The steps of a sequence, from 1 to \`steps\`; 1 of a sequence beyond the batch. */
KERNELGEN_DEVICE int length_of(const int32_t* lengths, int sequence, int steps) {
  const int length = sequence < BATCH ? lengths[sequence] : 1;
  return length < 1 ? 1 : length < steps ? length : steps;
}

/** The steps of the longest sequence of a tile. The blocks that talk to each other have the same sequences, and compute no more than these. */
KERNELGEN_DEVICE int longest_of(const int32_t* lengths, int first_sequence, int steps) {
  int longest = 1;
  for (int sequence = first_sequence; sequence < first_sequence + BATCH_TILE; ++sequence) {
    const int length = length_of(lengths, sequence, steps);
    longest = longest < length ? length : longest;
  }
  return longest;
}
`;

/** The statement with which a kernel that takes lengths begins. */
export const computedStepsSource =
  "const int computed_steps = longest_of(lengths, first_sequence, steps);  // beyond these all sequences have ended";
