import { blockSumsSource, operandText, type SumsText } from "../product/own-sums-source.js";

/**
 * C++ of the sum over the blocks of a cluster that share the inner dimension: the summed slots of all warps are dealt to the blocks in turn,
 * and each block sends its partial sums of a slot straight to the block that the slot is dealt to.
 *
 * Two buffers suffice: a block sends its sums of step t + 2 after all sums of step t + 1 have arrived in it, and every block sends it some,
 * each warp after it has read those of step t.
 */
const clusterSumSource = `
constexpr int WARPS_PER_BLOCK = THREADS_PER_BLOCK / 32;
/** Summed slots of all warps of a block. */
constexpr int BLOCK_SLOTS = WARPS_PER_BLOCK * SUMMED_SLOTS;

/** Slot s of the block is dealt to block s mod BLOCKS_ALONG_INNER of the cluster, and there to the warps in turn. */
KERNELGEN_DEVICE OwnSlot own_slot(int i) {
  const int block_slot = (i * WARPS_PER_BLOCK + warp_index()) * BLOCKS_ALONG_INNER + cluster_rank();
  const int warp = block_slot / SUMMED_SLOTS;
  const int slot = block_slot % SUMMED_SLOTS * WARPS_ALONG_INNER + warp / WARPS_ALONG_UNITS;
  return {warp % WARPS_ALONG_UNITS, slot, block_slot < BLOCK_SLOTS && slot < WARP_SLOTS};
}

struct ClusterSum {
  static constexpr int BUFFERS = 2;
  static constexpr int BUFFER_WORDS = BLOCKS_ALONG_INNER * DEALT_SLOTS * SLOT_WORDS * 32;

  Words4* words;                // [BUFFERS][BLOCKS_ALONG_INNER][DEALT_SLOTS][SLOT_WORDS][32]: what each block sends to this one
  TransactionBarrier* arrived;  // [BUFFERS]

  /** Bytes that this block receives in a step. */
  KERNELGEN_DEVICE static int received_bytes() {
    const int slots = (BLOCK_SLOTS - cluster_rank() + BLOCKS_ALONG_INNER - 1) / BLOCKS_ALONG_INNER;
    return slots * BLOCKS_ALONG_INNER * SLOT_WORDS * 32 * static_cast<int>(sizeof(Words4));
  }

  KERNELGEN_DEVICE void prepare() const {
    for (int buffer = thread_index(); buffer < BUFFERS; buffer += THREADS_PER_BLOCK) init_barrier(arrived + buffer);
    // Made before it is used: with one thread alone racecheck does not see that.
    sync_block();
    if (thread_index() == 0) {
      for (int buffer = 0; buffer < BUFFERS; ++buffer) expect_bytes(arrived + buffer, received_bytes());
    }
    sync_cluster();
  }

  /** The sums of this thread's own slots over the whole inner dimension. */
  template <typename Operand>
  KERNELGEN_DEVICE void sums(int step, Product& product, Operand&& operand, PartialWord* partial,
                             float (&own)[OWN_SLOTS][SUM_COUNT][UNITS_PER_THREAD]) const {
    float summed[SUMMED_SLOTS][SUM_COUNT][UNITS_PER_THREAD] = {};
    block_sums(product, static_cast<Operand&&>(operand), partial, summed);
    const int values = SUM_COUNT * UNITS_PER_THREAD;
    TransactionBarrier* barrier = arrived + step % BUFFERS;
    Words4* buffer = words + step % BUFFERS * BUFFER_WORDS + lane_index();
    KERNELGEN_UNROLL
    for (int i = 0; i < SUMMED_SLOTS; ++i) {
      const int block_slot = warp_index() * SUMMED_SLOTS + i;
      const int rank = block_slot % BLOCKS_ALONG_INNER;
      const int place = cluster_rank() * DEALT_SLOTS + block_slot / BLOCKS_ALONG_INNER;
      KERNELGEN_UNROLL
      for (int word = 0; word < SLOT_WORDS; ++word) {
        Words4 sent{};
        KERNELGEN_UNROLL
        for (int j = 0; j < 4; ++j) {
          const int value = word * 4 + j;
          if (value < values) sent.w[j] = bits_of(summed[i][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD]);
        }
        store_async(cluster_address(buffer + (place * SLOT_WORDS + word) * 32, rank), sent, cluster_address(barrier, rank));
      }
    }
    wait_phase(barrier, step / BUFFERS);
    if (thread_index() == 0) expect_bytes(barrier, received_bytes());
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      const int place = i * WARPS_PER_BLOCK + warp_index();
      if (place >= DEALT_SLOTS) break;
      KERNELGEN_UNROLL
      for (int word = 0; word < SLOT_WORDS; ++word) {
        float totals[4] = {};
        KERNELGEN_UNROLL
        for (int block = 0; block < BLOCKS_ALONG_INNER; ++block) {
          const Words4 received = buffer[((block * DEALT_SLOTS + place) * SLOT_WORDS + word) * 32];
          KERNELGEN_UNROLL
          for (int j = 0; j < 4; ++j) totals[j] += float_of(received.w[j]);
        }
        KERNELGEN_UNROLL
        for (int j = 0; j < 4; ++j) {
          const int value = word * 4 + j;
          if (value < values) own[i][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD] = totals[j];
        }
      }
    }
  }
};
`;

/** Where the blocks of a cluster share the inner dimension. */
export const clusterSumsText: SumsText = {
  source: (operand) => blockSumsSource(operand) + clusterSumSource,
  declaration: `Words4* cluster_words = reinterpret_cast<Words4*>(shared + STATE_BYTES + PARTIAL_BYTES + EXCHANGE_SHARED_BYTES);
  const ClusterSum cluster_sum{cluster_words, reinterpret_cast<TransactionBarrier*>(cluster_words + ClusterSum::BUFFERS * ClusterSum::BUFFER_WORDS)};
  cluster_sum.prepare();`,
  call: (step, operand, afterLooks) =>
    `cluster_sum.sums(${step}, product, ${operandText(step, operand, afterLooks)}, own);`,
};
