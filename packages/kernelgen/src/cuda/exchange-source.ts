import type { DataType } from "../plan/data-type.js";
import type { OperandPath } from "./operand-path.js";

/**
 * C++ of how the operand of the recurrent product (h forward, du backward) travels from the threads that compute it to those that multiply
 * by it. Each `struct Exchange` has `send`, called by whole warps for each of their own slots at the end of a step with the words of a lane's
 * part of it, and `receive`, called by all threads at the start of one: after it all of the operand is in `state_tile(state, step)`, for step 0
 * what the kernel put there.
 */

/** The head lies in one block: its threads write the operand to where they read it. */
export const blockExchangeSource = `
struct Exchange {
  Element* state;
  KERNELGEN_DEVICE void receive(int /* step */) const { sync_block(); }
  template <typename Word, int COUNT>
  KERNELGEN_DEVICE void send(int step, int /* own_slot */, int inner, int sequence, const Word (&words)[COUNT]) const {
    if (inner >= INNER_DIM) return;
    Word* target = reinterpret_cast<Word*>(state_tile(state, step + 1) + sequence * STATE_STRIDE + inner);
    KERNELGEN_UNROLL
    for (int i = 0; i < COUNT; ++i) target[i] = words[i];
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
 * du has no bound: it travels scaled as an h without a bound does, but nothing is scaled back as it arrives, since the product is linear:
 * its sums are. An exponent of 0 leaves both as they are.
 */
export const gradientScalingSource = (type: DataType, exponent: number): string =>
  exponent === 0
    ? `
KERNELGEN_DEVICE float sent(float gradient) { return gradient; }
KERNELGEN_DEVICE float received_sum(float sum) { return sum; }
`
    : `
constexpr float SEND_SCALE = 0x1p-${exponent}f;
constexpr float RECEIVE_SCALE = 0x1p${exponent}f;
constexpr float LARGEST_SENT = ${largestSent[type]};

KERNELGEN_DEVICE float sent(float gradient) { return -maximum(-maximum(gradient * SEND_SCALE, -LARGEST_SENT), -LARGEST_SENT); }
KERNELGEN_DEVICE float received_sum(float sum) { return sum * RECEIVE_SCALE; }
`;

/** Which bit of each element carries the mark: the highest of the exponent, which is free below 2, or the lowest of the fraction. */
export type MarkPlace = "exponent" | "fraction";

/** The bits of a 32-bit word that carry marks. */
const markBits = (type: DataType, place: MarkPlace): string => {
  if (place === "exponent") return type === "fp32" ? "0x40000000u" : "0x40004000u";
  return type === "fp32" ? "0x00000001u" : "0x00010001u";
};

/** What is done to a word as it arrives: the mark is taken out where it is no part of the number, and h is scaled back. */
const arrival = (word: string, place: MarkPlace, scaleExponent: number): string => {
  if (place === "fraction") return "// The mark is left in the lowest bit of the fraction.";
  const number = `${word}.w[j] & ~MARK_BITS`;
  return `KERNELGEN_UNROLL
            for (int j = 0; j < 4; ++j) ${word}.w[j] = ${scaleExponent === 0 ? number : `received(${number})`};`;
};

/** Rows of sequences. */
const rowPlace = `  /** Where an element of a step's operand lies in the buffers: [EXCHANGE_BUFFERS][BATCH_TILE][EXCHANGE_DIM]. */
  KERNELGEN_DEVICE static int place(int step, int sequence, int inner) {
    return ((step + INITIAL_OPERANDS) % EXCHANGE_BUFFERS * BATCH_TILE + sequence) * EXCHANGE_DIM + inner;
  }
`;

/** What a warp asks for in one instruction is adjacent: all sequences of 32 inner indices. */
const fragmentPlace = `  /** Where an element of a step's operand lies in the buffers: [EXCHANGE_BUFFERS][EXCHANGE_ROW / 32][BATCH_TILE][32]. */
  KERNELGEN_DEVICE static int place(int step, int sequence, int inner) {
    const int buffer = (step + INITIAL_OPERANDS) % EXCHANGE_BUFFERS * BATCH_TILE * EXCHANGE_ROW;
    return buffer + (inner / 32 * BATCH_TILE + sequence) * 32 + inner % 32;
  }
`;

const allWordsExist = `/** Every word that a lane asks for exists. */
constexpr bool ALL_WORDS_EXIST = BATCH_BLOCKS * BATCH_TILE == BATCH && BLOCKS_ALONG_INNER * INNER_PADDED == EXCHANGE_DIM;
`;

/** All of a block's part of the operand goes into a tile in shared memory. */
const fetchTile = (
  place: MarkPlace,
  scaleExponent: number,
): string => `  KERNELGEN_DEVICE void receive(int step) const {
    if (step > 0) fetch(step);
    sync_block();
  }

  KERNELGEN_DEVICE void fetch(int step) const {
    const uint32_t mark = mark_of(step - 1);
    const Element* source = buffers + (step - 1) % EXCHANGE_BUFFERS * BATCH_TILE * EXCHANGE_DIM + first_read;
    Element* target = state_tile(state, step);
    const int word_count = sequences * BLOCK_WORDS;
    const auto is_word = [&](int word) {
      // The last of the blocks that share the inner dimension may reach beyond it.
      return word < word_count && (BLOCKS_ALONG_INNER * BLOCK_WORDS == EXCHANGE_WORDS || first_read + word % BLOCK_WORDS * WORD_ELEMENTS < EXCHANGE_DIM);
    };
    const auto word_at = [&](int word) {
      return reinterpret_cast<const Words4*>(source + word / BLOCK_WORDS * EXCHANGE_DIM + word % BLOCK_WORDS * WORD_ELEMENTS);
    };
    // A look asks for all words that are still missing before it inspects the first: it takes one round trip, however many they are.
    for (int first = thread_index(); first < word_count; first += THREADS_PER_BLOCK * WORDS_IN_FLIGHT) {
      Words4 words[WORDS_IN_FLIGHT];
      bool missing[WORDS_IN_FLIGHT];
      KERNELGEN_UNROLL
      for (int i = 0; i < WORDS_IN_FLIGHT; ++i) missing[i] = is_word(first + i * THREADS_PER_BLOCK);
      bool waits = true;
      while (waits) {
        KERNELGEN_UNROLL
        for (int i = 0; i < WORDS_IN_FLIGHT; ++i) {
          if (missing[i]) words[i] = load_relaxed(word_at(first + i * THREADS_PER_BLOCK));
        }
        waits = false;
        KERNELGEN_UNROLL
        for (int i = 0; i < WORDS_IN_FLIGHT; ++i) {
          if (!missing[i]) continue;
          if (has_mark(words[i], mark)) {
            const int word = first + i * THREADS_PER_BLOCK;
            ${arrival("words[i]", place, scaleExponent)}
            Element* place = target + word / BLOCK_WORDS * STATE_STRIDE + word % BLOCK_WORDS * WORD_ELEMENTS;
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
`;

/** A lane reads words of the operand for itself. */
const fetchFragments = `  /** Nothing to be done by all threads together: each warp fetches what it multiplies. */
  KERNELGEN_DEVICE static void receive(int /* step */) {}

  /** Whether eight inner indices, from the block's index \`inner\` on, of a sequence exist. */
  KERNELGEN_DEVICE bool is_word(int sequence, int inner) const {
    return ALL_WORDS_EXIST || (sequence < sequences && first_read + inner < EXCHANGE_DIM);
  }
  KERNELGEN_DEVICE const Words4* word_at(int step, int sequence, int inner) const {
    return reinterpret_cast<const Words4*>(buffers + place(step - 1, sequence, first_read + inner));
  }

`;

/** What a warp has asked for: the ring of words on their way, which are asked for again until they have arrived. */
const incomingSource = (place: MarkPlace, scaleExponent: number, initialScaleExponent: number): string => `
/**
 * The operand of a step on its way to a lane: pairs of tiles, 32 inner indices each, of which a lane reads eight adjacent ones of a sequence of
 * each column group. Pair p is in place p mod PAIRS_IN_FLIGHT of the ring.
 */
struct Incoming {
  const Exchange& exchange;
  int sequence;  // the lane's sequence of the first column group
  int inner;     // its first inner index of the warp's first pair, within the block's
  int step;
  uint32_t mark;
  const Words4* first_word;
  Words4 words[Product::PAIRS_IN_FLIGHT][COLUMN_GROUPS];

  static constexpr int GROUP_SEQUENCES = BATCH_TILE / COLUMN_GROUPS;

  KERNELGEN_DEVICE Incoming(const Exchange& from, const Product& product, int of_step)
      : exchange(from), sequence(product.lane_sequence()), inner(product.lane_inner()), step(of_step), mark(mark_of(of_step - 1)) {
    first_word = static_cast<const Words4*>(address_of_turn(exchange.word_at(step, sequence, inner)));
  }

  /** Whether the step has an operand. */
  KERNELGEN_DEVICE bool exists() const { return INITIAL_OPERANDS > 0 || step > 0; }

  /**
   * Warp collective: waits for the first pair, and asks for as many more as may be on their way. Asking for all of them from the beginning
   * would be in the way of what others send, most of which is not there yet.
   */
  KERNELGEN_DEVICE void begin() {
    ask(0, 0);
    await(0, 0);
    KERNELGEN_UNROLL
    for (int pair = 1; pair < Product::PAIRS_IN_FLIGHT; ++pair) ask(pair, pair);
  }

  KERNELGEN_DEVICE void ask(int pair, int place) {
    KERNELGEN_UNROLL
    for (int g = 0; g < COLUMN_GROUPS; ++g) words[place][g] = is_word(pair, g) ? load_relaxed(word_at(pair, g)) : Words4{};
  }

  /** Warp collective: waits until the words of a pair have arrived, and asks again for those that were not there. */
  KERNELGEN_DEVICE void await(int pair, int place) {
    if (is_missing(pair, place)) {
      // What is asked for here arrives here: the words that were asked for before keep their own scoreboards.
      do {
        KERNELGEN_UNROLL
        for (int g = 0; g < COLUMN_GROUPS; ++g) {
          if (is_missing(pair, place, g)) words[place][g] = load_relaxed(word_at(pair, g));
        }
        spin_pause();
      } while (is_missing(pair, place));
    }
    sync_warp();
    KERNELGEN_UNROLL
    for (int g = 0; g < COLUMN_GROUPS; ++g) {
      ${arrival("words[place][g]", place, scaleExponent)}
    }${
      scaleExponent === 0 && initialScaleExponent !== 0
        ? `
    if (step == 0) {
      KERNELGEN_UNROLL
      for (int g = 0; g < COLUMN_GROUPS; ++g) {
        KERNELGEN_UNROLL
        for (int j = 0; j < 4; ++j) words[place][g].w[j] = received(words[place][g].w[j]);
      }
    }`
        : ""
    }
  }

  /** Pairs of tiles are BATCH_TILE sequences of 32 inner indices apart, four words each. */
  KERNELGEN_DEVICE const Words4* word_at(int pair, int g) const { return first_word + (pair * BATCH_TILE + g * GROUP_SEQUENCES) * 4; }
  KERNELGEN_DEVICE bool is_word(int pair, int g) const { return exchange.is_word(sequence + g * GROUP_SEQUENCES, inner + pair * 32); }
  KERNELGEN_DEVICE bool is_missing(int pair, int place, int g) const {
    return is_word(pair, g) && !Exchange::has_mark(words[place][g], mark);
  }
  KERNELGEN_DEVICE bool is_missing(int pair, int place) const {
    bool missing = false;
    KERNELGEN_UNROLL
    for (int g = 0; g < COLUMN_GROUPS; ++g) missing = missing || is_missing(pair, place, g);
    return missing;
  }
};
`;

/**
 * The head is spread over blocks: the operand goes through global memory (L2), and the data itself tells that it has arrived.
 *
 * A bit of each element carries a mark that flips each time a buffer is written anew; a reader polls until all elements show the mark of
 * the step it waits for. Elements are below 2, by the cell or by scaling, and the highest exponent bit is free; or the lowest bit of the
 * fraction is given up. Two buffers suffice: a block writes what it makes in step t only after it has read all of step t − 1, so every
 * block has then read all of step t − 2, which step t replaces.
 */
export const gridExchangeSource = (
  type: DataType,
  scaleExponent: number,
  place: MarkPlace,
  operand: OperandPath,
  initialScaleExponent: number,
): string => `
/** Operands that are sent before that of step 0: the initial h, or none. */
constexpr int INITIAL_OPERANDS = ${initialScaleExponent === 0 ? 0 : 1};
${operand === "fragments" ? allWordsExist : ""}/** The bits of a word that carry the mark of its elements. */
constexpr uint32_t MARK_BITS = ${markBits(type, place)};
${scaleExponent + initialScaleExponent === 0 ? "" : scalingSource(type, Math.max(scaleExponent, initialScaleExponent))}
${
  initialScaleExponent === 0
    ? ""
    : `
/** The initial h, which no cell bounds, as \`Exchange::send\` takes it. */
template <typename Word>
KERNELGEN_DEVICE Word sent_initial(Word word) { return ${scaleExponent === 0 ? "sent(word)" : "word"}; }
`
}
/** The mark of a step's elements, in each element of a 32-bit word. Buffers start as zeros, which is not the mark of their first use. */
KERNELGEN_DEVICE uint32_t mark_of(int step) { return (step + INITIAL_OPERANDS) / EXCHANGE_BUFFERS % 2 == 0 ? MARK_BITS : 0u; }

KERNELGEN_DEVICE void store_marked(void* target, uint16_t word, uint32_t mark) {
  store_relaxed(static_cast<uint16_t*>(target), static_cast<uint16_t>((word & ~MARK_BITS) | mark));
}
KERNELGEN_DEVICE void store_marked(void* target, uint32_t word, uint32_t mark) {
  store_relaxed(static_cast<uint32_t*>(target), (word & ~MARK_BITS) | mark);
}
KERNELGEN_DEVICE void store_marked(void* target, Words2 words, uint32_t mark) {
  store_relaxed(static_cast<Words2*>(target), Words2{(words.w[0] & ~MARK_BITS) | mark, (words.w[1] & ~MARK_BITS) | mark});
}
KERNELGEN_DEVICE void store_marked(void* target, Words4 words, uint32_t mark) {
  KERNELGEN_UNROLL
  for (int i = 0; i < 4; ++i) words.w[i] = (words.w[i] & ~MARK_BITS) | mark;
  store_relaxed(static_cast<Words4*>(target), words);
}

struct Exchange {
  Element* state;    // this block's tile in shared memory
  Element* buffers;  // [EXCHANGE_BUFFERS] of this head and its sequences, in global memory; \`place\` has the layout
  int sequences;     // sequences of this tile that exist
  int first_inner;   // first inner index that this block writes
  int first_read;    // first inner index that this block reads

${operand === "tile" ? rowPlace : fragmentPlace}
${operand === "tile" ? fetchTile(place, scaleExponent) : fetchFragments}
  KERNELGEN_DEVICE static bool has_mark(const Words4& words, uint32_t mark) {
    const uint32_t differs = (words.w[0] ^ mark) | (words.w[1] ^ mark) | (words.w[2] ^ mark) | (words.w[3] ^ mark);
    return (differs & MARK_BITS) == 0;
  }

  template <typename Word, int COUNT>
  KERNELGEN_DEVICE void send(int step, int /* own_slot */, int inner, int sequence, const Word (&words)[COUNT]) const {
    if (sequence >= sequences) return;
    KERNELGEN_UNROLL
    for (int i = 0; i < COUNT; ++i) {
      const int index = first_inner + inner + i * static_cast<int>(sizeof(Word) / sizeof(Element));
      // What lies beyond the inner dimension is sent as zeros: readers wait for whole words.
      const Word word = index < INNER_DIM ? words[i] : Word{};
      if (index < EXCHANGE_DIM) store_marked(buffers + place(step, sequence, index), ${scaleExponent === 0 ? "word" : "sent(word)"}, mark_of(step));
    }
  }
};
${operand === "fragments" ? incomingSource(place, scaleExponent, initialScaleExponent) : ""}`;
