import { renderCellStep } from "../cell/render.js";
import type { Problem } from "../plan/problem.js";
import { savedValues } from "../plan/saved-values.js";
import { forwardTensors, type Tensor } from "../plan/tensors.js";
import { biasGateSource, preActivations, slotBiasSource } from "./gate-source.js";

const cType = (tensor: Tensor): string => (tensor.type === "fp32" ? "float" : "Element");

/** The kernel's tensor parameters as C++ declarations, in the order of `forwardTensors`. */
export function tensorParameters(problem: Problem): readonly string[] {
  return forwardTensors(problem).map((tensor) =>
    tensor.role === "input" ? `const ${cType(tensor)}* ${tensor.name}` : `${cType(tensor)}* ${tensor.name}`,
  );
}

/** One step of the cell for one unit, from its scalar graph. */
export function cellSource(problem: Problem): string {
  const { cell } = problem;
  const backward = savedValues(problem);
  const saved = backward?.saved ?? [];
  const { statements, results } = renderCellStep(
    cell,
    (g) => `u[${g}]`,
    (s) => `states[${s}]`,
    {
      declare: (name, expression) => `const float ${name} = ${expression};`,
      literal: (value) => `${Number.isInteger(value) ? value.toFixed(1) : value}f`,
      sigmoid: (operand) => `sigmoid(${operand})`,
      tanh: (operand) => `tanh(${operand})`,
      exp: (operand) => `exp_approx(${operand})`,
      log: (operand) => `log_approx(${operand})`,
      logSigmoid: (operand) => `log_sigmoid_accurate(${operand})`,
      divide: (left, right) => `divide_approx(${left}, ${right})`,
      maximum: (left, right) => `maximum(${left}, ${right})`,
      select: (condition, whenTrue, whenFalse) => `${condition} ? ${whenTrue} : ${whenFalse}`,
    },
    backward && [...backward.states, ...saved.map(({ node }) => node)],
  );
  const savedParameter = saved.length > 0 ? ", float (&saved)[SAVED_COUNT]" : "";
  return `${biasGateSource(cell)}
/** One step of one unit: u holds the pre-activations of the gates ${cell.gates.map((gate) => gate.name).join(", ")}; states are ${cell.states.map((state) => state.name).join(", ")}${saved.length > 0 ? `; saved for the backward pass: ${saved.map(({ name }) => name.replace("saved_", "")).join(", ")}` : ""}. */
KERNELGEN_DEVICE void cell_step(const float (&u)[GATE_COUNT], float (&states)[STATE_COUNT]${savedParameter}) {
${statements.map((statement) => `  ${statement}`).join("\n")}
${results.map((result, index) => `  ${index < cell.states.length ? `states[${index}]` : `saved[${index - cell.states.length}]`} = ${result};`).join("\n")}
}
`;
}

/** C++ of the parts that every forward kernel shares, at namespace scope, before the product and the exchange. */
export const stateTileSource = `
/** The tile of h that a step reads: [BATCH_TILE][STATE_STRIDE]. */
KERNELGEN_DEVICE Element* state_tile(Element* shared_state, int step) {
  return shared_state + step % STATE_BUFFERS * BATCH_TILE * STATE_STRIDE;
}
`;

/** C++ of the sum over the warps that split the inner dimension. */
export const reductionSource = `
/**
 * Adds the partial sums of the warps that split the inner dimension, through shared memory. Warp w of them keeps slots w, w +
 * WARPS_ALONG_INNER, … as own slots. A lane's sums of a slot travel as SLOT_WORDS words of 16 bytes.
 */
KERNELGEN_DEVICE void reduce_partial_sums(Words4* partial, const float (&sums)[WARP_SLOTS][RECURRENT_GATE_COUNT][UNITS_PER_THREAD],
                                          float (&own)[OWN_SLOTS][RECURRENT_GATE_COUNT][UNITS_PER_THREAD]) {
  const int warp_along_units = warp_index() % WARPS_ALONG_UNITS;
  const int warp_along_inner = warp_index() / WARPS_ALONG_UNITS;
  const int values = RECURRENT_GATE_COUNT * UNITS_PER_THREAD;
  const auto place = [&](int inner_warp, int slot, int word) {
    const int warp_slot = (inner_warp * WARPS_ALONG_UNITS + warp_along_units) * WARP_SLOTS + slot;
    return partial + (warp_slot * SLOT_WORDS + word) * 32 + lane_index();
  };
  KERNELGEN_UNROLL
  for (int slot = 0; slot < WARP_SLOTS; ++slot) {
    KERNELGEN_UNROLL
    for (int word = 0; word < SLOT_WORDS; ++word) {
      Words4 words{};
      KERNELGEN_UNROLL
      for (int i = 0; i < 4; ++i) {
        const int value = word * 4 + i;
        if (value < values) words.w[i] = bits_of(sums[slot][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD]);
      }
      *place(warp_along_inner, slot, word) = words;
    }
  }
  sync_block();
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    const int slot = i * WARPS_ALONG_INNER + warp_along_inner;
    if (slot >= WARP_SLOTS) break;
    KERNELGEN_UNROLL
    for (int word = 0; word < SLOT_WORDS; ++word) {
      float totals[4] = {};
      KERNELGEN_UNROLL
      for (int inner_warp = 0; inner_warp < WARPS_ALONG_INNER; ++inner_warp) {
        const Words4 words = *place(inner_warp, slot, word);
        KERNELGEN_UNROLL
        for (int j = 0; j < 4; ++j) totals[j] += float_of(words.w[j]);
      }
      KERNELGEN_UNROLL
      for (int j = 0; j < 4; ++j) {
        const int value = word * 4 + j;
        if (value < values) own[i][value / UNITS_PER_THREAD][value % UNITS_PER_THREAD] = totals[j];
      }
    }
  }
}
`;

/** How a family's exchange appears in the kernel. */
export interface ExchangeText {
  /** Further kernel parameters. */
  readonly parameters: readonly string[];
  /** The statement that makes the \`Exchange exchange\`. */
  readonly declaration: string;
}

/** A step of one unit that keeps what the backward pass reads, unit by unit, to be packed when all units are done. */
const savingStep = `float unit_saved[SAVED_COUNT];
          cell_step(u, states[i][unit], unit_saved);
          KERNELGEN_UNROLL
          for (int value = 0; value < SAVED_COUNT; ++value) saved[value][unit] = unit_saved[value];`;
const packSaved = `
        KERNELGEN_UNROLL
        for (int value = 0; value < SAVED_COUNT; ++value) words_to_save[i][value] = pack(saved[value]);`;

/** The kernel itself. */
export function kernelSource(problem: Problem, kernelName: string, exchange: ExchangeText): string {
  const { cell } = problem;
  const parameters = [...tensorParameters(problem), ...exchange.parameters, "int steps"];
  const slotBias = slotBiasSource(cell);
  const saved = savedValues(problem)?.saved ?? [];
  const output = cell.states[0]!.name;
  const others = cell.states.slice(1);
  const keepsSequence = problem.stateOutput === "sequence";
  const initials = cell.states
    .map(({ name }, index) => {
      const value = `load_streaming(${name}_initial + initial + unit)`;
      return `        states[i][unit][${index}] = ${index === 0 ? `to_float(${value})` : value};`;
    })
    .join("\n");
  const otherStores = others
    .map(({ name }, index) => {
      const store = `store_floats(${name} + ${keepsSequence ? "outputs[i]" : "last_outputs[i]"}, values);`;
      return `
          KERNELGEN_UNROLL
          for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) values[unit] = states[i][unit][${index + 1}];
          ${keepsSequence ? store : `if (step == steps - 1) ${store}`}`;
    })
    .join("");
  return `
/** Writes the adjacent units of a thread in fp32. */
KERNELGEN_DEVICE void store_floats(float* target, const float (&values)[UNITS_PER_THREAD]) {
  if constexpr (UNITS_PER_THREAD == 2) {
    store_streaming(reinterpret_cast<Words2*>(target), Words2{bits_of(values[0]), bits_of(values[1])});
  } else {
    store_streaming(target, values[0]);
  }
}

KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, 1)
${kernelName}(
    ${parameters.join(",\n    ")}) {
  const int head = block_index() / (UNIT_BLOCKS * BATCH_BLOCKS);
  const int first_sequence = block_index() / UNIT_BLOCKS % BATCH_BLOCKS * BATCH_TILE;
  const int first_unit = block_index() % UNIT_BLOCKS * UNIT_TILE;
  const int warp_along_units = warp_index() % WARPS_ALONG_UNITS;
  const int warp_along_inner = warp_index() / WARPS_ALONG_UNITS;

  // Shared memory: the tiles of h, the partial sums, what the exchange needs, the part of R that is not in registers.
  unsigned char* shared = shared_memory();
  Element* shared_state = reinterpret_cast<Element*>(shared);
  [[maybe_unused]] Words4* shared_partial = reinterpret_cast<Words4*>(shared + STATE_BYTES);
  Product product;
  product.load(recurrent, bias, head, first_unit, shared + STATE_BYTES + PARTIAL_BYTES + EXCHANGE_SHARED_BYTES);
  ${exchange.declaration}

  // The initial h fills the first tile; what lies beyond the head and the batch is zero and stays so.
  for (int i = thread_index(); i < STATE_BUFFERS * BATCH_TILE * STATE_STRIDE; i += THREADS_PER_BLOCK) {
    const int unit = i % STATE_STRIDE;
    const int sequence = first_sequence + i / STATE_STRIDE;
    const bool valid = i < BATCH_TILE * STATE_STRIDE && unit < HEAD_DIM && sequence < BATCH;
    const int64_t initial = (static_cast<int64_t>(sequence) * HEAD_COUNT + head) * HEAD_DIM + unit;
    shared_state[i] = valid ? ${output}_initial[initial] : Element{};
  }

  // This thread's slots: where they are, their other states, and their first inputs.
  bool valid[OWN_SLOTS];
  int units[OWN_SLOTS];      // within the block
  int sequences[OWN_SLOTS];  // within the block
  int64_t inputs[OWN_SLOTS];
  int64_t outputs[OWN_SLOTS];
  [[maybe_unused]] int64_t last_outputs[OWN_SLOTS];
  float states[OWN_SLOTS][UNITS_PER_THREAD][STATE_COUNT] = {};
  Packed prefetched[PREFETCH_STEPS][OWN_SLOTS][INPUT_GATE_COUNT];${slotBias.declaration}
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    const int slot = i * WARPS_ALONG_INNER + warp_along_inner;
    units[i] = slot_unit(warp_along_units, slot);
    sequences[i] = slot_sequence(slot);
    const int unit = first_unit + units[i];
    const int sequence = first_sequence + sequences[i];
    valid[i] = EXACT_TILES || (slot < WARP_SLOTS && unit < HEAD_DIM && sequence < BATCH);
    const int64_t initial = (static_cast<int64_t>(sequence) * HEAD_COUNT + head) * HEAD_DIM + unit;
    inputs[i] = (static_cast<int64_t>(sequence) * steps * INPUT_GATE_COUNT * HEAD_COUNT + head) * HEAD_DIM + unit;
    outputs[i] = (static_cast<int64_t>(sequence) * steps * HEAD_COUNT + head) * HEAD_DIM + unit;
    last_outputs[i] = initial;
    if (valid[i]) {
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
${initials}${slotBias.load}
      }
    }
  }
  const auto prefetch = [&](Packed (&words)[OWN_SLOTS][INPUT_GATE_COUNT]) {
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      KERNELGEN_UNROLL
      for (int gate = 0; gate < INPUT_GATE_COUNT; ++gate) {
        const Packed* source = reinterpret_cast<const Packed*>(wx + inputs[i] + gate * HEAD_COUNT * HEAD_DIM);
        words[i][gate] = valid[i] ? load_streaming(source) : Packed{};
      }
      inputs[i] += INPUT_GATE_COUNT * HEAD_COUNT * HEAD_DIM;
    }
  };
  KERNELGEN_UNROLL
  for (int ahead = 0; ahead < PREFETCH_STEPS; ++ahead) {
    if (ahead < steps) prefetch(prefetched[ahead]);
  }

  for (int first = 0; first < steps; first += PREFETCH_STEPS) {
    KERNELGEN_UNROLL
    for (int ahead = 0; ahead < PREFETCH_STEPS; ++ahead) {
      const int step = first + ahead;
      if (step >= steps) break;

      // h of the step before.
      exchange.receive(step);

      // Recurrent part of the pre-activations.
      float sums[WARP_SLOTS][RECURRENT_GATE_COUNT][UNITS_PER_THREAD];
      product.multiply(state_tile(shared_state, step), sums);
      float own[OWN_SLOTS][RECURRENT_GATE_COUNT][UNITS_PER_THREAD];
      if constexpr (WARPS_ALONG_INNER > 1) {
        reduce_partial_sums(shared_partial, sums, own);
      } else {
        KERNELGEN_UNROLL
        for (int i = 0; i < OWN_SLOTS; ++i) {
          KERNELGEN_UNROLL
          for (int gate = 0; gate < RECURRENT_GATE_COUNT; ++gate) {
            KERNELGEN_UNROLL
            for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) own[i][gate][unit] = sums[i][gate][unit];
          }
        }
      }

      // Pointwise part, and h on its way to those who wait for it.
      Packed words[OWN_SLOTS];${saved.length > 0 ? "\n      Packed words_to_save[OWN_SLOTS][SAVED_COUNT];" : ""}
      KERNELGEN_UNROLL
      for (int i = 0; i < OWN_SLOTS; ++i) {
        float input_values[INPUT_GATE_COUNT][UNITS_PER_THREAD];
        KERNELGEN_UNROLL
        for (int gate = 0; gate < INPUT_GATE_COUNT; ++gate) unpack(prefetched[ahead][i][gate], input_values[gate]);
        float values[UNITS_PER_THREAD];${saved.length > 0 ? "\n        float saved[SAVED_COUNT][UNITS_PER_THREAD];" : ""}
        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
          const float u[GATE_COUNT] = {
${preActivations(cell)
  .map((sum) => `              ${sum},`)
  .join("\n")}
          };
          ${saved.length > 0 ? savingStep : "cell_step(u, states[i][unit]);"}
          values[unit] = states[i][unit][0];
        }
        words[i] = pack(values);${saved.length > 0 ? packSaved : ""}
        if (OWN_SLOTS * WARPS_ALONG_INNER == WARP_SLOTS || i * WARPS_ALONG_INNER + warp_along_inner < WARP_SLOTS) {
          exchange.send(step, i, units[i], sequences[i], words[i]);
        }
      }

      // Results, and the inputs of a later step.
      KERNELGEN_UNROLL
      for (int i = 0; i < OWN_SLOTS; ++i) {
        if (valid[i]) {
          store_streaming(reinterpret_cast<Packed*>(${output} + outputs[i]), words[i]);
          ${saved
            .map(
              ({ name }, index) => `
          store_streaming(reinterpret_cast<Packed*>(${name} + outputs[i]), words_to_save[i][${index}]);`,
            )
            .join("")}
          [[maybe_unused]] float values[UNITS_PER_THREAD];${otherStores}
        }
        outputs[i] += HEAD_COUNT * HEAD_DIM;
      }
      if (step + PREFETCH_STEPS < steps) prefetch(prefetched[ahead]);
    }
  }
}
`;
}
