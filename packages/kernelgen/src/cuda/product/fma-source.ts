import { registerLoadSource } from "./register-load-source.js";

/** C++ of the part of R that is read from device memory in every step. The ring of chunks on their way lives from step to step. */
const streaming = {
  members: `
  Words4* streamed_matrix;  // this thread's words of the chunks that are read in every step
  Words4 streamed[STREAM_DEPTH][SUM_COUNT][UNITS_PER_THREAD];  // those on their way: chunk STREAM_BEGIN + i in place i mod STREAM_DEPTH

  static constexpr int STREAM_BEGIN = CHUNKS_ON_CHIP;`,
  place: `
    constexpr int streamed_words = (INNER_CHUNKS - STREAM_BEGIN) * SUM_COUNT * UNITS_PER_THREAD * 32;
    streamed_matrix = memory + warp_index() * streamed_words + lane_index();`,
  load: `
        KERNELGEN_NO_UNROLL
        for (int chunk = STREAM_BEGIN; chunk < INNER_CHUNKS; ++chunk) {
          const int row_chunk = ((chunk - STREAM_BEGIN) * SUM_COUNT + sum) * UNITS_PER_THREAD + unit;
          streamed_matrix[row_chunk * 32] =
              load_chunk(source, sum, head_unit, first_inner + inner_begin + chunk * LANES_ALONG_INNER * 4, valid);
        }`,
  start: `
    KERNELGEN_UNROLL
    for (int ahead = 0; ahead < STREAM_DEPTH; ++ahead) {
      if (STREAM_BEGIN + ahead < INNER_CHUNKS) fetch(ahead, STREAM_BEGIN + ahead);
    }`,
  fetch: `
  /** Sends for a chunk of the streamed part. */
  KERNELGEN_DEVICE void fetch(int place, int chunk) {
    KERNELGEN_UNROLL
    for (int sum = 0; sum < SUM_COUNT; ++sum) {
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
        const int row_chunk = ((chunk - STREAM_BEGIN) * SUM_COUNT + sum) * UNITS_PER_THREAD + unit;
        streamed[place][sum][unit] = load_from_l2(streamed_matrix + row_chunk * 32);
      }
    }
  }
`,
  multiply: `
    // The first chunks were sent for in the step before; each place is filled again as soon as it is free, at last with the next step's.
    KERNELGEN_NO_UNROLL
    for (int first = STREAM_BEGIN; first < INNER_CHUNKS; first += STREAM_DEPTH) {
      KERNELGEN_UNROLL
      for (int ahead = 0; ahead < STREAM_DEPTH; ++ahead) {
        const int chunk = first + ahead;
        if (chunk >= INNER_CHUNKS) break;
        float weights[SUM_COUNT][UNITS_PER_THREAD][4];
        KERNELGEN_UNROLL
        for (int sum = 0; sum < SUM_COUNT; ++sum) {
          KERNELGEN_UNROLL
          for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
            KERNELGEN_UNROLL
            for (int i = 0; i < 4; ++i) weights[sum][unit][i] = float_of(streamed[ahead][sum][unit].w[i]);
          }
        }
        fetch(ahead, chunk + STREAM_DEPTH < INNER_CHUNKS ? chunk + STREAM_DEPTH : STREAM_BEGIN + ahead);
        multiply_chunk(weights, state + inner_begin + chunk * LANES_ALONG_INNER * 4, partial);
      }
    }`,
} as const;

/** C++ of the fp32 product by plain multiply-adds. Constants in capitals come from the plan. */
export const fmaSource = (streams: boolean): string => `
/** The slot of a warp, its place in the block: the first of its adjacent units, and its sequence. */
KERNELGEN_DEVICE int slot_unit(int warp_along_units, int /* slot */) {
  return (warp_along_units * LANES_ALONG_UNITS + lane_index() / LANES_ALONG_INNER) * UNITS_PER_THREAD;
}
KERNELGEN_DEVICE int slot_sequence(int slot) {
  return lane_index() % LANES_ALONG_INNER * SEQUENCES_PER_LANE + slot;
}

/**
 * Adds the partial sums of LANES lanes; lane l ends with the whole sums of sequences l·WIDTH/LANES and following in the first
 * WIDTH/LANES places. Each round exchanges half of what is left with the lane whose number differs in one bit.
 */
template <int LANES, int WIDTH>
KERNELGEN_DEVICE void reduce_scatter(float (&sums)[SUM_COUNT][UNITS_PER_THREAD][BATCH_TILE]) {
  if constexpr (LANES > 1) {
    const bool upper = (lane_index() & LANES / 2) != 0;
    KERNELGEN_UNROLL
    for (int sum = 0; sum < SUM_COUNT; ++sum) {
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
        KERNELGEN_UNROLL
        for (int i = 0; i < WIDTH / 2; ++i) {
          const float low = sums[sum][unit][i];
          const float high = sums[sum][unit][i + WIDTH / 2];
          sums[sum][unit][i] = (upper ? high : low) + shuffle_xor(upper ? low : high, LANES / 2);
        }
      }
    }
    reduce_scatter<LANES / 2, WIDTH / 2>(sums);
  }
}

${registerLoadSource}
/** A block's part of the matrix in registers, and its product with the operand. */
struct Product {
  float matrix[SUM_COUNT][UNITS_PER_THREAD][CHUNKS_IN_REGISTERS][4];
  float bias[SUM_COUNT][UNITS_PER_THREAD];
  Words4* shared_matrix;  // this thread's words of the chunks that are not in registers
  int inner_begin;        // first inner index of this thread within the block's; its chunks are LANES_ALONG_INNER · 4 apart
${streams ? streaming.members : ""}

  /** Four adjacent elements of a row, zero outside it. */
  KERNELGEN_DEVICE static Words4 load_chunk(const Matrix& source, int sum, int unit, int inner, bool valid) {
    Words4 words;
    KERNELGEN_UNROLL
    for (int i = 0; i < 4; ++i) {
      words.w[i] = bits_of(valid && inner + i < INNER_DIM ? load_streaming(source.element(sum, unit, inner + i)) : 0.0f);
    }
    return words;
  }

${streams ? streaming.fetch : ""}
  KERNELGEN_DEVICE void load(const Matrix& source, int first_unit, int first_inner, unsigned char* shared${streams ? ", Words4* memory" : ""}) {
    const int warp_along_units = warp_index() % WARPS_ALONG_UNITS;
    const int warp_along_inner = warp_index() / WARPS_ALONG_UNITS;
    const int lane_along_inner = lane_index() % LANES_ALONG_INNER;
    inner_begin = (warp_along_inner * INNER_CHUNKS * LANES_ALONG_INNER + lane_along_inner) * 4;
    constexpr int warp_words = (CHUNKS_ON_CHIP - CHUNKS_IN_REGISTERS) * SUM_COUNT * UNITS_PER_THREAD * 32;
    shared_matrix = reinterpret_cast<Words4*>(shared) + warp_index() * warp_words + lane_index();${streams ? streaming.place : ""}
    KERNELGEN_UNROLL
    for (int sum = 0; sum < SUM_COUNT; ++sum) {
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
        const int head_unit = first_unit + slot_unit(warp_along_units, 0) + unit;
        const bool valid = head_unit < HEAD_DIM;
        // The bias enters the sum once: in the first of the lanes, warps and blocks that split the inner dimension.
        bias[sum][unit] = valid && first_inner + inner_begin == 0 ? source.bias_of(sum, head_unit) : 0.0f;
        load_registers(matrix[sum][unit], [&](int chunk) {
          return load_chunk(source, sum, head_unit, first_inner + inner_begin + chunk * LANES_ALONG_INNER * 4, valid);
        });
        KERNELGEN_NO_UNROLL
        for (int chunk = CHUNKS_IN_REGISTERS; chunk < CHUNKS_ON_CHIP; ++chunk) {
          const int row_chunk = ((chunk - CHUNKS_IN_REGISTERS) * SUM_COUNT + sum) * UNITS_PER_THREAD + unit;
          shared_matrix[row_chunk * 32] =
              load_chunk(source, sum, head_unit, first_inner + inner_begin + chunk * LANES_ALONG_INNER * 4, valid);
        }${streams ? streaming.load : ""}
      }
    }${streams ? streaming.start : ""}
  }

  /** Adds the product of four inner indices with h of all sequences. */
  KERNELGEN_DEVICE static void multiply_chunk(const float (&weights)[SUM_COUNT][UNITS_PER_THREAD][4], const Element* state,
                                              float (&partial)[SUM_COUNT][UNITS_PER_THREAD][BATCH_TILE]) {
    KERNELGEN_UNROLL
    for (int sequence = 0; sequence < BATCH_TILE; ++sequence) {
      const Words4 words = *reinterpret_cast<const Words4*>(state + sequence * STATE_STRIDE);
      KERNELGEN_UNROLL
      for (int sum = 0; sum < SUM_COUNT; ++sum) {
        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
          KERNELGEN_UNROLL
          for (int i = 0; i < 4; ++i) partial[sum][unit][sequence] += weights[sum][unit][i] * float_of(words.w[i]);
        }
      }
    }
  }

  /** sums[slot][sum][unit] = bias + R·h over this warp's part of the inner dimension; \`state\` is [BATCH_TILE][STATE_STRIDE]. */
  KERNELGEN_DEVICE void multiply(const Element* state, float (&sums)[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD])${streams ? "" : " const"} {
    float partial[SUM_COUNT][UNITS_PER_THREAD][BATCH_TILE];
    KERNELGEN_UNROLL
    for (int sum = 0; sum < SUM_COUNT; ++sum) {
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
        KERNELGEN_UNROLL
        for (int sequence = 0; sequence < BATCH_TILE; ++sequence) partial[sum][unit][sequence] = bias[sum][unit];
      }
    }
    KERNELGEN_UNROLL
    for (int chunk = 0; chunk < CHUNKS_IN_REGISTERS; ++chunk) {
      float weights[SUM_COUNT][UNITS_PER_THREAD][4];
      KERNELGEN_UNROLL
      for (int sum = 0; sum < SUM_COUNT; ++sum) {
        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
          KERNELGEN_UNROLL
          for (int i = 0; i < 4; ++i) weights[sum][unit][i] = matrix[sum][unit][chunk][i];
        }
      }
      multiply_chunk(weights, state + inner_begin + chunk * LANES_ALONG_INNER * 4, partial);
    }
    // Not unrolled: the compiler would fetch all of shared memory's part of R ahead, into registers that hold the rest.
    KERNELGEN_NO_UNROLL
    for (int chunk = CHUNKS_IN_REGISTERS; chunk < CHUNKS_ON_CHIP; ++chunk) {
      float weights[SUM_COUNT][UNITS_PER_THREAD][4];
      KERNELGEN_UNROLL
      for (int sum = 0; sum < SUM_COUNT; ++sum) {
        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
          const int row_chunk = ((chunk - CHUNKS_IN_REGISTERS) * SUM_COUNT + sum) * UNITS_PER_THREAD + unit;
          const Words4 words = shared_matrix[row_chunk * 32];
          KERNELGEN_UNROLL
          for (int i = 0; i < 4; ++i) weights[sum][unit][i] = float_of(words.w[i]);
        }
      }
      multiply_chunk(weights, state + inner_begin + chunk * LANES_ALONG_INNER * 4, partial);
    }${streams ? streaming.multiply : ""}
    reduce_scatter<LANES_ALONG_INNER, BATCH_TILE>(partial);
    KERNELGEN_UNROLL
    for (int slot = 0; slot < WARP_SLOTS; ++slot) {
      KERNELGEN_UNROLL
      for (int sum = 0; sum < SUM_COUNT; ++sum) {
        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) sums[slot][sum][unit] = partial[sum][unit][slot];
      }
    }
  }
};
`;
