import type { Problem } from "../../plan/problem.js";
import { savedValues } from "../../plan/saved-values.js";
import { gateSums } from "../gate-source.js";
import { tensorParameters } from "../tensor-parameters.js";
import type { SizesText } from "./sizes.js";

/** C++ of what a launch keeps in scratch memory: copies of R and of h whose rows are whole words, where theirs are not. */
export const forwardScratchSource = `
/** Bytes of device memory that a launch uses for itself. */
KERNELGEN_HOST_DEVICE constexpr int64_t scratch_bytes(int64_t batch, int64_t heads, int64_t head_dim) {
  return is_padded(static_cast<int>(head_dim))
             ? (matrix_elements(heads, head_dim) + operand_elements(batch, heads, head_dim)) * static_cast<int64_t>(sizeof(Element))
             : 0;
}
`;

/**
 * C++ of the forward kernel of one step. Where rows may be padded, \`recurrent\` is R or its copy, and \`padded_h\` the copies of h of two steps in
 * turn, or null.
 *
 * @param padsRows whether they may be
 */
export function forwardStepSource(problem: Problem, kernelName: string, sizes: SizesText, padsRows: boolean): string {
  const { cell, stateOutput, lengths } = problem;
  const saved = savedValues(problem)?.saved ?? [];
  const output = cell.states[0]!.name;
  const keepsSequence = (index: number): boolean => index === 0 || stateOutput === "sequence";
  const parameters = [
    ...tensorParameters(problem),
    ...(padsRows ? ["Element* padded_h"] : []),
    ...sizes.parameters,
    "int steps",
    "int step",
  ];
  const readState = (name: string, index: number): string => {
    const before = keepsSequence(index) ? `${name} + (now - row)` : `${name} + own.single`;
    const value = `load_relaxed(step == 0 ? ${name}_initial + own.single : ${before})`;
    return `      states[i][${index}] = ${index === 0 ? `to_float(${value})` : value};`;
  };
  const sums = gateSums(cell, {
    recurrent: (place) => `Product::total(shared, ${place}, own)`,
    input: (place) => `to_float(inputs[i][${place}])`,
    bias: (place) => `to_float(load_streaming(bias + ${place} * row + own.gates))`,
  });
  /** What is stored of a step: nothing is there beyond the length of a sequence. */
  const orZero = (value: string, zero: string): string => (lengths ? `is_there ? ${value} : ${zero}` : value);
  return `
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, RESIDENT_BLOCKS)
${kernelName}(
    ${parameters.join(",\n    ")}) {${sizes.declaration}
  const int64_t row = static_cast<int64_t>(heads) * head_dim;
  const Tile tile(batch, head_dim);
  unsigned char* shared = shared_memory();

  Element inputs[HELD_UNITS][INPUT_GATE_COUNT];
  float states[HELD_UNITS][STATE_COUNT];
  const auto load_inputs = [&](int first_held) {
    KERNELGEN_UNROLL
    for (int i = 0; i < HELD_UNITS; ++i) {
      const OwnUnit own(first_held + i, tile, batch, heads, head_dim);
      if (!own.exists) continue;
      const int64_t first = own.at(steps, step, INPUT_GATE_COUNT, row);
      KERNELGEN_UNROLL
      for (int gate = 0; gate < INPUT_GATE_COUNT; ++gate) inputs[i][gate] = load_streaming(wx + first + gate * row);
    }
  };
  const auto load_states = [&](int first_held) {
    KERNELGEN_UNROLL
    for (int i = 0; i < HELD_UNITS; ++i) {
      const OwnUnit own(first_held + i, tile, batch, heads, head_dim);
      if (!own.exists) continue;
      [[maybe_unused]] const int64_t now = own.at(steps, step, 1, row);
${cell.states.map(({ name }, index) => readState(name, index)).join("\n")}
    }
  };
  const auto wait = [&] {
    if constexpr (HOLDS_ALL_UNITS) {
      load_inputs(0);
    } else {
      KERNELGEN_NO_UNROLL
      for (int i = 0; i < OWN_UNITS; ++i) {
        const OwnUnit own(i, tile, batch, heads, head_dim);
        if (!own.exists) continue;
        const int64_t first = own.at(steps, step, INPUT_GATE_COUNT, row);
        KERNELGEN_UNROLL
        for (int gate = 0; gate < INPUT_GATE_COUNT; ++gate) bring_to_l2(wx + first + gate * row);
      }
    }
    allow_next_step();
    wait_for_previous_step();
    if constexpr (HOLDS_ALL_UNITS) load_states(0);
  };

  // The product with h of the step before.
${
  padsRows
    ? `  const bool is_copy = padded_h != nullptr;
  const int pitch = is_copy ? row_pitch(head_dim) : head_dim;
  const auto padded_row = [&](int of_step, int sequence) {
    return padded_h + ((static_cast<int64_t>(of_step % 2) * batch + sequence) * heads + tile.head) * pitch;
  };
`
    : "  constexpr int pitch = head_dim;\n"
}  const Product product(recurrent, tile, batch, heads, head_dim, pitch, step);
  const Element* given = (step == 0 ? ${output}_initial : ${output} + (step - 1) * row) + static_cast<int64_t>(tile.head) * head_dim;
  const int64_t given_stride = (step == 0 ? 1 : steps) * row;
${
  padsRows
    ? `  const Element* operand = is_copy ? padded_row(step, 0) : given;
  const int64_t sequence_stride = is_copy ? static_cast<int64_t>(heads) * pitch : given_stride;
  const auto operand_row = [&](int, int sequence) { return operand + sequence * sequence_stride; };`
    : "  const auto operand_row = [&](int, int sequence) { return given + sequence * given_stride; };"
}
  product.run(operand_row, wait, shared);

  // Pointwise part of the unit that is held at place i.
  const auto compute = [&](int i, const OwnUnit& own) {
    const float u[GATE_COUNT] = {
${sums.map((sum) => `        ${sum},`).join("\n")}
    };
${saved.length > 0 ? "    float saved[SAVED_COUNT];\n    cell_step(u, states[i], saved);" : "    cell_step(u, states[i]);"}
    const int64_t now = own.at(steps, step, 1, row);${lengths ? "\n    const bool is_there = step == 0 || step < lengths[own.sequence];" : ""}
${cell.states
  .map(({ name }, index) => {
    const value = index === 0 ? "to_element(states[i][0])" : `states[i][${index}]`;
    const copied =
      index === 0 && padsRows
        ? `\n    if (is_copy) store_streaming(padded_row(step + 1, own.sequence) + tile.first_unit + own.unit, ${orZero(value, "Element{}")});`
        : "";
    return keepsSequence(index)
      ? `    store_streaming(${name} + now, ${orZero(value, index === 0 ? "Element{}" : "0.0f")});${copied}`
      : `    ${lengths ? "if (is_there) " : ""}store_streaming(${name} + own.single, ${value});`;
  })
  .join("\n")}
${saved.map(({ name }, index) => `    store_streaming(${name} + now, ${orZero(`to_element(saved[${index}])`, "Element{}")});`).join("\n")}
  };
  KERNELGEN_NO_UNROLL
  for (int first_held = 0; first_held < OWN_UNITS; first_held += HELD_UNITS) {
    if constexpr (!HOLDS_ALL_UNITS) {
      load_inputs(first_held);
      load_states(first_held);
    }
    KERNELGEN_UNROLL
    for (int i = 0; i < HELD_UNITS; ++i) {
      const OwnUnit own(first_held + i, tile, batch, heads, head_dim);
      if (own.exists) compute(i, own);
    }
  }
}
`;
}
