import type { OperandPath } from "./operand-path.js";

/** C++ of the product as a kernel uses it: multiplied, and added over the warps that split the inner dimension. */
export const blockSumsSource = (operand: OperandPath): string => `
/** What moves in one access of a lane's sums of a slot on their way between warps. */
constexpr int SLOT_SUMS = SUM_COUNT * UNITS_PER_THREAD;
constexpr int PARTIAL_FLOATS = SLOT_SUMS < 3 ? SLOT_SUMS : 4;
constexpr int PARTIAL_WORDS = (SLOT_SUMS + PARTIAL_FLOATS - 1) / PARTIAL_FLOATS;
struct alignas(4 * PARTIAL_FLOATS) PartialWord {
  float values[PARTIAL_FLOATS];
};

/** The buffer of a step's partial sums. */
KERNELGEN_DEVICE PartialWord* partial_buffer(PartialWord* partial, int step) {
  return partial + step % PARTIAL_BUFFERS * (PARTIAL_BYTES / PARTIAL_BUFFERS / static_cast<int>(sizeof(PartialWord)));
}

/**
 * Adds the partial sums of the warps that split the inner dimension, through shared memory. Warp w of them keeps slots w, w +
 * WARPS_ALONG_INNER, … as summed slots. A lane's sums of a slot travel as PARTIAL_WORDS words.
 */
KERNELGEN_DEVICE void reduce_partial_sums(PartialWord* partial, const float (&sums)[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD],
                                          float (&summed)[SUMMED_SLOTS][SUM_COUNT][UNITS_PER_THREAD]) {
  const int warp_along_units = warp_index() % WARPS_ALONG_UNITS;
  const int warp_along_inner = warp_index() / WARPS_ALONG_UNITS;
  const auto place = [&](int inner_warp, int slot, int word) {
    const int warp = inner_warp * WARPS_ALONG_UNITS + warp_along_units;
    return partial + warp * (WARP_PARTIAL_BYTES / static_cast<int>(sizeof(PartialWord))) +
           (slot * PARTIAL_WORDS + word) * 32 + lane_index();
  };
  KERNELGEN_UNROLL
  for (int slot = 0; slot < WARP_SLOTS; ++slot) {
    KERNELGEN_UNROLL
    for (int word = 0; word < PARTIAL_WORDS; ++word) {
      PartialWord part{};
      KERNELGEN_UNROLL
      for (int i = 0; i < PARTIAL_FLOATS; ++i) {
        const int value = word * PARTIAL_FLOATS + i;
        if (value < SLOT_SUMS) part.values[i] = sums[slot][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD];
      }
      *place(warp_along_inner, slot, word) = part;
    }
  }
  sync_block();
  KERNELGEN_UNROLL
  for (int i = 0; i < SUMMED_SLOTS; ++i) {
    const int slot = i * WARPS_ALONG_INNER + warp_along_inner;
    if (slot >= WARP_SLOTS) break;
    KERNELGEN_UNROLL
    for (int word = 0; word < PARTIAL_WORDS; ++word) {
      float totals[PARTIAL_FLOATS] = {};
      KERNELGEN_UNROLL
      for (int inner_warp = 0; inner_warp < WARPS_ALONG_INNER; ++inner_warp) {
        const PartialWord part = *place(inner_warp, slot, word);
        KERNELGEN_UNROLL
        for (int j = 0; j < PARTIAL_FLOATS; ++j) totals[j] += part.values[j];
      }
      KERNELGEN_UNROLL
      for (int j = 0; j < PARTIAL_FLOATS; ++j) {
        const int value = word * PARTIAL_FLOATS + j;
        if (value < SLOT_SUMS) summed[i][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD] = totals[j];
      }
    }
  }
}

/** The sums of this thread's slots over the warps that split the inner dimension. */
KERNELGEN_DEVICE void sum_over_warps([[maybe_unused]] PartialWord* partial, const float (&sums)[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD],
                                     float (&summed)[SUMMED_SLOTS][SUM_COUNT][UNITS_PER_THREAD]) {
  if constexpr (WARPS_ALONG_INNER > 1) {
    reduce_partial_sums(partial, sums, summed);
  } else {${
    operand === "fragments"
      ? `
    // No thread may write the next operand while another of the block still reads this one.
    sync_block();`
      : ""
  }
    KERNELGEN_UNROLL
    for (int i = 0; i < SUMMED_SLOTS; ++i) {
      KERNELGEN_UNROLL
      for (int sum = 0; sum < SUM_COUNT; ++sum) {
        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) summed[i][sum][unit] = sums[i][sum][unit];
      }
    }
  }
}

/** The sums of this thread's slots over the block's part of the inner dimension: the product with the operand, added over the warps. */
template <typename Operand>
KERNELGEN_DEVICE void block_sums(Product& product, Operand&& operand, PartialWord* partial,
                                 float (&summed)[SUMMED_SLOTS][SUM_COUNT][UNITS_PER_THREAD]) {
  float sums[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD];
  product.multiply(static_cast<Operand&&>(operand), sums);
  sum_over_warps(partial, sums, summed);
}

/** A slot of a warp's pointwise part: the warp along the units and the slot within it that it had in the product. */
struct OwnSlot {
  int warp_along_units;
  int slot;
  bool exists;
};
`;

/** How a kernel gets the sums of its own slots. */
export interface SumsText {
  /** C++ at namespace scope. */
  source(operand: OperandPath): string;
  /** Statements at the beginning of the kernel. */
  readonly declaration: string;
  /** The statement that fills `own` in a step; with fragments, `afterLooks` is what a warp does when all of its looks are out. */
  call(step: string, operand: OperandPath, afterLooks?: string): string;
}

/** C++ of the operand of a step, and of the shared memory for its partial sums. */
export const operandText = (step: string, operand: OperandPath, afterLooks = "[] {}"): string => {
  const source =
    operand === "tile" ? `state_tile(shared_state, ${step})` : `Incoming(exchange, product, ${step}, ${afterLooks})`;
  return `${source}, partial_buffer(shared_partial, ${step})`;
};

/** Where a block has the whole inner dimension: a warp's own slots are those that it summed. */
export const blockSumsText: SumsText = {
  source: (operand) => `${blockSumsSource(operand)}
KERNELGEN_DEVICE OwnSlot own_slot(int i) {
  const int slot = i * WARPS_ALONG_INNER + warp_index() / WARPS_ALONG_UNITS;
  return {warp_index() % WARPS_ALONG_UNITS, slot, slot < WARP_SLOTS};
}
`,
  declaration: "",
  call: (step, operand, afterLooks) => `block_sums(product, ${operandText(step, operand, afterLooks)}, own);`,
};
