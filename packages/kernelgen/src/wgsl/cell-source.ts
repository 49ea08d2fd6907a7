import { gateInput, stateInput, stepGraph } from "../cell/definition.js";
import { renderScalars, type ScalarDialect } from "../cell/render.js";
import type { Problem } from "../plan/problem.js";
import { savedValues } from "../plan/saved-values.js";

/** How WGSL writes a scalar graph. */
export const dialect: ScalarDialect = {
  declare: (name, expression) => `let ${name} = ${expression};`,
  literal: (value) => `${Number.isInteger(value) ? value.toFixed(1) : value}f`,
  sigmoid: (operand) => `sigmoid(${operand})`,
  tanh: (operand) => `tanh_stable(${operand})`,
  exp: (operand) => `exp(${operand})`,
  log: (operand) => `log(${operand})`,
  logSigmoid: (operand) => `log_sigmoid(${operand})`,
  divide: (left, right) => `${left} / ${right}`,
  maximum: (left, right) => `max(${left}, ${right})`,
  select: (condition, whenTrue, whenFalse) => `select(${whenFalse}, ${whenTrue}, ${condition})`,
};

/** The logistic function, its logarithm and tanh in terms of an exponential that cannot overflow; absolute error below 1e-6 with WGSL's exp. */
export const nonlinearities = `fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// WGSL's own tanh may divide infinity by infinity for large arguments.
fn tanh_stable(x: f32) -> f32 {
  let e = exp(-2.0 * abs(x));
  return sign(x) * ((1.0 - e) / (1.0 + e));
}

fn log_sigmoid(x: f32) -> f32 {
  return min(x, 0.0) - log(1.0 + exp(-abs(x)));
}`;

/** The name of the vector that holds four gates' pre-activations, and the component of a gate. */
const gateComponent = (gate: number): string => `u${Math.floor(gate / 4)}.${"xyzw"[gate % 4]}`;

/**
 * WGSL of one step of the cell for one unit: `cell_step(u0, …, previous)` with the gates' pre-activations four to a vector. In training it
 * takes one more parameter, `saved`, for the values that the backward pass reads.
 */
export function cellSource(problem: Problem): string {
  const { cell } = problem;
  const saved = savedValues(problem)?.saved ?? [];
  const inputs = Object.fromEntries([
    ...cell.gates.map((gate, g) => [gateInput(gate), gateComponent(g)]),
    ...cell.states.map((state) => [stateInput(state), `previous.${state.name}`]),
  ]);
  // The saved values are nodes of the graph that they were chosen from.
  const states = savedValues(problem)?.states ?? stepGraph(cell);
  const { statements, results } = renderScalars([...states, ...saved.map(({ node }) => node)], inputs, dialect);
  const parameters = [
    ...Array.from({ length: Math.ceil(cell.gates.length / 4) }, (_, vector) => `u${vector}: vec4f`),
    "previous: States",
    ...(saved.length > 0 ? ["saved: ptr<function, array<f32, SAVED_COUNT>>"] : []),
  ];
  const savedText =
    saved.length > 0
      ? ` Saves ${saved.map(({ name }) => name.replace("saved_", "")).join(", ")} for the backward pass.`
      : "";
  const lines = [
    ...statements,
    ...saved.map((_, index) => `(*saved)[${index}] = ${results[states.length + index]};`),
    `return States(${results.slice(0, states.length).join(", ")});`,
  ];
  return `struct States {
${cell.states.map(({ name }) => `  ${name}: f32,`).join("\n")}
}
${saved.length > 0 ? `\n// Values of a step that the backward pass reads.\nconst SAVED_COUNT = ${saved.length};\n` : ""}
${nonlinearities}

// One step of one unit, from the pre-activations of the gates ${cell.gates.map((gate) => gate.name).join(", ")}.${savedText}
fn cell_step(${parameters.join(", ")}) -> States {
${lines.map((line) => `  ${line}`).join("\n")}
}`;
}
