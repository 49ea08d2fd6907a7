import { wordBytes } from "../word-bytes.js";

/**
 * C++ of the exchange (`StateExchange.source`) of a head that is spread over the blocks of a cluster: each sends its units straight into the tiles of all of them, and a barrier in each block
 * counts the bytes that have arrived, so that the data are their own signal.
 *
 * Two tiles suffice without any other barrier. A block's stores into tile t mod 2 of another follow its receipt of all of h(t − 1), so also of
 * what each warp of the other sent of h(t − 1); that warp had then read h(t − 2), which h(t) replaces. A warp that sends nothing shares
 * the inner dimension with one that does, which sent after the sum over warps.
 */
export const clusterExchangeSource = `
constexpr int WORD_ELEMENTS = ${wordBytes} / sizeof(Element);
/** Words of 16 bytes of one sequence of a slot, of a slot, and of its copies for all blocks of the cluster. */
constexpr int SLOT_INNER = SLOT_UNITS * UNIT_VALUES;
constexpr int SLOT_ROW_WORDS = SLOT_INNER / WORD_ELEMENTS;
constexpr int SLOT_WORDS_OUT = SLOT_SEQUENCES * SLOT_ROW_WORDS;
constexpr int WORDS_OUT = SLOT_WORDS_OUT * CLUSTER_BLOCKS;

struct Exchange {
  Element* state;               // this block's tiles in shared memory
  Element* outgoing;            // this warp's own slots on their way: [OWN_SLOTS][SLOT_SEQUENCES][SLOT_INNER]
  TransactionBarrier* arrived;  // [STATE_BUFFERS]: counts the bytes of each tile
  int first_inner;              // first inner index that this block sends
  int last_receive;             // the last step that receives

  KERNELGEN_DEVICE void prepare() const {
    for (int tile = thread_index(); tile < STATE_BUFFERS; tile += THREADS_PER_BLOCK) init_barrier(arrived + tile);
    // Made before it is used: with one thread alone racecheck does not see that.
    sync_block();
    if (thread_index() == 0) {
      for (int tile = 0; tile < STATE_BUFFERS; ++tile) expect_bytes(arrived + tile, CLUSTER_STATE_BYTES);
    }
  }

  KERNELGEN_DEVICE void receive(int step) const {
    if (step == 0) {
      sync_cluster();
      return;
    }
    TransactionBarrier* barrier = arrived + step % STATE_BUFFERS;
    wait_phase(barrier, (step - 1) / STATE_BUFFERS);
    if (thread_index() == 0) expect_bytes(barrier, CLUSTER_STATE_BYTES);
  }

  template <typename Word, int COUNT>
  KERNELGEN_DEVICE void send(int step, int own_slot, int inner, int sequence, const Word (&words)[COUNT]) const {
    // Nobody waits for the last operand, and a block that has returned must not be written to.
    if (step == last_receive) return;
    const int lane_sequence = lane_index() % SLOT_SEQUENCES;
    const int lane_inner = lane_index() / SLOT_SEQUENCES * UNITS_PER_THREAD * UNIT_VALUES;
    // The lanes' elements become words of adjacent inner indices, in the place of those of the step before.
    sync_warp();
    Element* slot = outgoing + own_slot * SLOT_SEQUENCES * SLOT_INNER;
    Word* target = reinterpret_cast<Word*>(slot + lane_sequence * SLOT_INNER + lane_inner);
    KERNELGEN_UNROLL
    for (int i = 0; i < COUNT; ++i) {
      // Units beyond the head are multiplied by zeros, so they must be numbers.
      target[i] = first_inner + inner < INNER_DIM ? words[i] : Word{};
    }
    sync_warp();
    const int slot_begin = (sequence - lane_sequence * SLOT_SEQUENCE_STRIDE) * STATE_STRIDE + first_inner + inner - lane_inner;
    Element* tile = state_tile(state, step + 1) + slot_begin;
    TransactionBarrier* barrier = arrived + (step + 1) % STATE_BUFFERS;
    KERNELGEN_UNROLL
    for (int first = 0; first < WORDS_OUT; first += 32) {
      const int sent = first + lane_index();
      if (WORDS_OUT % 32 != 0 && sent >= WORDS_OUT) break;
      const int rank = sent / SLOT_WORDS_OUT;
      const int row = sent / SLOT_ROW_WORDS % SLOT_SEQUENCES;
      const int column = sent % SLOT_ROW_WORDS * WORD_ELEMENTS;
      Element* target = tile + row * SLOT_SEQUENCE_STRIDE * STATE_STRIDE + column;
      const Words4 word = *reinterpret_cast<const Words4*>(slot + row * SLOT_INNER + column);
      store_async(cluster_address(target, rank), word, cluster_address(barrier, rank));
    }
  }
};
`;
