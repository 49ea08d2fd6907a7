import { blockSumsSource, operandText, type SumsText } from "../product/own-sums-source.js";

/**
 * C++ of the sum over blocks that share the inner dimension where they are no cluster: as in a cluster, the summed slots of all warps are dealt to the
 * blocks in turn, but partial sums travel through global memory (L2), and the lowest bit of each tells that it has arrived: a mark that flips
 * each time a buffer is written anew. It is 2^-24 of a sum, and turns one that is infinite into no number.
 *
 * Two buffers suffice: a warp sends its sums of step t + 2 after a barrier of its block before which a warp has received sums of step t + 1 from every block, and each
 * block sends those after a barrier before which all of its warps have read what they wait for of step t.
 */
const gridSumSource = `
constexpr int WARPS_PER_BLOCK = THREADS_PER_BLOCK / 32;
/** Summed slots of all warps of a block. */
constexpr int BLOCK_SLOTS = WARPS_PER_BLOCK * SUMMED_SLOTS;

/** This block's number among those that share the inner dimension. */
KERNELGEN_DEVICE int inner_rank() { return block_index() % BLOCKS_ALONG_INNER; }

/** Slot s of the block is dealt to block s mod BLOCKS_ALONG_INNER, and there to the warps in turn. */
KERNELGEN_DEVICE OwnSlot own_slot(int i) {
  const int block_slot = (i * WARPS_PER_BLOCK + warp_index()) * BLOCKS_ALONG_INNER + inner_rank();
  const int warp = block_slot / SUMMED_SLOTS;
  const int slot = block_slot % SUMMED_SLOTS * WARPS_ALONG_INNER + warp / WARPS_ALONG_UNITS;
  return {warp % WARPS_ALONG_UNITS, slot, block_slot < BLOCK_SLOTS && slot < WARP_SLOTS};
}

/** The bits of a partial word, which are loaded and stored at once. */
template <int FLOATS>
struct PartialBits {
  using Type = Words4;
};
template <>
struct PartialBits<2> {
  using Type = Words2;
};
template <>
struct PartialBits<1> {
  using Type = uint32_t;
};

struct GridSum {
  static constexpr int BUFFERS = 2;
  /** Words that one block sends to another in a step. */
  static constexpr int PAIR_WORDS = DEALT_SLOTS * PARTIAL_WORDS * 32;
  static constexpr int BUFFER_WORDS = BLOCKS_ALONG_INNER * BLOCKS_ALONG_INNER * PAIR_WORDS;
  using Bits = PartialBits<PARTIAL_FLOATS>::Type;

  PartialWord* words;  // [BUFFERS][BLOCKS_ALONG_INNER to][BLOCKS_ALONG_INNER from][DEALT_SLOTS][PARTIAL_WORDS][32]

  /** The mark of a step's sums. Buffers start as zeros, which is not the mark of their first use. */
  KERNELGEN_DEVICE static uint32_t mark_of(int step) { return step / BUFFERS % 2 == 0 ? 1u : 0u; }

  KERNELGEN_DEVICE static void store(PartialWord* target, PartialWord sums, uint32_t mark) {
    KERNELGEN_UNROLL
    for (int i = 0; i < PARTIAL_FLOATS; ++i) sums.values[i] = float_of((bits_of(sums.values[i]) & ~1u) | mark);
    Bits bits;
    std::memcpy(&bits, &sums, sizeof bits);
    store_relaxed(reinterpret_cast<Bits*>(target), bits);
  }
  KERNELGEN_DEVICE static PartialWord load(const PartialWord* source) {
    const Bits bits = load_relaxed(reinterpret_cast<const Bits*>(source));
    PartialWord sums;
    std::memcpy(&sums, &bits, sizeof sums);
    return sums;
  }
  KERNELGEN_DEVICE static bool is_missing(const PartialWord& sums, uint32_t mark) {
    uint32_t differs = 0;
    KERNELGEN_UNROLL
    for (int i = 0; i < PARTIAL_FLOATS; ++i) differs |= bits_of(sums.values[i]) ^ mark;
    return (differs & 1u) != 0;
  }

  /** The sums of this thread's own slots over the whole inner dimension. */
  template <typename Operand>
  KERNELGEN_DEVICE void sums(int step, Product& product, Operand&& operand, PartialWord* partial,
                             float (&own)[OWN_SLOTS][SUM_COUNT][UNITS_PER_THREAD]) const {
    float summed[SUMMED_SLOTS][SUM_COUNT][UNITS_PER_THREAD] = {};
    block_sums(product, static_cast<Operand&&>(operand), partial, summed);
    const uint32_t mark = mark_of(step);
    PartialWord* buffer = words + step % BUFFERS * BUFFER_WORDS + lane_index();
    KERNELGEN_UNROLL
    for (int i = 0; i < SUMMED_SLOTS; ++i) {
      const int block_slot = warp_index() * SUMMED_SLOTS + i;
      const int to = block_slot % BLOCKS_ALONG_INNER;
      PartialWord* target = buffer + (to * BLOCKS_ALONG_INNER + inner_rank()) * PAIR_WORDS + block_slot / BLOCKS_ALONG_INNER * PARTIAL_WORDS * 32;
      KERNELGEN_UNROLL
      for (int word = 0; word < PARTIAL_WORDS; ++word) {
        PartialWord sent{};
        KERNELGEN_UNROLL
        for (int j = 0; j < PARTIAL_FLOATS; ++j) {
          const int value = word * PARTIAL_FLOATS + j;
          if (value < SLOT_SUMS) sent.values[j] = summed[i][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD];
        }
        store(target + word * 32, sent, mark);
      }
    }
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      const int place = i * WARPS_PER_BLOCK + warp_index();
      if (place * BLOCKS_ALONG_INNER + inner_rank() >= BLOCK_SLOTS) break;
      const PartialWord* source = buffer + inner_rank() * BLOCKS_ALONG_INNER * PAIR_WORDS + place * PARTIAL_WORDS * 32;
      KERNELGEN_UNROLL
      for (int word = 0; word < PARTIAL_WORDS; ++word) {
        const PartialWord* first = source + word * 32;
        PartialWord received[BLOCKS_ALONG_INNER];
        KERNELGEN_UNROLL
        for (int block = 0; block < BLOCKS_ALONG_INNER; ++block) received[block] = load(first + block * PAIR_WORDS);
        float totals[PARTIAL_FLOATS] = {};
        KERNELGEN_UNROLL
        for (int block = 0; block < BLOCKS_ALONG_INNER; ++block) {
          while (is_missing(received[block], mark)) {
            received[block] = load(first + block * PAIR_WORDS);
            spin_pause();
          }
          KERNELGEN_UNROLL
          for (int j = 0; j < PARTIAL_FLOATS; ++j) totals[j] += received[block].values[j];
        }
        KERNELGEN_UNROLL
        for (int j = 0; j < PARTIAL_FLOATS; ++j) {
          const int value = word * PARTIAL_FLOATS + j;
          if (value < SLOT_SUMS) own[i][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD] = totals[j];
        }
      }
    }
    sync_warp();
  }
};
`;

/** Where more blocks share the inner dimension than are a cluster. */
export const gridSumsText: SumsText = {
  source: (operand) => blockSumsSource(operand) + gridSumSource,
  declaration:
    "const GridSum grid_sum{grid_sums + static_cast<int64_t>(block / BLOCKS_ALONG_INNER) * GridSum::BUFFERS * GridSum::BUFFER_WORDS};",
  call: (step, operand, afterLooks) =>
    `grid_sum.sums(${step}, product, ${operandText(step, operand, afterLooks)}, own);`,
};
