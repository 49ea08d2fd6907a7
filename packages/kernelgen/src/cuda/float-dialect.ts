import type { ScalarDialect } from "../cell/render.js";

/** How a kernel writes the operations of a scalar graph, in single precision. */
export const floatDialect: ScalarDialect = {
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
};
