import type { Problem } from "../../plan/problem.js";
import { backwardStreams } from "../backward-streams.js";
import type { OperandPath } from "../product/operand-path.js";
import type { SumsText } from "../product/own-sums-source.js";
import { recurrentGradientText } from "../recurrent-gradient.js";
import { tensorParameters } from "../tensor-parameters.js";
import { backwardPointwiseSource } from "./backward-pointwise-source.js";
import { backwardSlotsSource } from "./backward-slots-source.js";
import { blockPlaceSource } from "./block-place-source.js";
import { gateStores, hasOwnGradients, initialGradientsSource, zeroGradientsSource } from "./gradient-stores-source.js";
import { HeldStreams } from "./held-streams.js";
import { kernelStartSource } from "./kernel-start-source.js";
import type { KernelText } from "./kernel-text.js";
import { computedStepsSource } from "./lengths-source.js";
import { stepEndText } from "./step-end-source.js";

/** C++ with which the kernel begins: its block, and, where there is a product, R, what it exchanges du by, and tiles without a du. */
function startSource(
  { lengths, recurrentGradientCut }: Problem,
  stepCount: string,
  exchange: KernelText,
  sums: SumsText,
): string {
  if (recurrentGradientCut) {
    return `${blockPlaceSource(exchange.blockIndex)}
  static_cast<void>(first_inner);  // there is no product${lengths ? `\n  ${computedStepsSource}` : ""}`;
  }
  const computedSteps = lengths ? `${computedStepsSource}\n  [[maybe_unused]] ` : "";
  const lastReceive = `${computedSteps}const int last_receive = ${stepCount};  // the initial states take the last du`;
  return `${kernelStartSource("du", "Matrix{recurrent, head}", lastReceive, sums, exchange)}

  // After the last step comes nothing; what lies beyond the head and the batch is zero and stays so.
  for (int i = thread_index(); i < STATE_BUFFERS * BATCH_TILE * STATE_STRIDE; i += THREADS_PER_BLOCK) {
    shared_state[i] = Element{};
  }`;
}

/**
 * C++ of the backward kernel of a family that keeps R on chip: steps from the last to the first in time, each the product of Rᵀ with du of the step
 * computed before it, the backward of the cell's step for each unit, and du on its way to the next.
 */
export function backwardKernelSource(
  problem: Problem,
  kernelName: string,
  exchange: KernelText,
  sums: SumsText,
  operand: OperandPath,
): string {
  const { lengths, recurrentGradientCut: cuts } = problem;
  const stepCount = lengths ? "computed_steps" : "steps";
  const streams = backwardStreams(problem);
  const held = new HeldStreams(streams);
  const recurrentGradient = recurrentGradientText(problem);
  const parameters = [
    ...tensorParameters(problem),
    ...exchange.parameters.map((parameter) => (cuts ? `[[maybe_unused]] ${parameter}` : parameter)),
    "int steps",
  ];
  // What unit `unit` of slot i gets through R.
  const throughRecurrent = cuts ? "" : ` + ${recurrentGradient.value("received_sum(own[i][0][unit])")}`;
  const product = (step: string, what: string, indent: string, afterLooks: string | undefined): string =>
    cuts
      ? ""
      : `${indent}// ${what}
${indent}exchange.receive(${step});
${indent}float own[OWN_SLOTS][SUM_COUNT][UNITS_PER_THREAD];
${indent}${sums.call(step, operand, afterLooks)}
`;
  const end = stepEndText(exchange.finishesLater, {
    words: ["Packed words[OWN_SLOTS][GATE_COUNT];"],
    placeParameter: (name) => `StepReads& ${name}`,
    stepCount,
    statements: (place) => `  // Results, and what a later step reads.
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
    if (valid[i]) {
${gateStores(problem, (gate) => `words[i][${gate}]`).replaceAll(/^ {4}/gm, "")}
    }
    writes[i] -= INPUT_GATE_COUNT * HEAD_COUNT * HEAD_DIM;${hasOwnGradients(problem) ? "\n    gate_writes[i] -= HEAD_COUNT * HEAD_DIM;" : ""}
  }
  if (step + PREFETCH_STEPS < ${stepCount}) prefetch(${stepCount} - 1 - step - PREFETCH_STEPS, ${place});`,
  });
  return `${recurrentGradient.source}
${held.declaration}
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, 1)
${kernelName}(
    ${parameters.join(",\n    ")}) {
  ${startSource(problem, stepCount, exchange, sums)}

${backwardSlotsSource(problem, streams, held, stepCount, exchange.bringsToL2)}${lengths ? zeroGradientsSource(problem) : ""}
${end.beforeLoop}
  // Steps are counted in the order in which they are computed: step s is at time ${stepCount} − 1 − s.
  for (int first = 0; first < ${stepCount}; first += PREFETCH_STEPS) {
    KERNELGEN_UNROLL
    for (int ahead = 0; ahead < PREFETCH_STEPS; ++ahead) {
      const int step = first + ahead;
      if (step >= ${stepCount}) break;
      const StepReads& now = prefetched[ahead];
${end.atStepBegin}
${product("step", "du of the step before, which is later in time, and what h gets from it through R: the sum of Rᵀ·du over the gates.", "      ", end.afterLooks)}
      // Pointwise part, and du on its way to those who wait for it.
${end.wordsInStep}      KERNELGEN_UNROLL
      for (int i = 0; i < OWN_SLOTS; ++i) {
${backwardPointwiseSource(problem, streams, held, stepCount, throughRecurrent)}      }${cuts ? "" : exchange.afterSend.map((statement) => `\n      ${statement}`).join("")}${end.atStepEnd}
    }
  }

  // The initial state's gradient.
${product(stepCount, "What it gets from the first step in time through R.", "  ", end.ofLastStep ? `[&] { ${end.ofLastStep} }` : undefined)}${initialGradientsSource(problem, throughRecurrent)}}
`;
}
