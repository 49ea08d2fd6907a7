import { fragmentBias, fragmentProducts } from "./fragment-products-source.js";
import { landingSource } from "./landing-source.js";
import { mmaSlotsSource } from "./mma-slots-source.js";
import type { OperandPath } from "./operand-path.js";
import { registerLoadSource } from "./register-load-source.js";

/** Where a lane's inner indices of a tile lie: those of its first word, and how far those of the other are from these. */
const innerPlaces: Readonly<Record<OperandPath, { readonly first: string; readonly others: string }>> = {
  tile: { first: "tile_begin + lane_index() % 4 * WORD_INNER", others: "4 * WORD_INNER" },
  // Two tiles share 32 inner indices, of which a lane has eight adjacent ones: four for each.
  fragments: { first: "tile_begin / 32 * 32 + lane_index() % 4 * 8 + tile_begin / 16 % 2 * 4", others: "2" },
};

/** Words of 16 bytes that a lane asks for at once where it reads the operand itself. A trip to L2 takes as long for all of them. */
export const fragmentWordsInFlight = 8;
/** As many beside a part of R that comes in every step, where registers are for R. */
const streamingWordsInFlight = 4;

/** Reading the operand of one or two tiles from a tile in shared memory. */
const loadState = (
  type: MatrixInstructionType,
): string => `  /** The operands that hold h of one tile, or of two, for all column groups. */
  KERNELGEN_DEVICE static void load_state(const Element* row, bool two_tiles, uint32_t (&fragments)[COLUMN_GROUPS][4]) {
    KERNELGEN_UNROLL
    for (int group = 0; group < COLUMN_GROUPS; ++group) {
      const Element* address = row + group * 4 * COLUMNS_PER_THREAD * STATE_STRIDE;
      if (two_tiles) {
        ldmatrix_x4(fragments[group], address);
      } else {
        uint32_t one_tile[2];
        ldmatrix_x2(one_tile, address - lane_index() / 16 * TILE_INNER);
        fragments[group][0] = one_tile[0];
        fragments[group][1] = one_tile[1];
      }${type === "tf32" ? roundFragments : ""}
    }
  }

`;

/** How many words a lane asks for at once. */
const pairsInFlight = (
  words: number,
): string => `  /** Pairs of tiles, and those whose words a lane has on their way. */
  static constexpr int PAIRS = INNER_TILES / 2;
  static constexpr int MOST_PAIRS = COLUMN_GROUPS < ${words} ? ${words} / COLUMN_GROUPS : 1;
  static constexpr int PAIRS_IN_FLIGHT = PAIRS < MOST_PAIRS ? PAIRS : MOST_PAIRS;

  /** Two tiles of a column group are one word of a lane: eight inner indices of one sequence. */
  KERNELGEN_DEVICE static int lane_sequence() { return lane_index() / 4 * COLUMNS_PER_THREAD / 2; }
  KERNELGEN_DEVICE int lane_inner() const { return inner_begin + lane_index() % 4 * 8; }

`;

/** What `multiply` takes: the operand's tile, or the exchange that brings it. */
const multiplySignature: Readonly<Record<OperandPath, string>> = {
  tile: `/** sums[slot][sum][unit] = bias + R·h over this warp's part of the inner dimension; \`state\` is [BATCH_TILE][STATE_STRIDE]. */
  KERNELGEN_DEVICE void multiply(const Element* state, `,
  fragments: `/** sums[slot][sum][unit] = bias + the product over this warp's part of the inner dimension; in step 0 the operand is zero. */
  template <typename Incoming>
  KERNELGEN_DEVICE void multiply(Incoming&& incoming, `,
};

/** The multiplications, first of R in registers, then of R in shared memory. */
const tileProducts = `    // Lane l points at sequence l % 8 of a column group, and at the half l / 8 of one or two tiles.
    const Element* row =
        state + lane_index() % 8 * COLUMNS_PER_THREAD / 2 * STATE_STRIDE + inner_begin + lane_index() / 8 * (TILE_INNER / 2);
    KERNELGEN_UNROLL
    for (int tile = 0; tile < INNER_TILES_IN_REGISTERS; tile += 2) {
      uint32_t fragments[COLUMN_GROUPS][4];
      load_state(row + tile * TILE_INNER, tile + 1 < INNER_TILES_IN_REGISTERS, fragments);
      KERNELGEN_UNROLL
      for (int next = 0; next < 2; ++next) {
        if (tile + next >= INNER_TILES_IN_REGISTERS) break;
        KERNELGEN_UNROLL
        for (int row_tile = 0; row_tile < ROW_TILES; ++row_tile) {
          multiply_row_tile(matrix[row_tile][tile + next], fragments, next, accumulators[row_tile]);
        }
      }
    }
    // Not unrolled further: the compiler would fetch all of shared memory's part of R ahead, into registers that hold the rest.
    KERNELGEN_UNROLL_TWICE
    for (int tile = INNER_TILES_IN_REGISTERS; tile < INNER_TILES_ON_CHIP; ++tile) {
      uint32_t fragments[COLUMN_GROUPS][4];
      load_state(row + tile * TILE_INNER, false, fragments);
      KERNELGEN_UNROLL
      for (int row_tile = 0; row_tile < ROW_TILES; ++row_tile) {
        const Words4 words = shared_matrix[((tile - INNER_TILES_IN_REGISTERS) * ROW_TILES + row_tile) * 32];
        multiply_row_tile(words.w, fragments, 0, accumulators[row_tile]);
      }
    }
`;

/** The types that matrix instructions multiply. */
export type MatrixInstructionType = "bf16" | "fp16" | "tf32";

/** The instruction of each type; a word of an operand holds two elements of a 16-bit type, and one of tf32. */
const instructions = { bf16: "mma_m16n8k16_bf16", fp16: "mma_m16n8k16_fp16", tf32: "mma_m16n8k8_tf32" } as const;

/** The operand is kept in fp32: what the instruction reads of it is rounded first. */
const roundFragments = `
      KERNELGEN_UNROLL
      for (int word = 0; word < (two_tiles ? 4 : 2); ++word) fragments[group][word] = float_to_tf32(float_of(fragments[group][word]));`;

/** C++ of the part of R that is read from device memory in every step. The ring of tiles on their way lives from step to step. */
const ringSource = {
  members: `
  Words4* streamed_matrix;  // this thread's words of the tiles that are read in every step
  Words4 streamed[STREAM_DEPTH][ROW_TILES];  // those on their way: tile STREAM_BEGIN + i in place i mod STREAM_DEPTH

  static constexpr int STREAM_BEGIN = INNER_TILES_ON_CHIP;`,
  place: `
    constexpr int streamed_words = ROW_TILES * (INNER_TILES - STREAM_BEGIN) * 32;
    streamed_matrix = memory + warp_index() * streamed_words + lane_index();`,
  load: `
      KERNELGEN_NO_UNROLL
      for (int tile = STREAM_BEGIN; tile < INNER_TILES; ++tile) {
        streamed_matrix[((tile - STREAM_BEGIN) * ROW_TILES + row_tile) * 32] =
            load_fragment(source, sums, units, valid, first_inner + inner_begin + tile * TILE_INNER);
      }`,
  start: `
    KERNELGEN_UNROLL
    for (int ahead = 0; ahead < STREAM_DEPTH; ++ahead) {
      if (STREAM_BEGIN + ahead < INNER_TILES) fetch(ahead, STREAM_BEGIN + ahead);
    }`,
  fetch: `
  /** Sends for a tile of the streamed part. */
  KERNELGEN_DEVICE void fetch(int place, int tile) {
    KERNELGEN_UNROLL
    for (int row_tile = 0; row_tile < ROW_TILES; ++row_tile) {
      streamed[place][row_tile] = load_from_l2(streamed_matrix + ((tile - STREAM_BEGIN) * ROW_TILES + row_tile) * 32);
    }
  }
`,
  multiply: `
    // The first tiles were sent for in the step before; each place is filled again as soon as it is free, at last with the next step's.
    KERNELGEN_NO_UNROLL
    for (int first = STREAM_BEGIN; first < INNER_TILES; first += STREAM_DEPTH) {
      KERNELGEN_UNROLL
      for (int ahead = 0; ahead < STREAM_DEPTH; ++ahead) {
        const int tile = first + ahead;
        if (tile >= INNER_TILES) break;
        uint32_t fragments[COLUMN_GROUPS][4];
        load_state(row + tile * TILE_INNER, false, fragments);
        KERNELGEN_UNROLL
        for (int row_tile = 0; row_tile < ROW_TILES; ++row_tile) {
          multiply_row_tile(streamed[ahead][row_tile].w, fragments, 0, accumulators[row_tile]);
        }
        fetch(ahead, tile + STREAM_DEPTH < INNER_TILES ? tile + STREAM_DEPTH : STREAM_BEGIN + ahead);
      }
    }`,
} as const;

/** C++ that loads a row's bias. */
const rowBias = `        // The bias enters the sum once: in the first of the warps and blocks that split the inner dimension.
        bias[row_tile][half] = valid[half] && first_inner + inner_begin == 0 ? source.bias_of(sums[half], units[half]) : 0.0f;
`;

/** C++ of the tensor-core product of a type. Constants in capitals come from the plan. Operands that are fragments are of 16-bit types. */
export function mmaSource(
  type: MatrixInstructionType,
  operand: OperandPath,
  streams: boolean,
  lanesPerUnit: number,
): string {
  const slots = mmaSlotsSource(lanesPerUnit);
  const readsFragments = operand === "fragments";
  const lands = streams && readsFragments;
  const streaming = lands ? landingSource : ringSource;
  return `
/** Inner indices that a word of an operand holds, and those of one instruction. */
constexpr int WORD_INNER = ${type === "tf32" ? 1 : 2};
constexpr int TILE_INNER = 8 * WORD_INNER;

${slots.places}

${registerLoadSource}
/** A block's part of the matrix as operands of matrix instructions, and its product with the operand. */
struct Product {
  uint32_t matrix[ROW_TILES][INNER_TILES_IN_REGISTERS][4];
${readsFragments ? fragmentBias.members : "  float bias[ROW_TILES][2];\n"}  Words4* shared_matrix;  // this thread's words of the tiles that are not in registers
  int inner_begin;        // first inner index of this warp within the block's
${streams ? streaming.members : ""}

${slots.rows}

  /** This thread's words of a fragment: two rows, a word of inner indices and another ${operand === "tile" ? "four further" : "after it"}. */
  KERNELGEN_DEVICE static Words4 load_fragment(const Matrix& source, const int (&sums)[2], const int (&units)[2],
                                               const bool (&valid)[2], int tile_begin) {
    const int inner = ${innerPlaces[operand].first};
    return {source.load_word(sums[0], units[0], inner, valid[0]), source.load_word(sums[1], units[1], inner, valid[1]),
            source.load_word(sums[0], units[0], inner + ${innerPlaces[operand].others}, valid[0]), source.load_word(sums[1], units[1], inner + ${innerPlaces[operand].others}, valid[1])};
  }

${streams ? streaming.fetch : ""}${readsFragments ? fragmentBias.functions : ""}
  KERNELGEN_DEVICE void load(const Matrix& source, int first_unit, int first_inner, unsigned char* shared${streams ? `, Words4* memory${lands ? ", Words4* partial" : ""}` : ""}) {
    const int warp_along_units = warp_index() % WARPS_ALONG_UNITS;
    const int warp_along_inner = warp_index() / WARPS_ALONG_UNITS;
    inner_begin = warp_along_inner * INNER_TILES * TILE_INNER;${readsFragments ? fragmentBias.place : ""}
    constexpr int warp_words = ROW_TILES * (INNER_TILES_ON_CHIP - INNER_TILES_IN_REGISTERS) * 32;
    shared_matrix = reinterpret_cast<Words4*>(shared) + warp_index() * warp_words + lane_index();${streams ? streaming.place : ""}
    KERNELGEN_UNROLL
    for (int row_tile = 0; row_tile < ROW_TILES; ++row_tile) {
      int sums[2];
      int units[2];
      bool valid[2];
      KERNELGEN_UNROLL
      for (int half = 0; half < 2; ++half) {
        units[half] = first_unit + warp_along_units * UNIT_GROUPS * GROUP_UNITS + row_unit(row_tile, half);
        sums[half] = row_sum(row_tile, half);
        valid[half] = row_tile * 2 + half < THREAD_ROWS && units[half] < HEAD_DIM;
${readsFragments ? "" : rowBias}      }
      load_registers(matrix[row_tile], [&](int tile) {
        return load_fragment(source, sums, units, valid, first_inner + inner_begin + ${lands ? "on_chip_tile(tile)" : "tile"} * TILE_INNER);
      });
      KERNELGEN_NO_UNROLL
      for (int tile = INNER_TILES_IN_REGISTERS; tile < INNER_TILES_ON_CHIP; ++tile) {
        shared_matrix[((tile - INNER_TILES_IN_REGISTERS) * ROW_TILES + row_tile) * 32] =
            load_fragment(source, sums, units, valid, first_inner + inner_begin + ${lands ? "on_chip_tile(tile)" : "tile"} * TILE_INNER);
      }${streams ? streaming.load : ""}
    }${streams ? streaming.start : ""}
  }

${operand === "tile" ? loadState(type) : pairsInFlight(lands ? streamingWordsInFlight : fragmentWordsInFlight)}  /** Multiplies one tile of R with tile \`which\` of the fragments, for all column groups. */
  KERNELGEN_DEVICE static void multiply_row_tile(const uint32_t (&words)[4], const ${operand === "tile" ? "uint32_t" : "Words4"} (&fragments)[COLUMN_GROUPS]${operand === "tile" ? "[4]" : ""},
                                                 int which, float (&accumulators)[COLUMN_GROUPS][4]) {
    KERNELGEN_UNROLL
    for (int group = 0; group < COLUMN_GROUPS; ++group) {
      const uint32_t(&fragment)[4] = fragments[group]${operand === "tile" ? "" : ".w"};
      ${instructions[type]}(accumulators[group], words, fragment[which * 2], fragment[which * 2 + 1]);
    }
  }

  ${multiplySignature[operand]}float (&sums)[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD])${streams ? "" : " const"} {
    float accumulators[ROW_TILES][COLUMN_GROUPS][4];
    KERNELGEN_UNROLL
    for (int row_tile = 0; row_tile < ROW_TILES; ++row_tile) {
      KERNELGEN_UNROLL
      for (int group = 0; group < COLUMN_GROUPS; ++group) {
        KERNELGEN_UNROLL
        for (int result = 0; result < 4; ++result) accumulators[row_tile][group][result] = ${readsFragments ? "0.0f" : "bias[row_tile][result / 2]"};
      }
    }
${readsFragments ? `    start_sums(accumulators);\n${fragmentProducts(streams)}` : tileProducts}${streams && !lands ? ringSource.multiply : ""}
${slots.results}  }
};
`;
}
