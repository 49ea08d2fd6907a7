import type { Problem } from "../../plan/problem.js";
import { usesMatrixInstructions } from "../../plan/problem.js";
import { wordBytes } from "../word-bytes.js";

/** Lanes that copy adjacent words of 16 bytes of a row or column: a chunk of the inner dimension, and a whole sector of memory or two. */
export const chunkLanes = 4;

const instructions = { bf16: "mma_m16n8k16_bf16", fp16: "mma_m16n8k16_fp16", fp32: "mma_m16n8k8_tf32" } as const;

/**
 * C++ that multiplies a chunk on the tensor cores. The order of inner indices is free as long as both operands have the same: a lane's word of
 * 16 bytes, adjacent in memory, serves two instructions.
 */
function matrixInstructions({ dataType }: Problem): string {
  const operand = (word: string): string => (dataType === "fp32" ? `float_to_tf32(float_of(${word}))` : word);
  const rows = ["rows[0].w[half]", "rows[1].w[half]", "rows[0].w[half + 1]", "rows[1].w[half + 1]"];
  return `
        KERNELGEN_UNROLL
        for (int half = 0; half < 4; half += 2) {
          const uint32_t matrix[4] = {${rows.map(operand).join(", ")}};
          KERNELGEN_UNROLL
          for (int group = 0; group < WARP_COLUMN_GROUPS; ++group) {
            const Words4& column = columns[group];
            ${instructions[dataType]}(sums[tile][group], matrix, ${operand("column.w[half]")}, ${operand("column.w[half + 1]")});
          }
        }`;
}

/**
 * C++ that multiplies a chunk that warps share, whose words lie as `ldmatrix` finds them in different banks: the words of a row, four of 16
 * bytes, are exchanged by the row's number.
 */
function sharedMultiplySource({ dataType }: Problem): string {
  const operand = (word: string): string => (dataType === "fp32" ? `float_to_tf32(float_of(${word}))` : word);
  const toTf32 =
    dataType === "fp32"
      ? `
        KERNELGEN_UNROLL
        for (int word = 0; word < 4; ++word) fragment[word] = ${operand("fragment[word]")};`
      : "";
  return `
  KERNELGEN_DEVICE static void multiply_shared(const Words4* chunk, Sums& sums) {
    // Lane l points at row l % 8 of matrix l / 8: rows 0 to 7 and 8 to 15 of a tile, in one word and the next; of columns all four words.
    const int row = lane_index() % 8;
    const int matrix = lane_index() / 8;
    const int row_place = matrix % 2 * 32 + place_of(row, matrix / 2);
    const Words4* column_words = chunk + (ROW_WORDS + first_column_group()) * 32 + place_of(row, matrix);
    uint32_t columns[WARP_COLUMN_GROUPS][4];
    KERNELGEN_UNROLL
    for (int group = 0; group < WARP_COLUMN_GROUPS; ++group) ldmatrix_x4(columns[group], column_words + group * 32);
    KERNELGEN_UNROLL
    for (int tile = 0; tile < WARP_ROW_TILES; ++tile) {
      const Words4* row_words = chunk + (first_row_tile() + tile) * 2 * 32;
      KERNELGEN_UNROLL
      for (int half = 0; half < 4; half += 2) {
        uint32_t fragment[4];
        ldmatrix_x4(fragment, row_words + (row_place ^ half));${toTf32}
        KERNELGEN_UNROLL
        for (int group = 0; group < WARP_COLUMN_GROUPS; ++group) {
          ${instructions[dataType]}(sums[tile][group], fragment, ${operand("columns[group][half]")}, ${operand("columns[group][half + 1]")});
        }
      }
    }
  }
`;
}

/** C++ of the place of a lane's word among the 32 of eight rows or columns: those of one, four, are exchanged by its number. */
const placeSource = `
  /** The place of word \`word\` of row or column \`row\` among the 32 of eight: other banks than those of the next row but one. */
  KERNELGEN_DEVICE static int place_of(int row, int word) { return row * ${chunkLanes} + (word ^ row / 2); }
`;

/** C++ that multiplies a chunk that a warp has for itself, by matrix instructions: a lane reads what it has copied. */
const ownMatrixSource = (problem: Problem): string => `
  KERNELGEN_DEVICE static void multiply(const Words4* chunk, Sums& sums) {
    const Words4* words = chunk + lane_index();
    Words4 columns[WARP_COLUMN_GROUPS];
    KERNELGEN_UNROLL
    for (int group = 0; group < WARP_COLUMN_GROUPS; ++group) columns[group] = words[(ROW_WORDS + group) * 32];
    KERNELGEN_UNROLL
    for (int tile = 0; tile < WARP_ROW_TILES; ++tile) {
      const Words4 rows[2] = {words[tile * 2 * 32], words[(tile * 2 + 1) * 32]};${matrixInstructions(problem)}
    }
  }
`;

/**
 * C++ that multiplies such a chunk by plain multiply-adds: a lane has the sums that a matrix instruction would leave it, and reads their rows and
 * columns word by word, which other lanes have copied too.
 */
const ownMultiplyAddSource = `
  KERNELGEN_DEVICE static void multiply(const Words4* chunk, Sums& sums) {
    const int row = lane_index() / 4;
    const int column = lane_index() % 4 * 2;
    KERNELGEN_UNROLL
    for (int word = 0; word < ${chunkLanes}; ++word) {
      Words4 columns[WARP_COLUMN_GROUPS][2];
      KERNELGEN_UNROLL
      for (int group = 0; group < WARP_COLUMN_GROUPS; ++group) {
        KERNELGEN_UNROLL
        for (int i = 0; i < 2; ++i) columns[group][i] = chunk[(ROW_WORDS + group) * 32 + place_of(column + i, word)];
      }
      KERNELGEN_UNROLL
      for (int tile = 0; tile < WARP_ROW_TILES; ++tile) {
        const Words4* words = chunk + tile * 2 * 32 + place_of(row, word);
        const Words4 rows[2] = {words[0], words[32]};
        KERNELGEN_UNROLL
        for (int inner = 0; inner < WORD_ELEMENTS; ++inner) {
          KERNELGEN_UNROLL
          for (int group = 0; group < WARP_COLUMN_GROUPS; ++group) {
            KERNELGEN_UNROLL
            for (int sum = 0; sum < 4; ++sum) {
              sums[tile][group][sum] += float_of(rows[sum / 2].w[inner]) * float_of(columns[group][sum % 2].w[inner]);
            }
          }
        }
      }
    }
  }
`;

/** C++ of the product of one step: a tile of the matrix's rows by the operand of a tile of sequences. */
export function productSource(problem: Problem): string {
  const isMatrix = usesMatrixInstructions(problem);
  return `
constexpr int WORD_ELEMENTS = ${wordBytes} / sizeof(Element);
static_assert(CHUNK_INNER == ${chunkLanes} * WORD_ELEMENTS, "a chunk is what ${chunkLanes} lanes copy of a row at once");
/** Words of 16 bytes of each lane that make a chunk: those of its rows, then those of its columns. */
constexpr int ROW_WORDS = 2 * ROW_TILES;
constexpr int CHUNK_WORDS = ROW_WORDS + COLUMN_GROUPS;
/** Warps that share chunks, of which each multiplies its own rows and columns; warps along the inner dimension have chunks of their own. */
constexpr int SHARING_WARPS = WARPS_ALONG_UNITS * WARPS_ALONG_COLUMNS;
constexpr bool SHARES_CHUNKS = SHARING_WARPS > 1;
/** Units whose values a thread holds while it multiplies, or, beside the many sums of shared chunks, a few at a time after that. */
constexpr bool HOLDS_ALL_UNITS = HELD_UNITS == OWN_UNITS;
// ROUND_CHUNKS are multiplied between two barriers: of a pair the second is read while the first is multiplied.
constexpr int CHUNKS_AHEAD = SHARES_CHUNKS ? CHUNKS_IN_FLIGHT - ROUND_CHUNKS : CHUNKS_IN_FLIGHT;

/** What this block computes: UNIT_TILE units of a head for BATCH_TILE sequences. */
struct Tile {
  int head;
  int first_unit;
  int first_sequence;

  KERNELGEN_HOST_DEVICE static constexpr int parts(int extent, int tile) { return (extent + tile - 1) / tile; }
  /** The blocks of a step. */
  KERNELGEN_HOST_DEVICE static constexpr int count(int batch, int heads, int head_dim) {
    return heads * parts(batch, BATCH_TILE) * parts(head_dim, UNIT_TILE);
  }

  KERNELGEN_DEVICE Tile(int batch, int head_dim) {
    const int unit_blocks = parts(head_dim, UNIT_TILE);
    const int batch_blocks = parts(batch, BATCH_TILE);
    head = block_index() / (unit_blocks * batch_blocks);
    first_sequence = block_index() / unit_blocks % batch_blocks * BATCH_TILE;
    first_unit = block_index() % unit_blocks * UNIT_TILE;
  }
};

/** A unit of a sequence whose pointwise part is this thread's. */
struct OwnUnit {
  int unit;    // within the tile
  int column;  // the sequence, within the tile
  bool exists;
  int64_t single;  // in [B,1,N,D]
  int64_t gates;   // in [G,N,D], of the first gate
  int sequence;

  KERNELGEN_DEVICE OwnUnit(int i, const Tile& tile, int batch, int heads, int head_dim) {
    const int index = i * THREADS_PER_BLOCK + thread_index();
    unit = index % UNIT_TILE;
    column = index / UNIT_TILE;
    sequence = tile.first_sequence + column;
    exists = column < BATCH_TILE && sequence < batch && tile.first_unit + unit < head_dim;
    gates = static_cast<int64_t>(tile.head) * head_dim + tile.first_unit + unit;
    single = static_cast<int64_t>(sequence) * heads * head_dim + gates;
  }
  /** Its place in [B,T,G,N,D], of the first gate of a step; a gate has \`row\` elements. */
  KERNELGEN_DEVICE int64_t at(int steps, int step, int gate_count, int64_t row) const {
    return (static_cast<int64_t>(sequence) * steps + step) * gate_count * row + gates;
  }
};

inline bool is_word_aligned(const void* address) { return reinterpret_cast<uintptr_t>(address) % ${wordBytes} == 0; }

/** Copies a word of a row from \`inner\` on to shared memory, zeros beyond its end. A row has whole words, whose last may end in zeros. */
KERNELGEN_DEVICE void copy_word(Words4* target, const Element* row, int inner, int end, bool valid) {
  const bool exists = valid && inner < end;
  copy_async_16(target, row + (exists ? inner : 0), exists);
}

/**
 * The product of one step. Warps divide the inner dimension, or the tile's rows and columns; their sums meet in shared memory. Operands pass
 * through it in chunks. Where a warp has chunks of its own, a lane copies what it itself multiplies, CHUNKS_IN_FLIGHT chunks ahead, and no barrier
 * is between; chunks that warps share are copied by all of them, two fewer ahead, and the barrier before a pair is multiplied also says that
 * the places of the pair before are free.
 *
 * The matrix is [G,N,D,pitch], inner index last, with D of the pitch elements of a row. Row r of the tile is of unit r mod UNIT_TILE; SUM_COUNT gates lie along the rows, and
 * INNER_PARTS along the inner dimension.
 */
struct Product {
  using Sums = float[WARP_ROW_TILES][WARP_COLUMN_GROUPS][4];

  const Element* matrix;
  const Tile& tile;
  int batch;
  int heads;
  int head_dim;
  int pitch;
  int chunks_of_part;
  int chunk_count;  // of this warp: all of the block's where warps share them
  bool is_reversed;

  /** \`step\` is the launch's: every other one goes through R from its end, so that it finds in L2 what the one before read last. */
  KERNELGEN_DEVICE Product(const Element* matrix, const Tile& tile, int batch, int heads, int head_dim, int pitch, int step)
      : matrix(matrix), tile(tile), batch(batch), heads(heads), head_dim(head_dim), pitch(pitch), is_reversed(step % 2 != 0) {
    chunks_of_part = Tile::parts(head_dim, CHUNK_INNER);
    const int chunks = INNER_PARTS * chunks_of_part;
    chunk_count = warp_along_inner() < chunks ? Tile::parts(chunks - warp_along_inner(), WARPS_ALONG_INNER) : 0;
  }

  KERNELGEN_DEVICE static int warp_along_inner() { return warp_index() / SHARING_WARPS; }
  /** The first of this warp's row tiles and column groups. */
  KERNELGEN_DEVICE static int first_row_tile() { return warp_index() % WARPS_ALONG_UNITS * WARP_ROW_TILES; }
  KERNELGEN_DEVICE static int first_column_group() { return warp_index() / WARPS_ALONG_UNITS % WARPS_ALONG_COLUMNS * WARP_COLUMN_GROUPS; }

  /** The part of chunk i of this warp, and this lane's first inner index there. */
  KERNELGEN_DEVICE void place(int i, int& part, int& inner) const {
    // Warps take turns, so that those of a block read whole lines of memory together.
    const int chunk = (is_reversed ? chunk_count - 1 - i : i) * WARPS_ALONG_INNER + warp_along_inner();
    part = INNER_PARTS == 1 ? 0 : chunk / chunks_of_part;
    inner = (chunk - part * chunks_of_part) * CHUNK_INNER + lane_index() % ${chunkLanes} * WORD_ELEMENTS;
  }

  KERNELGEN_DEVICE static Words4* chunk_of(unsigned char* shared, int i) {
    const int slot = warp_along_inner() * CHUNKS_IN_FLIGHT + i % CHUNKS_IN_FLIGHT;
    return reinterpret_cast<Words4*>(shared) + slot * CHUNK_WORDS * 32;
  }
${placeSource}  /** The first of the words of chunk i that this lane copies; the others are 32 words apart each. */
  KERNELGEN_DEVICE static Words4* words_of(unsigned char* shared, int i) {
    const int place = place_of(lane_index() / ${chunkLanes}, lane_index() % ${chunkLanes});
    return chunk_of(shared, i) + ${isMatrix ? "(SHARES_CHUNKS ? place : lane_index())" : "place"};
  }
${isMatrix ? sharedMultiplySource(problem) : ""}
  /** Multiplies a chunk of this warp's own. */${isMatrix ? ownMatrixSource(problem) : ownMultiplyAddSource}
  KERNELGEN_DEVICE void fetch_rows(int i, unsigned char* shared) const {
    int part;
    int inner;
    place(i, part, inner);
    Words4* target = words_of(shared, i);
    KERNELGEN_UNROLL
    for (int round = 0; round < Tile::parts(ROW_WORDS, SHARING_WARPS); ++round) {
      const int word = round * SHARING_WARPS + warp_index() % SHARING_WARPS;
      if (ROW_WORDS % SHARING_WARPS != 0 && word >= ROW_WORDS) break;
      const int row = word * 8 + lane_index() / ${chunkLanes};
      const int sum = row / UNIT_TILE;
      const int unit = tile.first_unit + row % UNIT_TILE;
      const bool valid = i < chunk_count && sum < SUM_COUNT && unit < head_dim;
      const int64_t begin = static_cast<int64_t>(((sum + part) * heads + tile.head) * head_dim + unit) * pitch;
      copy_word(target + word * 32, matrix + (valid ? begin : 0), inner, head_dim, valid);
    }
  }

  /** \`operand_row(part, sequence)\` is where a sequence's operand of a part begins. */
  template <typename OperandRow>
  KERNELGEN_DEVICE void fetch_columns(int i, const OperandRow& operand_row, unsigned char* shared) const {
    int part;
    int inner;
    place(i, part, inner);
    Words4* target = words_of(shared, i) + ROW_WORDS * 32;
    KERNELGEN_UNROLL
    for (int round = 0; round < Tile::parts(COLUMN_GROUPS, SHARING_WARPS); ++round) {
      const int word = round * SHARING_WARPS + warp_index() % SHARING_WARPS;
      if (COLUMN_GROUPS % SHARING_WARPS != 0 && word >= COLUMN_GROUPS) break;
      const int column = word * 8 + lane_index() / ${chunkLanes};
      const int sequence = tile.first_sequence + column;
      const bool valid = i < chunk_count && sequence < batch;
      const Element* row = operand_row(valid ? part : 0, valid ? sequence : 0);
      copy_word(target + word * 32, row, inner, head_dim, valid);
    }
  }

  /** Leaves the sums of each warp in \`shared\`. The operand is there after \`wait()\`; rows of the matrix are sent for before. */
  template <typename OperandRow, typename Wait>
  KERNELGEN_DEVICE void run(const OperandRow& operand_row, const Wait& wait, unsigned char* shared) const {
    KERNELGEN_UNROLL
    for (int ahead = 0; ahead < CHUNKS_AHEAD; ++ahead) fetch_rows(ahead, shared);
    copy_async_commit();
    wait();
    KERNELGEN_UNROLL
    for (int ahead = 0; ahead < CHUNKS_AHEAD; ++ahead) {
      fetch_columns(ahead, operand_row, shared);
      if (ahead % ROUND_CHUNKS == ROUND_CHUNKS - 1) copy_async_commit();
    }
    Sums sums = {};
    KERNELGEN_NO_UNROLL
    for (int first = 0; first < chunk_count; first += ROUND_CHUNKS) {
      copy_async_wait<CHUNKS_AHEAD / ROUND_CHUNKS - 1>();
      ${isMatrix ? "if constexpr (SHARES_CHUNKS) sync_block();" : "sync_warp();"}
      KERNELGEN_UNROLL
      for (int i = first; i < first + ROUND_CHUNKS; ++i) {
${
  isMatrix
    ? `        if constexpr (SHARES_CHUNKS) {
          multiply_shared(chunk_of(shared, i), sums);
        } else {
          multiply(chunk_of(shared, i), sums);
        }`
    : "        multiply(chunk_of(shared, i), sums);"
}
      }${isMatrix ? "" : "\n      // The words that come next take the place of what other lanes have read.\n      sync_warp();"}
      KERNELGEN_UNROLL
      for (int i = first; i < first + ROUND_CHUNKS; ++i) {
        fetch_rows(i + CHUNKS_AHEAD, shared);
        fetch_columns(i + CHUNKS_AHEAD, operand_row, shared);
      }
      copy_async_commit();
    }
    // The sums take the place of the chunks.
    copy_async_wait<0>();
    sync_block();
    float* shared_sums = reinterpret_cast<float*>(shared);
    KERNELGEN_UNROLL
    for (int row_tile = 0; row_tile < WARP_ROW_TILES; ++row_tile) {
      KERNELGEN_UNROLL
      for (int group = 0; group < WARP_COLUMN_GROUPS; ++group) {
        KERNELGEN_UNROLL
        for (int sum = 0; sum < 4; ++sum) {
          const int row = (first_row_tile() + row_tile) * 16 + sum / 2 * 8 + lane_index() / 4;
          const int column = (first_column_group() + group) * 8 + lane_index() % 4 * 2 + sum % 2;
          shared_sums[(warp_along_inner() * BATCH_TILE + column) * SUM_STRIDE + row] = sums[row_tile][group][sum];
        }
      }
    }
    sync_block();
  }

  /** The sum of all warps along the inner dimension for a unit of the tile. */
  KERNELGEN_DEVICE static float total(const unsigned char* shared, int sum, const OwnUnit& own) {
    const float* shared_sums = reinterpret_cast<const float*>(shared);
    float result = 0;
    KERNELGEN_UNROLL
    for (int warp = 0; warp < WARPS_ALONG_INNER; ++warp) {
      result += shared_sums[(warp * BATCH_TILE + own.column) * SUM_STRIDE + sum * UNIT_TILE + own.unit];
    }
    return result;
  }
};
`;
}
