/** C++ of the product where each warp reads the operand for itself, pair of tiles by pair: parts of `struct Product`. */

/** What sums start from: their biases, which are read in every step, since registers hold R; a backward matrix has none. */
export const fragmentBias = {
  members: `  Matrix bias_source;
  int warp_unit;        // first unit of this warp
  bool starts_at_bias;  // whether it is the first of the warps and blocks that split the inner dimension: the bias enters a sum once
`,
  place: `
    bias_source = source;
    warp_unit = first_unit + warp_along_units * UNIT_GROUPS * GROUP_UNITS;
    starts_at_bias = first_inner + inner_begin == 0;`,
  functions: `
  KERNELGEN_DEVICE void start_sums(float (&accumulators)[ROW_TILES][COLUMN_GROUPS][4]) const {
    if (!starts_at_bias) return;
    KERNELGEN_UNROLL
    for (int row_tile = 0; row_tile < ROW_TILES; ++row_tile) {
      KERNELGEN_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int unit = warp_unit + row_unit(row_tile, half);
        const bool exists = row_tile * 2 + half < THREAD_ROWS && unit < HEAD_DIM;
        const float bias = bias_source.bias_of(row_sum(row_tile, half), unit < HEAD_DIM ? unit : 0);
        KERNELGEN_UNROLL
        for (int group = 0; group < COLUMN_GROUPS; ++group) {
          accumulators[row_tile][group][half * 2] = accumulators[row_tile][group][half * 2 + 1] = exists ? bias : 0.0f;
        }
      }
    }
  }
`,
} as const;

/**
 * The multiplications, pair by pair, of R in registers, in shared memory and, where a part of it streams, from device memory. All are unrolled: what a
 * warp waits for, asks for and multiplies next is then known to the compiler, which places loads of R from shared memory before it is needed.
 *
 * @param streams whether a part of R lands in shared memory in every step (landing-source.ts)
 */
export const fragmentProducts = (streams: boolean): string => `    if (incoming.exists()) {
      incoming.begin();
      KERNELGEN_UNROLL
      for (int pair = 0; pair < PAIRS; ++pair) {
        const int place = pair % PAIRS_IN_FLIGHT;
        if (pair > 0) incoming.await(pair, place);${streams ? "\n        if (is_streamed(pair)) copy_async_wait<0>();" : ""}
        KERNELGEN_UNROLL
        for (int next = 0; next < 2; ++next) {
          const int tile = ${streams ? "(pair - streamed_before(pair))" : "pair"} * 2 + next;
          KERNELGEN_UNROLL
          for (int row_tile = 0; row_tile < ROW_TILES; ++row_tile) {
            ${
              streams
                ? `if (is_streamed(pair)) {
              const Words4 weights = landing[(next * ROW_TILES + row_tile) * 32];
              multiply_row_tile(weights.w, incoming.words[place], next, accumulators[row_tile]);
            } else `
                : ""
            }if (tile < INNER_TILES_IN_REGISTERS) {
              multiply_row_tile(matrix[row_tile][tile], incoming.words[place], next, accumulators[row_tile]);
            } else {
              const Words4 weights = shared_matrix[((tile - INNER_TILES_IN_REGISTERS) * ROW_TILES + row_tile) * 32];
              multiply_row_tile(weights.w, incoming.words[place], next, accumulators[row_tile]);
            }
          }
        }${
          streams
            ? "\n        if (is_streamed(pair) && streamed_before(pair) + 1 < STREAMED_PAIRS) send_for_streamed(streamed_before(pair) + 1);"
            : ""
        }
        if (pair + PAIRS_IN_FLIGHT < PAIRS) incoming.ask(pair + PAIRS_IN_FLIGHT, place);
      }
    }${
      streams
        ? ` else {
      // Sums will take the place of what was sent for, those of other lanes, too.
      copy_async_wait<0>();
      sync_warp();
    }`
        : ""
    }
    incoming.after_looks();
`;
