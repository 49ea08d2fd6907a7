import type { DataType } from "../plan/data-type.js";

/**
 * C++ of how the state travels from the threads that compute it to those that multiply by it. Each `struct Exchange` has `send`, called
 * by whole warps for each of their own slots at the end of a step, and `receive`, called by all threads at the start of one: after it
 * all of h is in `state_tile(state, step)`, for step 0 what the kernel put there.
 */

/** The head lies in one block: its threads write h to where they read it. */
export const blockExchangeSource = `
struct Exchange {
  Element* state;
  KERNELGEN_DEVICE void receive(int /* step */) const { sync_block(); }
  KERNELGEN_DEVICE void send(int step, int /* own_slot */, int unit, int sequence, Packed word) const {
    Element* target = state_tile(state, step + 1) + sequence * STATE_STRIDE + unit;
    if (unit < HEAD_DIM) *reinterpret_cast<Packed*>(target) = word;
  }
};
`;

/**
 * The head is spread over the blocks of a cluster: each sends its units straight into the tiles of all of them, and a barrier in each block
 * counts the bytes that have arrived, so that the data are their own signal.
 *
 * Two tiles suffice without any other barrier. A block's stores into tile t mod 2 of another follow its receipt of all of h(t − 1), so also of
 * what each warp of the other sent of h(t − 1); that warp had then read h(t − 2), which h(t) replaces. A warp that sends nothing shares
 * the inner dimension with one that does, which sent after the sum over warps.
 */
export const clusterExchangeSource = `
constexpr int WORD_ELEMENTS = 16 / sizeof(Element);
/** Words of 16 bytes of one sequence of a slot, of a slot, and of its copies for all blocks of the cluster. */
constexpr int SLOT_ROW_WORDS = SLOT_UNITS / WORD_ELEMENTS;
constexpr int SLOT_SENT_WORDS = SLOT_SEQUENCES * SLOT_ROW_WORDS;
constexpr int SENT_WORDS = SLOT_SENT_WORDS * CLUSTER_BLOCKS;

struct Exchange {
  Element* state;               // this block's tiles in shared memory
  Element* outgoing;            // this warp's own slots on their way: [OWN_SLOTS][SLOT_SEQUENCES][SLOT_UNITS]
  TransactionBarrier* arrived;  // [STATE_BUFFERS]: counts the bytes of each tile
  int first_unit;
  int steps;

  KERNELGEN_DEVICE void prepare() const {
    if (thread_index() >= STATE_BUFFERS) return;
    init_barrier(arrived + thread_index());
    expect_bytes(arrived + thread_index(), CLUSTER_STATE_BYTES);
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

  KERNELGEN_DEVICE void send(int step, int own_slot, int unit, int sequence, Packed word) const {
    // Nobody waits for the last h, and a block that has returned must not be written to.
    if (step + 1 == steps) return;
    // Units beyond the head are multiplied by zeros, so they must be numbers.
    if (first_unit + unit >= HEAD_DIM) word = Packed{};
    const int lane_sequence = lane_index() % SLOT_SEQUENCES;
    const int lane_unit = lane_index() / SLOT_SEQUENCES * UNITS_PER_THREAD;
    // The lanes' elements become words of adjacent units.
    Element* slot = outgoing + own_slot * SLOT_SEQUENCES * SLOT_UNITS;
    *reinterpret_cast<Packed*>(slot + lane_sequence * SLOT_UNITS + lane_unit) = word;
    sync_warp();
    const int slot_begin = (sequence - lane_sequence * SLOT_SEQUENCE_STRIDE) * STATE_STRIDE + first_unit + unit - lane_unit;
    Element* tile = state_tile(state, step + 1) + slot_begin;
    TransactionBarrier* barrier = arrived + (step + 1) % STATE_BUFFERS;
    KERNELGEN_UNROLL
    for (int first = 0; first < SENT_WORDS; first += 32) {
      const int sent = first + lane_index();
      if (SENT_WORDS % 32 != 0 && sent >= SENT_WORDS) break;
      const int rank = sent / SLOT_SENT_WORDS;
      const int row = sent / SLOT_ROW_WORDS % SLOT_SEQUENCES;
      const int column = sent % SLOT_ROW_WORDS * WORD_ELEMENTS;
      Element* target = tile + row * SLOT_SEQUENCE_STRIDE * STATE_STRIDE + column;
      const Words4 words = *reinterpret_cast<const Words4*>(slot + row * SLOT_UNITS + column);
      store_async(cluster_address(target, rank), words, cluster_address(barrier, rank));
    }
  }
};
`;

/**
 * The cell does not bound h below 2: it travels scaled by a power of two, which is exact, and is held at the largest number below 2 should
 * it still reach 2.
 */
const scalingSource = (type: DataType, exponent: number): string => `
constexpr float SEND_SCALE = 0x1p-${exponent}f;
constexpr float RECEIVE_SCALE = 0x1p${exponent}f;
constexpr float LARGEST_SENT = ${largestSent[type]};

KERNELGEN_DEVICE float sent(float h) { return -maximum(-maximum(h * SEND_SCALE, -LARGEST_SENT), -LARGEST_SENT); }
${elementScaling(type)}
`;

/** The largest number below 2 of each type. */
const largestSent: Readonly<Record<DataType, string>> = {
  bf16: "0x1.FEp0f",
  fp16: "0x1.FFCp0f",
  fp32: "0x1.FFFFFEp0f",
};

const elementScaling = (type: DataType): string =>
  type === "fp32"
    ? `
KERNELGEN_DEVICE uint32_t sent(uint32_t word) { return bits_of(sent(float_of(word))); }
KERNELGEN_DEVICE Words2 sent(Words2 words) { return {sent(words.w[0]), sent(words.w[1])}; }
KERNELGEN_DEVICE uint32_t received(uint32_t word) { return bits_of(float_of(word) * RECEIVE_SCALE); }`
    : `
KERNELGEN_DEVICE uint16_t sent(uint16_t element) { return float_to_${type}(sent(${type}_to_float(element))); }
KERNELGEN_DEVICE uint32_t sent(uint32_t word) {
  return pack_${type}(sent(low_${type}_to_float(word)), sent(high_${type}_to_float(word)));
}
KERNELGEN_DEVICE uint32_t received(uint32_t word) {
  return pack_${type}(low_${type}_to_float(word) * RECEIVE_SCALE, high_${type}_to_float(word) * RECEIVE_SCALE);
}`;

/**
 * The head is spread over blocks: h goes through global memory (L2), and the data itself tells that it has arrived.
 *
 * |h| < 2, by the cell or by scaling, so the highest exponent bit of an element is free. It carries a mark that flips each time a buffer
 * is written anew; a reader polls until all elements show the mark of the step it waits for. Two buffers suffice: a block writes h(t) only
 * after it has read all of h(t − 1), so every block has then read all of h(t − 2), which h(t) replaces.
 */
export const gridExchangeSource = (
  type: DataType,
  scaleExponent: number,
): string => `${scaleExponent === 0 ? "" : scalingSource(type, scaleExponent)}
/** The mark of a step's elements, in each element of a 32-bit word. Buffers start as zeros, which is not the mark of their first use. */
KERNELGEN_DEVICE uint32_t mark_of(int step) { return step / EXCHANGE_BUFFERS % 2 == 0 ? MARK_BITS : 0u; }

KERNELGEN_DEVICE void store_marked(void* target, uint16_t word, uint32_t mark) {
  store_relaxed(static_cast<uint16_t*>(target), static_cast<uint16_t>((word & ~MARK_BITS) | mark));
}
KERNELGEN_DEVICE void store_marked(void* target, uint32_t word, uint32_t mark) {
  store_relaxed(static_cast<uint32_t*>(target), (word & ~MARK_BITS) | mark);
}
KERNELGEN_DEVICE void store_marked(void* target, Words2 words, uint32_t mark) {
  store_relaxed(static_cast<Words2*>(target), Words2{(words.w[0] & ~MARK_BITS) | mark, (words.w[1] & ~MARK_BITS) | mark});
}

struct Exchange {
  Element* state;    // this block's tile in shared memory
  Element* buffers;  // [EXCHANGE_BUFFERS][BATCH_TILE][EXCHANGE_UNITS] of this head and its sequences, in global memory
  int sequences;     // sequences of this tile that exist
  int first_unit;

  KERNELGEN_DEVICE void receive(int step) const {
    if (step > 0) fetch(step);
    sync_block();
  }

  KERNELGEN_DEVICE void fetch(int step) const {
    const uint32_t mark = mark_of(step - 1);
    const Words4* source = reinterpret_cast<const Words4*>(buffers + (step - 1) % EXCHANGE_BUFFERS * BATCH_TILE * EXCHANGE_UNITS);
    Element* target = state_tile(state, step);
    const int word_count = sequences * EXCHANGE_WORDS;
    // A look asks for all words that are still missing before it inspects the first: it takes one round trip, however many they are.
    for (int first = thread_index(); first < word_count; first += THREADS_PER_BLOCK * WORDS_IN_FLIGHT) {
      Words4 words[WORDS_IN_FLIGHT];
      bool missing[WORDS_IN_FLIGHT];
      KERNELGEN_UNROLL
      for (int i = 0; i < WORDS_IN_FLIGHT; ++i) missing[i] = first + i * THREADS_PER_BLOCK < word_count;
      bool waits = true;
      while (waits) {
        KERNELGEN_UNROLL
        for (int i = 0; i < WORDS_IN_FLIGHT; ++i) {
          if (missing[i]) words[i] = load_relaxed(source + first + i * THREADS_PER_BLOCK);
        }
        waits = false;
        KERNELGEN_UNROLL
        for (int i = 0; i < WORDS_IN_FLIGHT; ++i) {
          if (!missing[i]) continue;
          if (has_mark(words[i], mark)) {
            const int word = first + i * THREADS_PER_BLOCK;
            KERNELGEN_UNROLL
            for (int j = 0; j < 4; ++j) ${scaleExponent === 0 ? "words[i].w[j] &= ~MARK_BITS" : "words[i].w[j] = received(words[i].w[j] & ~MARK_BITS)"};
            Element* place = target + word / EXCHANGE_WORDS * STATE_STRIDE + word % EXCHANGE_WORDS * WORD_ELEMENTS;
            *reinterpret_cast<Words4*>(place) = words[i];
            missing[i] = false;
          } else {
            waits = true;
          }
        }
        if (waits) spin_pause();
      }
    }
  }

  KERNELGEN_DEVICE static bool has_mark(const Words4& words, uint32_t mark) {
    const uint32_t differs = (words.w[0] ^ mark) | (words.w[1] ^ mark) | (words.w[2] ^ mark) | (words.w[3] ^ mark);
    return (differs & MARK_BITS) == 0;
  }

  KERNELGEN_DEVICE void send(int step, int /* own_slot */, int unit, int sequence, Packed word) const {
    if (first_unit + unit >= EXCHANGE_UNITS || sequence >= sequences) return;
    // Units beyond the head are sent as zeros: readers wait for whole words.
    if (first_unit + unit >= HEAD_DIM) word = Packed{};
    Element* target = buffers + (step % EXCHANGE_BUFFERS * BATCH_TILE + sequence) * EXCHANGE_UNITS + first_unit + unit;
    store_marked(target, ${scaleExponent === 0 ? "word" : "sent(word)"}, mark_of(step));
  }
};
`;
