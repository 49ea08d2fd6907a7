/**
 * C++ of the part of R that is read from device memory in every step where each warp reads the operand for itself: parts of `struct Product`. A
 * pair of tiles at a time is sent for to where the warp's partial sums lie in the end. Each lane reads its own words there, so that no
 * barrier is needed until partial sums take their place. The first pair comes while the block waits for the operand.
 */
export const landingSource = {
  members: `
  Words4* streamed_matrix;  // this thread's words of the tiles that are read in every step
  Words4* landing;          // its words of the pair of tiles that has been sent for, in shared memory

  static constexpr int STREAMED_PAIRS = (INNER_TILES - INNER_TILES_ON_CHIP) / 2;

  /** The pair of tiles that is the k-th to be read in every step: they are spread evenly, which leaves each time to come. */
  KERNELGEN_DEVICE static constexpr int streamed_pair(int k) { return k * (INNER_TILES / 2) / STREAMED_PAIRS; }
  /** How many of the pairs before this one are read in every step. */
  KERNELGEN_DEVICE static constexpr int streamed_before(int pair) {
    int count = 0;
    while (count < STREAMED_PAIRS && streamed_pair(count) < pair) ++count;
    return count;
  }
  KERNELGEN_DEVICE static constexpr bool is_streamed(int pair) { return streamed_before(pair + 1) > streamed_before(pair); }
  /** The inner tile that is the n-th of those that stay on the chip. */
  KERNELGEN_DEVICE static constexpr int on_chip_tile(int n) {
    int pair = n / 2;
    while (pair - streamed_before(pair) < n / 2 || is_streamed(pair)) ++pair;
    return pair * 2 + n % 2;
  }
`,
  place: `
    streamed_matrix = memory + warp_index() * ROW_TILES * STREAMED_PAIRS * 2 * 32 + lane_index();
    landing = partial + warp_index() * (WARP_PARTIAL_BYTES / static_cast<int>(sizeof(Words4))) + lane_index();`,
  load: `
      KERNELGEN_NO_UNROLL
      for (int tile = 0; tile < STREAMED_PAIRS * 2; ++tile) {
        streamed_matrix[(tile * ROW_TILES + row_tile) * 32] =
            load_fragment(source, sums, units, valid, first_inner + inner_begin + (streamed_pair(tile / 2) * 2 + tile % 2) * TILE_INNER);
      }`,
  start: `
    fence_device();
    send_for_streamed(0);`,
  fetch: `
  /** Sends for the k-th pair of streamed tiles. */
  KERNELGEN_DEVICE void send_for_streamed(int k) const {
    KERNELGEN_UNROLL
    for (int i = 0; i < 2 * ROW_TILES; ++i) copy_async_16(landing + i * 32, streamed_matrix + (k * 2 * ROW_TILES + i) * 32, true);
    copy_async_commit();
  }
`,
} as const;
