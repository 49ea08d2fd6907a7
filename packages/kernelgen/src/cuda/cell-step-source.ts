import { stateInput } from "../cell/definition.js";
import { type RenderedScalars, renderCellStep, renderScalars, type ScalarDialect } from "../cell/render.js";
import { nextStateInput } from "../cell/saved-values.js";
import { adjointInput } from "../cell/step-gradient.js";
import type { Problem } from "../plan/problem.js";
import { backwardStep, savedValues } from "../plan/saved-values.js";
import { backwardStreams } from "./backward-streams.js";
import { floatDialect } from "./float-dialect.js";

const namesOf = (items: readonly { readonly name: string }[]): string => items.map(({ name }) => name).join(", ");

/** The body of a function: declarations, then results into the places that `target` names. */
const body = ({ statements, results }: RenderedScalars, target: (result: number) => string): string =>
  [...statements, ...results.map((result, index) => `${target(index)} = ${result};`)]
    .map((statement) => `  ${statement}`)
    .join("\n");

/**
 * C++ statements of one step of the cell for one unit, from its scalar graph: from `u[gate]` and `states[state]` to the new `states` and, of a
 * problem in training, to `saved`, what the backward pass reads.
 */
export function stepStatements(problem: Problem, dialect: ScalarDialect): string {
  const { cell } = problem;
  const backward = savedValues(problem);
  const rendered = renderCellStep(
    cell,
    (gate) => `u[${gate}]`,
    (state) => `states[${state}]`,
    dialect,
    backward && [...backward.states, ...backward.saved.map(({ node }) => node)],
  );
  const stateCount = cell.states.length;
  return body(rendered, (index) => (index < stateCount ? `states[${index}]` : `saved[${index - stateCount}]`));
}

/**
 * C++ statements of the backward of one step of the cell for one unit, from its derived graphs: from `saved` values, the states that it reads
 * (`previous`, `next`) and the `adjoints` of the states after the step to `du` and the `adjoints` before it.
 */
export function backwardStepStatements(problem: Problem, dialect: ScalarDialect): string {
  const { cell } = problem;
  const step = backwardStep(problem);
  const { previous, next } = backwardStreams(problem);
  const inputs = Object.fromEntries([
    ...step.saved.map(({ name }, index) => [name, `saved[${index}]`]),
    ...previous.map((state, index) => [stateInput(state), `previous[${index}]`]),
    ...next.map(({ name }, index) => [nextStateInput(name), `next[${index}]`]),
    ...cell.states.map((state, index) => [adjointInput(state), `adjoints[${index}]`]),
  ]);
  const rendered = renderScalars([...step.gateGradients, ...step.previousGradients], inputs, dialect);
  const gateCount = cell.gates.length;
  return body(rendered, (index) => (index < gateCount ? `du[${index}]` : `adjoints[${index - gateCount}]`));
}

/** The device function `cell_step` of one unit. */
export function cellStepSource(problem: Problem): string {
  const { cell } = problem;
  const saved = savedValues(problem)?.saved ?? [];
  const savedParameter = saved.length > 0 ? ", float (&saved)[SAVED_COUNT]" : "";
  return `
/** One step of one unit: u holds the pre-activations of the gates ${namesOf(cell.gates)}; states are ${namesOf(cell.states)}${saved.length > 0 ? `; saved for the backward pass: ${saved.map(({ name }) => name.replace("saved_", "")).join(", ")}` : ""}. */
KERNELGEN_DEVICE void cell_step(const float (&u)[GATE_COUNT], float (&states)[STATE_COUNT]${savedParameter}) {
${stepStatements(problem, floatDialect)}
}
`;
}

/** The device function `cell_step_backward` of one unit; `backwardStepCall` calls it. */
export function backwardCellStepSource(problem: Problem): string {
  const { cell } = problem;
  const { saved } = backwardStep(problem);
  const { previous, next } = backwardStreams(problem);
  const read = [
    ...(saved.length > 0 ? [`saved holds ${namesOf(saved).replaceAll("saved_", "")}`] : []),
    ...(previous.length > 0 ? [`previous the states ${namesOf(previous)} before the step`] : []),
    ...(next.length > 0 ? [`next ${namesOf(next)} after it`] : []),
  ].join(", ");
  const parameters = [
    ...(saved.length > 0 ? ["const float (&saved)[SAVED_COUNT]"] : []),
    ...(previous.length > 0 ? [`const float (&previous)[${previous.length}]`] : []),
    ...(next.length > 0 ? [`const float (&next)[${next.length}]`] : []),
    "float (&adjoints)[STATE_COUNT]",
    "float (&du)[GATE_COUNT]",
  ];
  return `
/**
 * The backward of one step of one unit: from the adjoints of the states ${namesOf(cell.states)} after the step, those before it (R apart), and
 * the gradients du of the pre-activations of the gates ${namesOf(cell.gates)}. ${read[0]?.toUpperCase() ?? ""}${read.slice(1)}.
 */
KERNELGEN_DEVICE void cell_step_backward(${parameters.join(", ")}) {
${backwardStepStatements(problem, floatDialect)}
}
`;
}

/** The statement that calls `cell_step_backward`: `saved`, `previous` and `next` where it has them, `adjoints` as given, and `du`. */
export function backwardStepCall(problem: Problem, adjoints: string): string {
  const { previous, next } = backwardStreams(problem);
  const passed = [
    ...(backwardStep(problem).saved.length > 0 ? ["saved"] : []),
    ...(previous.length > 0 ? ["previous"] : []),
    ...(next.length > 0 ? ["next"] : []),
    adjoints,
    "du",
  ];
  return `cell_step_backward(${passed.join(", ")});`;
}
