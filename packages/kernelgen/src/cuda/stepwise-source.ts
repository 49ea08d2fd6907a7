import type { Problem } from "../plan/problem.js";
import { savedValues } from "../plan/saved-values.js";
import { preActivations, slotBiasSource } from "./gate-source.js";
import { tensorParameters } from "./tensor-parameters.js";

/** C++ of how a part of h comes into shared memory. */
export const operandSource = `
constexpr int WORD_ELEMENTS = 16 / sizeof(Element);

/**
 * Starts to load the tile of h of a pass: of \`sequences\` rows, \`stride\` elements apart, the inner indices from \`first_inner\` on; zero
 * beyond the head and the batch. It is there after copy_async_wait<0>() and a barrier.
 */
KERNELGEN_DEVICE void load_operand(Element* tile, const Element* rows, int64_t stride, int sequences, int first_inner) {
  // Rows of whole words, which a tensor that begins amidst another may lack.
  const bool has_words = HEAD_DIM % WORD_ELEMENTS == 0 && reinterpret_cast<uintptr_t>(rows) % 16 == 0;
  if (has_words) {
    constexpr int row_words = INNER_PADDED / WORD_ELEMENTS;
    for (int i = thread_index(); i < BATCH_TILE * row_words; i += THREADS_PER_BLOCK) {
      const int sequence = i / row_words;
      const int inner = i % row_words * WORD_ELEMENTS;
      const bool valid = sequence < sequences && first_inner + inner < HEAD_DIM;
      const Element* source = rows + (valid ? sequence * stride + first_inner + inner : 0);
      copy_async_16(tile + sequence * STATE_STRIDE + inner, source, valid);
    }
  } else {
    for (int i = thread_index(); i < BATCH_TILE * INNER_PADDED; i += THREADS_PER_BLOCK) {
      const int sequence = i / INNER_PADDED;
      const int inner = i % INNER_PADDED;
      const bool valid = sequence < sequences && first_inner + inner < HEAD_DIM;
      tile[sequence * STATE_STRIDE + inner] =
          valid ? load_relaxed(rows + sequence * stride + first_inner + inner) : Element{};
    }
  }
  copy_async_commit();
}
`;

/** The kernel of one step. */
export function stepwiseKernelSource(problem: Problem, kernelName: string): string {
  const { cell, stateOutput } = problem;
  const parameters = [...tensorParameters(problem), "int steps", "int step"];
  const slotBias = slotBiasSource(cell);
  const saved = savedValues(problem)?.saved ?? [];
  const output = cell.states[0]!;
  const others = cell.states.slice(1);
  const keepsSequence = stateOutput === "sequence";
  const readState = (name: string, index: number): string => {
    const type = index === 0 ? "to_float" : "";
    const place = index === 0 || keepsSequence ? "written - HEAD_COUNT * HEAD_DIM" : "single";
    return `states[unit][${index}] = step == 0 ? ${type}(load_relaxed(${name}_initial + single + unit)) : ${type}(load_relaxed(${name} + ${place} + unit));`;
  };
  const otherStores = others
    .map(
      ({ name }, index) => `
    KERNELGEN_UNROLL
    for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) values[unit] = states[unit][${index + 1}];
    store_floats(${name} + ${keepsSequence ? "written" : "single"}, values);`,
    )
    .join("");
  return `
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, 1)
${kernelName}(
    ${parameters.join(",\n    ")}) {
  const int head = block_index() / (UNIT_BLOCKS * BATCH_BLOCKS);
  const int first_sequence = block_index() / UNIT_BLOCKS % BATCH_BLOCKS * BATCH_TILE;
  const int first_unit = block_index() % UNIT_BLOCKS * UNIT_TILE;
  const int sequences = first_sequence + BATCH_TILE <= BATCH ? BATCH_TILE : BATCH - first_sequence;

  // Shared memory: two tiles of h, the partial sums.
  unsigned char* shared = shared_memory();
  Element* shared_state = reinterpret_cast<Element*>(shared);
  [[maybe_unused]] PartialWord* shared_partial = reinterpret_cast<PartialWord*>(shared + STATE_BYTES);

  // R does not change: its first part is on its way while the step before ends.
  const Matrix matrix{recurrent, bias, head};
  Product products[2];
  products[0].load(matrix, first_unit, 0, shared);
  allow_next_step();
  wait_for_previous_step();

  // h of the step before, and R, part by part: the next one is on its way while one is multiplied.
  const int64_t stride = static_cast<int64_t>(step == 0 ? 1 : steps) * HEAD_COUNT * HEAD_DIM;
  const Element* rows = step == 0 ? ${output.name}_initial : ${output.name} + static_cast<int64_t>(step - 1) * HEAD_COUNT * HEAD_DIM;
  rows += first_sequence * stride + head * HEAD_DIM;
  load_operand(state_tile(shared_state, 0), rows, stride, sequences, 0);
  float totals[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD] = {};
  for (int first = 0; first < INNER_PASSES; first += 2) {
    KERNELGEN_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int pass = first + half;
      if (pass >= INNER_PASSES) break;
      copy_async_wait<0>();
      sync_block();
      if (pass + 1 < INNER_PASSES) {
        load_operand(state_tile(shared_state, pass + 1), rows, stride, sequences, (pass + 1) * INNER_PADDED);
        products[1 - half].load(matrix, first_unit, (pass + 1) * INNER_PADDED, shared);
      }
      float sums[WARP_SLOTS][SUM_COUNT][UNITS_PER_THREAD];
      products[half].multiply(state_tile(shared_state, pass), sums);
      KERNELGEN_UNROLL
      for (int slot = 0; slot < WARP_SLOTS; ++slot) {
        KERNELGEN_UNROLL
        for (int sum = 0; sum < SUM_COUNT; ++sum) {
          KERNELGEN_UNROLL
          for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) totals[slot][sum][unit] += sums[slot][sum][unit];
        }
      }
    }
  }
  float own[OWN_SLOTS][SUM_COUNT][UNITS_PER_THREAD];
  sum_over_warps(shared_partial, totals, own);

  // Pointwise part.
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    const OwnSlot place = own_slot(i);
    int units[OWN_SLOTS];
    units[i] = slot_unit(place.warp_along_units, place.slot);
    const int unit = first_unit + units[i];
    const int sequence = first_sequence + slot_sequence(place.slot);
    if (!place.exists || unit >= HEAD_DIM || sequence >= BATCH) continue;
    const int64_t single = (static_cast<int64_t>(sequence) * HEAD_COUNT + head) * HEAD_DIM + unit;
    const int64_t row = static_cast<int64_t>(sequence) * steps + step;
    const int64_t written = (row * HEAD_COUNT + head) * HEAD_DIM + unit;
    const int64_t inputs = (row * INPUT_GATE_COUNT * HEAD_COUNT + head) * HEAD_DIM + unit;
    float states[UNITS_PER_THREAD][STATE_COUNT];
    float input_values[INPUT_GATE_COUNT][UNITS_PER_THREAD];${slotBias.declaration}
    KERNELGEN_UNROLL
    for (int gate = 0; gate < INPUT_GATE_COUNT; ++gate) {
      unpack(load_streaming(reinterpret_cast<const Packed*>(wx + inputs + gate * HEAD_COUNT * HEAD_DIM)), input_values[gate]);
    }
    KERNELGEN_UNROLL
    for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
${cell.states.map(({ name }, index) => `      ${readState(name, index)}`).join("\n")}${slotBias.load}
    }
    float values[UNITS_PER_THREAD];${saved.length > 0 ? "\n    float saved[SAVED_COUNT][UNITS_PER_THREAD];" : ""}
    KERNELGEN_UNROLL
    for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
      const float u[GATE_COUNT] = {
${preActivations(cell)
  .map((sum) => `          ${sum},`)
  .join("\n")}
      };
${
  saved.length > 0
    ? `      float unit_saved[SAVED_COUNT];
      cell_step(u, states[unit], unit_saved);
      KERNELGEN_UNROLL
      for (int value = 0; value < SAVED_COUNT; ++value) saved[value][unit] = unit_saved[value];`
    : "      cell_step(u, states[unit]);"
}
      values[unit] = states[unit][0];
    }
    store_streaming(reinterpret_cast<Packed*>(${output.name} + written), pack(values));${saved
      .map(
        ({ name }, index) => `
    store_streaming(reinterpret_cast<Packed*>(${name} + written), pack(saved[${index}]));`,
      )
      .join("")}${otherStores}
  }
}
`;
}
