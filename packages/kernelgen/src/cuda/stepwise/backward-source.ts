import { type CellState, gatePlaces, gatesWith } from "../../cell/definition.js";
import type { Problem } from "../../plan/problem.js";
import { backwardStep } from "../../plan/saved-values.js";
import { gradientName } from "../../plan/tensors.js";
import { backwardStreams } from "../backward-streams.js";
import { backwardStepCall } from "../cell-step-source.js";
import { recurrentGradientText } from "../recurrent-gradient.js";
import { tensorParameters } from "../tensor-parameters.js";
import type { SizesText } from "./sizes.js";

/** Rows and columns of a block of the transposition, and its threads along them. */
const transposeTile = 32;
const transposeRows = 8;

/** C++ of what a launch keeps in scratch memory: R transposed, and the part of dh that does not come through R. */
export const backwardScratchSource = `
/** Bytes of the adjoint of h [B,N,D] in fp32 at the beginning of scratch memory, up to where R transposed begins. */
KERNELGEN_HOST_DEVICE constexpr int64_t adjoint_bytes(int64_t batch, int64_t heads, int64_t head_dim) {
  return (batch * heads * head_dim * 4 + 255) / 256 * 256;
}
/** Bytes of device memory that a launch uses for itself: also R transposed [G,N,D,pitch] (in, out), and where rows are padded du of two steps. */
KERNELGEN_HOST_DEVICE constexpr int64_t scratch_bytes(int64_t batch, int64_t heads, int64_t head_dim) {
  return adjoint_bytes(batch, heads, head_dim) +
         (matrix_elements(heads, head_dim) + operand_elements(batch, heads, head_dim)) * static_cast<int64_t>(sizeof(Element));
}
`;

/** C++ of the kernel that transposes R, once a launch: its rows are then read in whole words by the steps. */
export const transposeSource = (kernelName: string): string => `
constexpr int TRANSPOSE_TILE = ${transposeTile};
constexpr int TRANSPOSE_THREADS = ${transposeTile} * ${transposeRows};
constexpr int TRANSPOSE_SHARED_BYTES = TRANSPOSE_TILE * (TRANSPOSE_TILE + 1) * sizeof(Element);

/** transposed[g][n][j][i] = recurrent[g][n][i][j], a block for each tile of 32 × 32; zeros at the end of padded rows. */
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(TRANSPOSE_THREADS, 1)
${kernelName}(const Element* recurrent, Element* transposed, int head_dim) {
  Element* shared = reinterpret_cast<Element*>(shared_memory());
  const int tiles = Tile::parts(head_dim, TRANSPOSE_TILE);
  const int pitch = row_pitch(head_dim);
  const int64_t matrix = static_cast<int64_t>(block_index() / (tiles * tiles)) * head_dim;
  const int first_row = block_index() / tiles % tiles * TRANSPOSE_TILE;
  const int first_column = block_index() % tiles * TRANSPOSE_TILE;
  const int lane = thread_index() % TRANSPOSE_TILE;
  for (int i = thread_index() / TRANSPOSE_TILE; i < TRANSPOSE_TILE; i += ${transposeRows}) {
    const int row = first_row + i;
    const int column = first_column + lane;
    if (row < head_dim && column < head_dim) {
      shared[i * (TRANSPOSE_TILE + 1) + lane] = load_streaming(recurrent + (matrix + row) * head_dim + column);
    }
  }
  sync_block();
  for (int i = thread_index() / TRANSPOSE_TILE; i < TRANSPOSE_TILE; i += ${transposeRows}) {
    const int row = first_column + i;
    const int column = first_row + lane;
    // Words end within a tile.
    if (row < head_dim && column < pitch) {
      transposed[(matrix + row) * pitch + column] = column < head_dim ? shared[lane * (TRANSPOSE_TILE + 1) + i] : Element{};
    }
  }
}
`;

/**
 * C++ of the backward kernel of one step. Launch s is at time T − 1 − s; one more launch passes the first du on to the initial h. Where rows may be
 * padded, \`padded_du\` is where copies of du of two steps in turn lie, or null.
 *
 * @param padsRows whether they may be
 */
export function backwardStepSource(problem: Problem, kernelName: string, sizes: SizesText, padsRows: boolean): string {
  const { cell, stateOutput, lengths, recurrentGradientCut: cuts } = problem;
  const { streams, previous, next, carried, givenSequences } = backwardStreams(problem);
  const saved = backwardStep(problem).saved;
  const places = gatePlaces(cell);
  const isOutput = (state: CellState): boolean => state === cell.states[0];
  // R comes transposed.
  const [, ...tensors] = tensorParameters(problem);
  const parameters = [
    ...tensors,
    "float* adjoint_h",
    "const Element* transposed",
    ...(padsRows ? ["Element* padded_du"] : []),
    ...sizes.parameters,
  ];

  // What a step reads: the streams, and of carried states the value after the step too, which fused kernels have in registers.
  const reads = [
    ...streams.map(({ name, initial, isElement }) => ({
      name,
      isElement,
      address:
        initial === undefined ? `${name} + now` : `(time == 0 ? ${initial} + own.single : ${name} + (now - row))`,
      key: initial === undefined ? name : `${name} before`,
    })),
    ...carried.map((state) => ({
      name: state.name,
      isElement: isOutput(state),
      address: `${state.name} + now`,
      key: state.name,
    })),
  ];
  const readValue = (key: string): string => {
    const index = reads.findIndex((read) => read.key === key);
    return reads[index]!.isElement ? `to_float(elements[i][${indexOf(index)}])` : `floats[i][${indexOf(index)}]`;
  };
  /** The place of a read among those of its type. */
  function indexOf(index: number): number {
    return reads.slice(0, index).filter(({ isElement }) => isElement === reads[index]!.isElement).length;
  }
  const loads = reads.map(
    ({ isElement, address }, index) =>
      `      ${isElement ? "elements" : "floats"}[i][${indexOf(index)}] = load_streaming(${address});`,
  );
  const elementCount = reads.filter(({ isElement }) => isElement).length;
  const floatCount = reads.length - elementCount;
  const array = (name: string, values: readonly string[]): string =>
    values.length === 0 ? "" : `    const float ${name}[${values.length}] = {${values.join(", ")}};\n`;

  // Adjoints pass from launch to launch: that of h in scratch memory, those of other states where their last ones belong.
  const adjointPlace = (name: string, index: number): string =>
    index === 0 ? "adjoint_h" : gradientName(`${name}_initial`);
  const firstAdjoint = ({ name, isDetached }: CellState, index: number): string =>
    index > 0 && stateOutput === "last" && !isDetached ? `load_streaming(${gradientName(name)} + own.single)` : "0.0f";
  const given = cell.states.flatMap((state, index) =>
    index === 0 || givenSequences.includes(state)
      ? [`    adjoints[i][${index}] += ${readValue(gradientName(state.name))};`]
      : [],
  );

  // Where du of the step after lies: with those of the inputs, or for itself.
  const operands = gatesWith(cell, "recurrent").map((gate) => {
    const { input } = places[cell.gates.indexOf(gate)]!;
    return input === undefined
      ? `${gradientName(`u_${gate.name}`)} + (first_row * heads + tile.head) * head_dim`
      : `${gradientName("wx")} + ((first_row * INPUT_GATE_COUNT + ${input}) * heads + tile.head) * head_dim`;
  });
  const isRegular = gatesWith(cell, "recurrent").every(
    (gate, part) => places[cell.gates.indexOf(gate)]!.input === part,
  );
  const irregularRow = operands
    .map((operand, part) => (part === operands.length - 1 ? operand : `part == ${part} ? ${operand} : `))
    .join("\n           ");
  // Of the launch before; where all parts lie with those of the inputs, a copy differs in its strides alone.
  const operandRow = isRegular
    ? `  const int64_t part_stride = static_cast<int64_t>(heads) * row_pitch(head_dim);
  const Element* operand = ${padsRows ? "is_copy ? padded_row(step + 1, 0, 0) : " : ""}${gradientName("wx")} + ((time + 1) * INPUT_GATE_COUNT * static_cast<int64_t>(heads) + tile.head) * head_dim;
  const int64_t sequence_stride = (${padsRows ? "is_copy ? INNER_PARTS : " : ""}static_cast<int64_t>(steps) * INPUT_GATE_COUNT) * part_stride;
  const auto operand_row = [&](int part, int sequence) { return operand + sequence * sequence_stride + part * part_stride; };`
    : `  const auto operand_row = [&]([[maybe_unused]] int part, int sequence) -> const Element* {${padsRows ? "\n    if (is_copy) return padded_row(step + 1, part, sequence);" : ""}
    const int64_t first_row = static_cast<int64_t>(sequence) * steps + time + 1;
    return ${irregularRow};
  };`;
  const multiplied = gatesWith(cell, "recurrent");
  const gateStores = (value: (gate: number) => string): readonly string[] =>
    cell.gates.flatMap((gate, index) => {
      const place = places[index]!.input;
      const target =
        place === undefined
          ? `${gradientName(`u_${gate.name}`)} + now`
          : `${gradientName("wx")} + own.at(steps, time, INPUT_GATE_COUNT, row) + ${place} * row`;
      const part = multiplied.indexOf(gate);
      const copy = `padded_row(step, ${part}, own.sequence) + tile.first_unit + own.unit`;
      return [
        `    store_streaming(${target}, ${value(index)});`,
        ...(padsRows && part >= 0 ? [`    if (is_copy) store_streaming(${copy}, ${value(index)});`] : []),
      ];
    });
  const adjointStores = cell.states.map(
    ({ name }, index) => `    store_streaming(${adjointPlace(name, index)} + own.single, adjoints[i][${index}]);`,
  );
  const beyondEnd = `
    if (time > 0 && time >= lengths[own.sequence]) {
      // The sequence has ended before: the adjoints wait for its last step.
  ${[...gateStores(() => "Element{}"), ...adjointStores].join("\n  ")}
      return;
    }`;
  const recurrentGradient = recurrentGradientText(problem);

  return `${recurrentGradient.source}
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, RESIDENT_BLOCKS)
${kernelName}(
    ${[...parameters, "int steps", "int step"].join(",\n    ")}) {${sizes.declaration}
  const int64_t row = static_cast<int64_t>(heads) * head_dim;
  const int time = steps - 1 - step;  // −1: the initial states
  const Tile tile(batch, head_dim);
  unsigned char* shared = shared_memory();

  Element elements[HELD_UNITS][${Math.max(elementCount, 1)}];${floatCount > 0 ? `\n  float floats[HELD_UNITS][${floatCount}];` : ""}
  float adjoints[HELD_UNITS][STATE_COUNT];
  const auto load_reads = [&](int first_held) {
    KERNELGEN_UNROLL
    for (int i = 0; i < HELD_UNITS; ++i) {
      const OwnUnit own(first_held + i, tile, batch, heads, head_dim);
      if (!own.exists || time < 0) continue;
      const int64_t now = own.at(steps, time, 1, row);
${loads.join("\n")}
    }
  };
  const auto load_adjoints = [&](int first_held) {
    KERNELGEN_UNROLL
    for (int i = 0; i < HELD_UNITS; ++i) {
      const OwnUnit own(first_held + i, tile, batch, heads, head_dim);
      if (!own.exists) continue;
${cell.states.map((state, index) => `      adjoints[i][${index}] = step == 0 ? ${firstAdjoint(state, index)} : load_relaxed(${adjointPlace(state.name, index)} + own.single);`).join("\n")}
    }
  };
  const auto wait = [&] {
    // The forward pass left what is read here: it does not wait for the launch before.
    if constexpr (HOLDS_ALL_UNITS) {
      load_reads(0);
    } else {
      KERNELGEN_NO_UNROLL
      for (int i = 0; i < OWN_UNITS; ++i) {
        const OwnUnit own(i, tile, batch, heads, head_dim);
        if (!own.exists || time < 0) continue;
        const int64_t now = own.at(steps, time, 1, row);
${reads.map(({ address }) => `        bring_to_l2(${address});`).join("\n")}
      }
    }
    allow_next_step();
    wait_for_previous_step();
    if constexpr (HOLDS_ALL_UNITS) load_adjoints(0);
  };

  // The product of R transposed with du of the launch before, which is later in time. The last step gets nothing.
${
  padsRows
    ? `  const bool is_copy = padded_du != nullptr;
  const auto padded_row = [&](int of_step, int part, int sequence) {
    return padded_du +
           (((static_cast<int64_t>(of_step % 2) * batch + sequence) * INNER_PARTS + part) * heads + tile.head) * row_pitch(head_dim);
  };
`
    : ""
}  Product product(transposed, tile, batch, heads, head_dim, row_pitch(head_dim), step);
  ${cuts ? "product.chunk_count = 0;  // cut: h gets nothing through R" : "if (step == 0) product.chunk_count = 0;"}
${operandRow}
  product.run(operand_row, wait, shared);

  // Pointwise part of the unit that is held at place i.
  const auto compute = [&](int i, const OwnUnit& own) {
    adjoints[i][0] += ${recurrentGradient.value("Product::total(shared, 0, own)")};
    if (time < 0) {
      store_streaming(${gradientName(`${cell.states[0]!.name}_initial`)} + own.single, to_element(adjoints[i][0]));
      return;
    }
    [[maybe_unused]] const int64_t now = own.at(steps, time, 1, row);${lengths ? beyondEnd : ""}
${given.join("\n")}
${array(
  "saved",
  saved.map(({ name }) => readValue(name)),
)}${array(
  "previous",
  previous.map(({ name }) => readValue(`${name} before`)),
)}${array(
  "next",
  next.map(({ name }) => readValue(name)),
)}    float du[GATE_COUNT];
    ${backwardStepCall(problem, "adjoints[i]")}
${gateStores((gate) => `to_element(du[${gate}])`).join("\n")}
${adjointStores.join("\n")}
  };
  KERNELGEN_NO_UNROLL
  for (int first_held = 0; first_held < OWN_UNITS; first_held += HELD_UNITS) {
    if constexpr (!HOLDS_ALL_UNITS) {
      load_reads(first_held);
      load_adjoints(first_held);
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
