import { gateInput, stateInput, stepGraph } from "../cell/definition.js";
import { renderScalars, type ScalarDialect } from "../cell/render.js";
import type { Problem } from "../plan/problem.js";

const dialect: ScalarDialect = {
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
const nonlinearities = `fn sigmoid(x: f32) -> f32 {
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

/** WGSL of one step of the cell for one unit: `cell_step(u0, …, previous)` with the gates' pre-activations four to a vector. */
export function cellSource(problem: Problem): string {
  const { cell } = problem;
  const inputs = Object.fromEntries([
    ...cell.gates.map((gate, g) => [gateInput(gate), gateComponent(g)]),
    ...cell.states.map((state) => [stateInput(state), `previous.${state.name}`]),
  ]);
  const { statements, results } = renderScalars(stepGraph(cell), inputs, dialect);
  const vectors = Array.from({ length: Math.ceil(cell.gates.length / 4) }, (_, vector) => `u${vector}: vec4f`);
  return `struct States {
${cell.states.map(({ name }) => `  ${name}: f32,`).join("\n")}
}

${nonlinearities}

// One step of one unit, from the pre-activations of the gates ${cell.gates.map((gate) => gate.name).join(", ")}.
fn cell_step(${vectors.join(", ")}, previous: States) -> States {
${statements.map((statement) => `  ${statement}`).join("\n")}
  return States(${results.join(", ")});
}`;
}
