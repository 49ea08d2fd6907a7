import { type CellState, gatePlaces, gatesWith, stateInput } from "../cell/definition.js";
import { renderScalars } from "../cell/render.js";
import { nextStateInput } from "../cell/saved-values.js";
import { adjointInput } from "../cell/step-gradient.js";
import type { Problem } from "../plan/problem.js";
import { backwardStep } from "../plan/saved-values.js";
import { gradientName } from "../plan/tensors.js";
import { type BackwardStreams, backwardStreams, type Stream } from "./backward-streams.js";
import { blockPlaceSource } from "./block-place-source.js";
import { floatDialect } from "./float-dialect.js";
import { kernelStartSource } from "./kernel-start-source.js";
import type { KernelText } from "./kernel-text.js";
import { computedStepsSource } from "./lengths-source.js";
import type { OperandPath } from "./operand-path.js";
import type { SumsText } from "./own-sums-source.js";
import { recurrentGradientText } from "./recurrent-gradient.js";
import { tensorParameters } from "./tensor-parameters.js";

/** The backward of one step of the cell for one unit, from its derived graphs. */
export function backwardCellSource(problem: Problem): string {
  const { cell } = problem;
  const step = backwardStep(problem);
  const { previous, next } = backwardStreams(problem);
  const inputs = Object.fromEntries([
    ...step.saved.map(({ name }, index) => [name, `saved[${index}]`]),
    ...previous.map((state, index) => [stateInput(state), `previous[${index}]`]),
    ...next.map(({ name }, index) => [nextStateInput(name), `next[${index}]`]),
    ...cell.states.map((state, index) => [adjointInput(state), `adjoints[${index}]`]),
  ]);
  const { statements, results } = renderScalars(
    [...step.gateGradients, ...step.previousGradients],
    inputs,
    floatDialect,
  );
  const gateCount = cell.gates.length;
  const names = (items: readonly { readonly name: string }[]): string => items.map(({ name }) => name).join(", ");
  const read = [
    ...(step.saved.length > 0 ? [`saved holds ${names(step.saved).replaceAll("saved_", "")}`] : []),
    ...(previous.length > 0 ? [`previous the states ${names(previous)} before the step`] : []),
    ...(next.length > 0 ? [`next ${names(next)} after it`] : []),
  ].join(", ");
  return `
/**
 * The backward of one step of one unit: from the adjoints of the states ${names(cell.states)} after the step, those before it (R apart), and
 * the gradients du of the pre-activations of the gates ${names(cell.gates)}. ${read[0]?.toUpperCase() ?? ""}${read.slice(1)}.
 */
KERNELGEN_DEVICE void cell_step_backward(${[
    ...(step.saved.length > 0 ? ["const float (&saved)[SAVED_COUNT]"] : []),
    ...(previous.length > 0 ? [`const float (&previous)[${previous.length}]`] : []),
    ...(next.length > 0 ? [`const float (&next)[${next.length}]`] : []),
    "float (&adjoints)[STATE_COUNT]",
    "float (&du)[GATE_COUNT]",
  ].join(", ")}) {
${statements.map((statement) => `  ${statement}`).join("\n")}
${results.map((result, index) => `  ${index < gateCount ? `du[${index}]` : `adjoints[${index - gateCount}]`} = ${result};`).join("\n")}
}
`;
}

/** Where the values of each stream of a slot are held as they are loaded ahead, by kind. */
class Held {
  readonly elements: readonly Stream[];
  readonly floats: readonly Stream[];

  constructor({ streams }: BackwardStreams) {
    this.elements = streams.filter(({ isElement }) => isElement);
    this.floats = streams.filter(({ isElement }) => !isElement);
  }

  /** The statement that loads a stream of slot i, at \`reads[i]\`, for the step \`time\`. */
  load(stream: Stream): string {
    const { name, initial, isElement } = stream;
    const address =
      initial === undefined
        ? `${name} + reads[i]`
        : `(time > 0 ? ${name} + (reads[i] - HEAD_COUNT * HEAD_DIM) : ${initial} + singles[i])`;
    return isElement
      ? `ahead.elements[i][${this.elements.indexOf(stream)}] = load_streaming(reinterpret_cast<const Packed*>(${address}));`
      : `load_floats(${address}, ahead.floats[i][${this.floats.indexOf(stream)}]);`;
  }

  /** The statement that brings to L2 what the load of a stream L2_PREFETCH_STEPS later will read; `time` is this load's. */
  bringToL2({ name, initial }: Stream): string {
    const steps = initial === undefined ? "L2_PREFETCH_STEPS" : "(L2_PREFETCH_STEPS + 1)";
    return `if (time >= ${steps}) bring_to_l2(${name} + (reads[i] - ${steps} * HEAD_COUNT * HEAD_DIM));`;
  }

  /** The value of a stream for unit \`unit\` of slot i, after \`unpackElements\`. */
  value(streams: BackwardStreams, isWanted: (stream: Stream) => boolean): string {
    const stream = streams.streams.find(isWanted)!;
    return stream.isElement
      ? `elements[${this.elements.indexOf(stream)}][unit]`
      : `now.floats[i][${this.floats.indexOf(stream)}][unit]`;
  }
}

/** The backward kernel itself. */
export function backwardKernelSource(
  problem: Problem,
  kernelName: string,
  exchange: KernelText,
  sums: SumsText,
  operand: OperandPath,
): string {
  const { cell, stateOutput, lengths, recurrentGradientCut: cuts } = problem;
  const stepCount = lengths ? "computed_steps" : "steps";
  const streams = backwardStreams(problem);
  const { previous, next, carried, givenSequences } = streams;
  const held = new Held(streams);
  const step = backwardStep(problem);
  const parameters = [
    ...tensorParameters(problem),
    ...exchange.parameters.map((parameter) => (cuts ? `[[maybe_unused]] ${parameter}` : parameter)),
    "int steps",
  ];
  const output = cell.states[0]!;
  const places = gatePlaces(cell);
  const recurrentGates = gatesWith(cell, "recurrent").map((gate) => cell.gates.indexOf(gate));
  const stateIndex = (state: CellState): number => cell.states.indexOf(state);

  const previousValue = (state: CellState): string =>
    held.value(streams, ({ name, initial }) => name === state.name && initial !== undefined);
  const nextValue = (state: CellState): string =>
    carried.includes(state)
      ? `carried[i][unit][${carried.indexOf(state)}]`
      : held.value(streams, ({ name, initial }) => name === state.name && initial === undefined);
  const savedValue = (name: string): string => held.value(streams, (stream) => stream.name === name);
  const list = (values: readonly string[]): string => `{${values.join(", ")}}`;
  const stepArguments = [
    ...(step.saved.length > 0 ? ["saved"] : []),
    ...(previous.length > 0 ? ["previous"] : []),
    ...(next.length > 0 ? ["next"] : []),
    "adjoints[i][unit]",
    "du",
  ];
  const firstAdjoints =
    stateOutput === "last"
      ? cell.states
          .slice(1)
          .filter(({ isDetached }) => !isDetached)
          .map(
            ({ name }) => `
      load_floats(${gradientName(name)} + singles[i], values);
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) adjoints[i][unit][${cell.states.findIndex((state) => state.name === name)}] = values[unit];`,
          )
          .join("")
      : "";
  // Where the sequence's own last step is.
  const lastRead = lengths ? "last_read" : "reads[i]";
  const firstCarried = carried
    .map((state, index) =>
      stateIndex(state) === 0
        ? `
      unpack(load_streaming(reinterpret_cast<const Packed*>(${state.name} + ${lastRead})), values);
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) carried[i][unit][${index}] = values[unit];`
        : `
      load_floats(${state.name} + ${lastRead}, values);
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) carried[i][unit][${index}] = values[unit];`,
    )
    .join("");
  const recurrentGradient = recurrentGradientText(problem);
  /** What unit `unit` of slot i gets through R. */
  const throughRecurrent = cuts ? "" : ` + ${recurrentGradient.value("received_sum(own[i][0][unit])")}`;
  const lastStores = cell.states
    .map(({ name }, index) => {
      const target = `${gradientName(`${name}_initial`)} + singles[i]`;
      return `
    KERNELGEN_UNROLL
    for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) values[unit] = adjoints[i][unit][${index}]${index === 0 ? throughRecurrent : ""};
    ${index === 0 ? `store_streaming(reinterpret_cast<Packed*>(${target}), pack(values));` : `store_floats(${target}, values);`}`;
    })
    .join("");

  const hasOwnGradients = places.some(({ input }) => input === undefined);
  /** The statements that store du of slot i, so many steps after the one that is computed. */
  const gateStores = (word: (gate: number) => string, stepsAfter?: string): string =>
    cell.gates
      .map(({ name }, gate) => {
        const place = places[gate]!.input;
        const row = "HEAD_COUNT * HEAD_DIM";
        const after = (elements: string): string => (stepsAfter === undefined ? "" : ` + ${stepsAfter} * ${elements}`);
        const target =
          place === undefined
            ? `${gradientName(`u_${name}`)} + gate_writes[i]${after(row)}`
            : `${gradientName("wx")} + writes[i]${after(`INPUT_GATE_COUNT * ${row}`)} + ${place} * ${row}`;
        return `          store_streaming(reinterpret_cast<Packed*>(${target}), ${word(gate)});`;
      })
      .join("\n");
  const zerosBeyond = `
  // The steps beyond the end of all sequences.
  for (int time = computed_steps; time < steps; ++time) {
    const int64_t steps_after = time - computed_steps + 1;
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      if (valid[i]) {
${gateStores(() => "Packed{}", "steps_after")}
      }
    }
  }`;
  const start = cuts
    ? `${blockPlaceSource(exchange.blockIndex)}
  static_cast<void>(first_inner);  // there is no product${lengths ? `\n  ${computedStepsSource}` : ""}`
    : `${kernelStartSource("du", "Matrix{recurrent, head}", `${lengths ? `${computedStepsSource}\n  [[maybe_unused]] ` : ""}const int last_receive = ${stepCount};  // the initial states take the last du`, sums, exchange)}

  // After the last step comes nothing; what lies beyond the head and the batch is zero and stays so.
  for (int i = thread_index(); i < STATE_BUFFERS * BATCH_TILE * STATE_STRIDE; i += THREADS_PER_BLOCK) {
    shared_state[i] = Element{};
  }`;
  const product = (step: string, what: string, indent: string): string =>
    cuts
      ? ""
      : `${indent}// ${what}
${indent}exchange.receive(${step});
${indent}float own[OWN_SLOTS][SUM_COUNT][UNITS_PER_THREAD];
${indent}${sums.call(step, operand)}
`;
  const unitStep = `          adjoints[i][unit][0] += ${held.value(streams, ({ name }) => name === gradientName(output.name))}${throughRecurrent};${givenSequences
    .map(
      (state) => `
          adjoints[i][unit][${stateIndex(state)}] += ${held.value(streams, ({ name }) => name === gradientName(state.name))};`,
    )
    .join(
      "",
    )}${step.saved.length > 0 ? `\n          const float saved[SAVED_COUNT] = ${list(step.saved.map(({ name }) => savedValue(name)))};` : ""}${previous.length > 0 ? `\n          const float previous[${previous.length}] = ${list(previous.map(previousValue))};` : ""}${next.length > 0 ? `\n          const float next[${next.length}] = ${list(next.map(nextValue))};` : ""}
          cell_step_backward(${stepArguments.join(", ")});${carried
            .map((state, index) => `\n          carried[i][unit][${index}] = previous[${previous.indexOf(state)}];`)
            .join("")}`;

  return `${recurrentGradient.source}
/** What a step reads of this thread's slots, on its way from global memory. */
struct StepReads {
  Packed elements[OWN_SLOTS][${held.elements.length}];  // ${held.elements.map(({ name, initial }) => (initial === undefined ? name : `${name} before the step`)).join(", ")}${
    held.floats.length > 0
      ? `
  float floats[OWN_SLOTS][${held.floats.length}][UNITS_PER_THREAD];  // ${held.floats.map(({ name, initial }) => (initial === undefined ? name : `${name} before the step`)).join(", ")}`
      : ""
  }
};

KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, 1)
${kernelName}(
    ${parameters.join(",\n    ")}) {
  ${start}

  // This thread's slots: where they are, the adjoints of their states, and what their first steps read.
  bool exists[OWN_SLOTS];  // all lanes of a warp agree
  bool valid[OWN_SLOTS];
  int units[OWN_SLOTS];       // within the block
  int sequences[OWN_SLOTS];   // within the block${lengths ? "\n  int own_lengths[OWN_SLOTS];  // steps of the sequences" : ""}
  int64_t reads[OWN_SLOTS];   // in [B,T,N,D], of the step that is loaded next
  int64_t writes[OWN_SLOTS];  // in [B,T,G,N,D], of the step that is computed${hasOwnGradients ? "\n  int64_t gate_writes[OWN_SLOTS];  // in [B,T,N,D], of the step that is computed" : ""}
  int64_t singles[OWN_SLOTS];  // in [B,1,N,D]
  float adjoints[OWN_SLOTS][UNITS_PER_THREAD][STATE_COUNT] = {};${
    carried.length > 0
      ? `
  float carried[OWN_SLOTS][UNITS_PER_THREAD][${carried.length}] = {};  // ${carried.map(({ name }) => name).join(", ")} after the step`
      : ""
  }
  StepReads prefetched[PREFETCH_STEPS];
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    const OwnSlot place = own_slot(i);
    exists[i] = ALL_SLOTS_EXIST || place.exists;
    units[i] = slot_unit(place.warp_along_units, place.slot);
    sequences[i] = slot_sequence(place.slot);
    const int unit = first_unit + units[i];
    const int sequence = first_sequence + sequences[i];
    valid[i] = EXACT_TILES || (exists[i] && unit < HEAD_DIM && sequence < BATCH);
    // A slot beyond the head or the batch reads the last that is there, and writes nothing: loads that all slots make need no branch.
    const int read_unit = unit < HEAD_DIM ? unit : HEAD_DIM - UNITS_PER_THREAD;
    const int read_sequence = sequence < BATCH ? sequence : BATCH - 1;
    singles[i] = (static_cast<int64_t>(read_sequence) * HEAD_COUNT + head) * HEAD_DIM + read_unit;
    const int64_t last_step = static_cast<int64_t>(read_sequence) * steps + ${stepCount} - 1;
    reads[i] = (last_step * HEAD_COUNT + head) * HEAD_DIM + read_unit;
    writes[i] = (last_step * INPUT_GATE_COUNT * HEAD_COUNT + head) * HEAD_DIM + read_unit;${hasOwnGradients ? "\n    gate_writes[i] = reads[i];" : ""}${
      lengths
        ? `
    own_lengths[i] = length_of(lengths, sequence, steps);
    [[maybe_unused]] const int64_t last_read = reads[i] - static_cast<int64_t>(computed_steps - own_lengths[i]) * HEAD_COUNT * HEAD_DIM;`
        : ""
    }${
      firstAdjoints + firstCarried === ""
        ? ""
        : `
    if (valid[i]) {
      float values[UNITS_PER_THREAD];${firstAdjoints}${firstCarried}
    }`
    }
  }
  const auto prefetch = [&]([[maybe_unused]] int time, StepReads& ahead) {
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      ${streams.streams
        .flatMap((stream) => [held.load(stream), ...(exchange.bringsToL2 ? [held.bringToL2(stream)] : [])])
        .join("\n      ")}
      reads[i] -= HEAD_COUNT * HEAD_DIM;
    }
  };
  KERNELGEN_UNROLL
  for (int ahead = 0; ahead < PREFETCH_STEPS; ++ahead) {
    prefetched[ahead] = StepReads{};
    if (ahead < ${stepCount}) prefetch(${stepCount} - 1 - ahead, prefetched[ahead]);
  }${lengths ? zerosBeyond : ""}

  // Steps are counted in the order in which they are computed: step s is at time ${stepCount} − 1 − s.
  for (int first = 0; first < ${stepCount}; first += PREFETCH_STEPS) {
    KERNELGEN_UNROLL
    for (int ahead = 0; ahead < PREFETCH_STEPS; ++ahead) {
      const int step = first + ahead;
      if (step >= ${stepCount}) break;
      const StepReads& now = prefetched[ahead];

${product("step", "du of the step before, which is later in time, and what h gets from it through R: the sum of Rᵀ·du over the gates.", "      ")}
      // Pointwise part, and du on its way to those who wait for it.
      Packed words[OWN_SLOTS][GATE_COUNT];
      KERNELGEN_UNROLL
      for (int i = 0; i < OWN_SLOTS; ++i) {
        float elements[${held.elements.length}][UNITS_PER_THREAD];
        KERNELGEN_UNROLL
        for (int k = 0; k < ${held.elements.length}; ++k) unpack(now.elements[i][k], elements[k]);
        float gradients[GATE_COUNT][UNITS_PER_THREAD];
${cuts ? "" : "        float recurrent_gradients[UNITS_PER_THREAD][RECURRENT_GATE_COUNT];\n"}        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
${
  lengths
    ? `          float du[GATE_COUNT] = {};
          if (${stepCount} - 1 - step < own_lengths[i]) {
${unitStep}
          }`
    : `          float du[GATE_COUNT];
${unitStep}`
}
          KERNELGEN_UNROLL
          for (int gate = 0; gate < GATE_COUNT; ++gate) gradients[gate][unit] = du[gate];
${cuts ? "" : recurrentGates.map((gate, index) => `          recurrent_gradients[unit][${index}] = du[${gate}];`).join("\n")}
        }
        KERNELGEN_UNROLL
        for (int gate = 0; gate < GATE_COUNT; ++gate) words[i][gate] = pack(gradients[gate]);
${
  cuts
    ? ""
    : `        if (exists[i]) {
          SentWord sent_words[SENT_WORDS];
          pack_sent(recurrent_gradients, sent_words);
          exchange.send(step, i, units[i] * UNIT_VALUES, sequences[i], sent_words);
        }
`
}      }${cuts ? "" : exchange.afterSend.map((statement) => `\n      ${statement}`).join("")}

      // Results, and what a later step reads.
      KERNELGEN_UNROLL
      for (int i = 0; i < OWN_SLOTS; ++i) {
        if (valid[i]) {
${gateStores((gate) => `words[i][${gate}]`)}
        }
        writes[i] -= INPUT_GATE_COUNT * HEAD_COUNT * HEAD_DIM;${hasOwnGradients ? "\n        gate_writes[i] -= HEAD_COUNT * HEAD_DIM;" : ""}
      }
      if (step + PREFETCH_STEPS < ${stepCount}) prefetch(${stepCount} - 1 - step - PREFETCH_STEPS, prefetched[ahead]);
    }
  }

  // The initial state's gradient.
${product(stepCount, "What it gets from the first step in time through R.", "  ")}  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    if (!valid[i]) continue;
    float values[UNITS_PER_THREAD];${lastStores}
  }
}
`;
}
