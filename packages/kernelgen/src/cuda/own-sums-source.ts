/** C++ of the product as a kernel uses it: multiplied, and added over the warps that split the inner dimension. */
export const ownSumsSource = `
/**
 * Adds the partial sums of the warps that split the inner dimension, through shared memory. Warp w of them keeps slots w, w +
 * WARPS_ALONG_INNER, … as own slots. A lane's sums of a slot travel as SLOT_WORDS words of 16 bytes.
 */
KERNELGEN_DEVICE void reduce_partial_sums(Words4* partial, const float (&sums)[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD],
                                          float (&own)[OWN_SLOTS][SUM_COUNT][UNITS_PER_THREAD]) {
  const int warp_along_units = warp_index() % WARPS_ALONG_UNITS;
  const int warp_along_inner = warp_index() / WARPS_ALONG_UNITS;
  const int values = SUM_COUNT * UNITS_PER_THREAD;
  const auto place = [&](int inner_warp, int slot, int word) {
    const int warp_slot = (inner_warp * WARPS_ALONG_UNITS + warp_along_units) * WARP_SLOTS + slot;
    return partial + (warp_slot * SLOT_WORDS + word) * 32 + lane_index();
  };
  KERNELGEN_UNROLL
  for (int slot = 0; slot < WARP_SLOTS; ++slot) {
    KERNELGEN_UNROLL
    for (int word = 0; word < SLOT_WORDS; ++word) {
      Words4 words{};
      KERNELGEN_UNROLL
      for (int i = 0; i < 4; ++i) {
        const int value = word * 4 + i;
        if (value < values) words.w[i] = bits_of(sums[slot][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD]);
      }
      *place(warp_along_inner, slot, word) = words;
    }
  }
  sync_block();
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    const int slot = i * WARPS_ALONG_INNER + warp_along_inner;
    if (slot >= WARP_SLOTS) break;
    KERNELGEN_UNROLL
    for (int word = 0; word < SLOT_WORDS; ++word) {
      float totals[4] = {};
      KERNELGEN_UNROLL
      for (int inner_warp = 0; inner_warp < WARPS_ALONG_INNER; ++inner_warp) {
        const Words4 words = *place(inner_warp, slot, word);
        KERNELGEN_UNROLL
        for (int j = 0; j < 4; ++j) totals[j] += float_of(words.w[j]);
      }
      KERNELGEN_UNROLL
      for (int j = 0; j < 4; ++j) {
        const int value = word * 4 + j;
        if (value < values) own[i][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD] = totals[j];
      }
    }
  }
}

/** The sums of this thread's own slots: the product with the tile, added over the warps that split the inner dimension. */
KERNELGEN_DEVICE void own_sums(const Product& product, const Element* tile, [[maybe_unused]] Words4* partial,
                               float (&own)[OWN_SLOTS][SUM_COUNT][UNITS_PER_THREAD]) {
  float sums[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD];
  product.multiply(tile, sums);
  if constexpr (WARPS_ALONG_INNER > 1) {
    reduce_partial_sums(partial, sums, own);
  } else {
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      KERNELGEN_UNROLL
      for (int sum = 0; sum < SUM_COUNT; ++sum) {
        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) own[i][sum][unit] = sums[i][sum][unit];
      }
    }
  }
}
`;
