import type { DataType } from "../../plan/data-type.js";
import type { OperandPath } from "../product/operand-path.js";
import { scalingSource } from "./exchange-scaling-source.js";

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
template <typename AfterLooks>
struct Incoming {
  const Exchange& exchange;
  const AfterLooks& after_looks;  // what would be in the way of looks, done when all of them are out
  int sequence;  // the lane's sequence of the first column group
  int inner;     // its first inner index of the warp's first pair, within the block's
  int step;
  uint32_t mark;
  const Words4* first_word;
  Words4 words[Product::PAIRS_IN_FLIGHT][COLUMN_GROUPS];

  static constexpr int GROUP_SEQUENCES = BATCH_TILE / COLUMN_GROUPS;

  KERNELGEN_DEVICE Incoming(const Exchange& from, const Product& product, int of_step, const AfterLooks& then)
      : exchange(from), after_looks(then), sequence(product.lane_sequence()), inner(product.lane_inner()), step(of_step), mark(mark_of(of_step - 1)) {
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
 * C++ of the exchange (`StateExchange.source`) of a head that is spread over blocks: the operand goes through global memory (L2), and the data itself tells that it has arrived.
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
