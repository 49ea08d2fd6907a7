import type { ScalarDialect } from "../../cell/render.js";

/** How the check programs' references write the operations of a scalar graph, in double precision. */
export const doubleDialect: ScalarDialect = {
  declare: (variable, expression) => `const double ${variable} = ${expression};`,
  literal: (value) => (Number.isInteger(value) ? value.toFixed(1) : `${value}`),
  sigmoid: (operand) => `1.0 / (1.0 + std::exp(-(${operand})))`,
  tanh: (operand) => `std::tanh(${operand})`,
  exp: (operand) => `std::exp(${operand})`,
  log: (operand) => `std::log(${operand})`,
  logSigmoid: (operand) => `log_sigmoid(${operand})`,
  divide: (left, right) => `${left} / ${right}`,
  maximum: (left, right) => `std::max<double>(${left}, ${right})`,
  select: (condition, whenTrue, whenFalse) => `${condition} ? ${whenTrue} : ${whenFalse}`,
};
