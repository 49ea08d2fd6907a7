import type { Problem } from "../../plan/problem.js";
import { savedValues } from "../../plan/saved-values.js";
import { preActivations } from "../gate-source.js";
import type { OperandPath } from "../product/operand-path.js";
import type { SumsText } from "../product/own-sums-source.js";
import { tensorParameters } from "../tensor-parameters.js";
import { forwardSlotsSource } from "./forward-slots-source.js";
import { kernelStartSource } from "./kernel-start-source.js";
import type { KernelText } from "./kernel-text.js";
import { computedStepsSource } from "./lengths-source.js";
import { stepEndText } from "./step-end-source.js";

/** A step of one unit that keeps what the backward pass reads, unit by unit, to be packed when all units are done. */
const savingStep = `float unit_saved[SAVED_COUNT];
          cell_step(u, states[i][unit], unit_saved);
          KERNELGEN_UNROLL
          for (int value = 0; value < SAVED_COUNT; ++value) saved[value][unit] = unit_saved[value];`;
const packSaved = `
        KERNELGEN_UNROLL
        for (int value = 0; value < SAVED_COUNT; ++value) words_to_save[i][value] = pack(saved[value]);`;

/**
 * C++ of the forward kernel of a family that keeps R on chip: steps in the order of time, each the product of R with h of the step before, the cell's
 * step for each unit, and h on its way to the next.
 */
export function forwardKernelSource(
  problem: Problem,
  kernelName: string,
  exchange: KernelText,
  sums: SumsText,
  operand: OperandPath,
): string {
  const { cell, lengths } = problem;
  const stepCount = lengths ? "computed_steps" : "steps";
  const parameters = [...tensorParameters(problem), ...exchange.parameters, "int steps"];
  const saved = savedValues(problem)?.saved ?? [];
  const output = cell.states[0]!.name;
  const others = cell.states.slice(1);
  const keepsSequence = problem.stateOutput === "sequence";
  const otherStores = others.flatMap(({ name }, index) => {
    const store = `store_floats(${name} + ${keepsSequence ? "outputs[i]" : "last_outputs[i]"}, values);`;
    return [
      "KERNELGEN_UNROLL",
      `for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) values[unit] = ${lengths && keepsSequence ? "!is_there ? 0.0f : " : ""}states[i][unit][${index + 1}];`,
      keepsSequence ? store : `if (step == ${lengths ? "own_lengths[i]" : "steps"} - 1) ${store}`,
    ];
  });
  const sequenceOutputs = [
    ...[output, ...saved.map(({ name }) => name)].map(
      (name) => `store_streaming(reinterpret_cast<Packed*>(${name} + outputs[i]), Packed{});`,
    ),
    ...(keepsSequence ? others.map(({ name }) => `store_floats(${name} + outputs[i], zeros);`) : []),
  ];
  const zerosBeyond = `
  // The steps beyond the end of all sequences.
  for (int step = computed_steps; step < steps; ++step) {
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      [[maybe_unused]] const float zeros[UNITS_PER_THREAD] = {};
      if (valid[i]) {
        ${sequenceOutputs.join("\n        ")}
      }
      outputs[i] += HEAD_COUNT * HEAD_DIM;
    }
  }`;
  const orZero = (word: string): string => (lengths ? `!is_there ? Packed{} : ${word}` : word);
  const packedStore = (name: string, word: string): string =>
    `store_streaming(reinterpret_cast<Packed*>(${name} + outputs[i]), ${orZero(word)});`;
  const resultStores = [
    ...(lengths ? ["const bool is_there = step < own_lengths[i];"] : []),
    packedStore(output, "words[i]"),
    ...saved.map(({ name }, index) => packedStore(name, `words_to_save[i][${index}]`)),
    ...(otherStores.length > 0 ? ["float values[UNITS_PER_THREAD];", ...otherStores] : []),
  ];
  const end = stepEndText(exchange.finishesLater, {
    words: ["Packed words[OWN_SLOTS];", ...(saved.length > 0 ? ["Packed words_to_save[OWN_SLOTS][SAVED_COUNT];"] : [])],
    placeParameter: (name) => `Packed (&${name})[OWN_SLOTS][INPUT_GATE_COUNT]`,
    stepCount,
    statements: (place) => `  // Results, and the inputs of a later step.
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    if (valid[i]) {
${resultStores.map((line) => `      ${line}`).join("\n")}
    }
    outputs[i] += HEAD_COUNT * HEAD_DIM;
  }
  if (step + PREFETCH_STEPS < ${stepCount}) prefetch(step + PREFETCH_STEPS, ${place});`,
  });
  return `
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, 1)
${kernelName}(
    ${parameters.join(",\n    ")}) {
  ${kernelStartSource("h", "Matrix{recurrent, bias, head}", `${lengths ? `${computedStepsSource}\n  [[maybe_unused]] ` : ""}const int last_receive = ${stepCount} - 1;  // the last h is for nobody`, sums, exchange)}

${
  operand === "fragments"
    ? ""
    : `  // The initial h fills the first tile; what lies beyond the head and the batch is zero at first, and meets zeros of R.
  for (int i = thread_index(); i < STATE_BUFFERS * BATCH_TILE * STATE_STRIDE; i += THREADS_PER_BLOCK) {
    const int unit = first_inner + i % STATE_STRIDE;
    const int sequence = first_sequence + i / STATE_STRIDE;
    const bool valid = i < BATCH_TILE * STATE_STRIDE && unit < HEAD_DIM && sequence < BATCH;
    const int64_t initial = (static_cast<int64_t>(sequence) * HEAD_COUNT + head) * HEAD_DIM + unit;
    shared_state[i] = valid ? ${output}_initial[initial] : Element{};
  }
`
}
${forwardSlotsSource(problem, stepCount, operand, exchange.bringsToL2)}
${end.beforeLoop}
  for (int first = 0; first < ${stepCount}; first += PREFETCH_STEPS) {
    KERNELGEN_UNROLL
    for (int ahead = 0; ahead < PREFETCH_STEPS; ++ahead) {
      const int step = first + ahead;
      if (step >= ${stepCount}) break;
${end.atStepBegin}
      // h of the step before.
      exchange.receive(step);

      // Recurrent part of the pre-activations.
      float own[OWN_SLOTS][SUM_COUNT][UNITS_PER_THREAD];
      ${sums.call("step", operand, end.afterLooks)}

      // Pointwise part, and h on its way to those who wait for it.
${end.wordsInStep}      KERNELGEN_UNROLL
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
        if (exists[i]) {
          const Packed sent_words[] = {words[i]};
          exchange.send(step, i, units[i], sequences[i], sent_words);
        }
      }${exchange.afterSend.map((statement) => `\n      ${statement}`).join("")}${end.atStepEnd}
    }
  }${end.ofLastStep && `\n  ${end.ofLastStep}`}${lengths ? zerosBeyond : ""}
}
`;
}
