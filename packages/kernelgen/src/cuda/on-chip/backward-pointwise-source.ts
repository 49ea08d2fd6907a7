import { gatesWith } from "../../cell/definition.js";
import type { Problem } from "../../plan/problem.js";
import { backwardStep } from "../../plan/saved-values.js";
import type { BackwardStreams } from "../backward-streams.js";
import { backwardStepCall } from "../cell-step-source.js";
import type { HeldStreams } from "./held-streams.js";

/** C++ statements of a step of unit `unit` of slot i: the gradients that are given for its states, then the backward of the cell's step. */
function unitStatements(
  problem: Problem,
  { previous, next, carried, givenSequences }: BackwardStreams,
  held: HeldStreams,
  throughRecurrent: string,
): readonly string[] {
  const { cell } = problem;
  const { saved } = backwardStep(problem);
  const array = (name: string, extent: string | number, values: readonly string[]): readonly string[] =>
    values.length > 0 ? [`const float ${name}[${extent}] = {${values.join(", ")}};`] : [];
  return [
    `adjoints[i][unit][0] += ${held.givenGradient(cell.states[0]!)}${throughRecurrent};`,
    ...givenSequences.map(
      (state) => `adjoints[i][unit][${cell.states.indexOf(state)}] += ${held.givenGradient(state)};`,
    ),
    ...array(
      "saved",
      "SAVED_COUNT",
      saved.map(({ name }) => held.saved(name)),
    ),
    ...array(
      "previous",
      previous.length,
      previous.map((state) => held.previous(state)),
    ),
    ...array(
      "next",
      next.length,
      next.map((state) => held.next(state)),
    ),
    backwardStepCall(problem, "adjoints[i][unit]"),
    ...carried.map((state, index) => `carried[i][unit][${index}] = previous[${previous.indexOf(state)}];`),
  ];
}

/**
 * C++ of the pointwise part of a step for slot i: du of its units into `words[i]`, and, where there is a product, on its way to those who
 * wait for it.
 *
 * @param stepCount the number of steps that the block computes
 * @param throughRecurrent what h gets through R, as a further term of its adjoint; empty where there is no product
 */
export function backwardPointwiseSource(
  problem: Problem,
  streams: BackwardStreams,
  held: HeldStreams,
  stepCount: string,
  throughRecurrent: string,
): string {
  const { cell, lengths } = problem;
  const hasProduct = throughRecurrent !== "";
  const recurrentGates = hasProduct ? gatesWith(cell, "recurrent").map((gate) => cell.gates.indexOf(gate)) : [];
  const statements = unitStatements(problem, streams, held, throughRecurrent)
    .map((statement) => `          ${statement}`)
    .join("\n");
  return `        float elements[${held.elementCount}][UNITS_PER_THREAD];
        KERNELGEN_UNROLL
        for (int k = 0; k < ${held.elementCount}; ++k) unpack(now.elements[i][k], elements[k]);
        float gradients[GATE_COUNT][UNITS_PER_THREAD];
${hasProduct ? "        float recurrent_gradients[UNITS_PER_THREAD][RECURRENT_GATE_COUNT];\n" : ""}        KERNELGEN_UNROLL
        for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
${
  lengths
    ? `          float du[GATE_COUNT] = {};
          if (${stepCount} - 1 - step < own_lengths[i]) {
${statements}
          }`
    : `          float du[GATE_COUNT];
${statements}`
}
          KERNELGEN_UNROLL
          for (int gate = 0; gate < GATE_COUNT; ++gate) gradients[gate][unit] = du[gate];
${recurrentGates.map((gate, index) => `          recurrent_gradients[unit][${index}] = du[${gate}];`).join("\n")}
        }
        KERNELGEN_UNROLL
        for (int gate = 0; gate < GATE_COUNT; ++gate) words[i][gate] = pack(gradients[gate]);
${
  hasProduct
    ? `        if (exists[i]) {
          SentWord sent_words[SENT_WORDS];
          pack_sent(recurrent_gradients, sent_words);
          exchange.send(step, i, units[i] * UNIT_VALUES, sequences[i], sent_words);
        }
`
    : ""
}`;
}
