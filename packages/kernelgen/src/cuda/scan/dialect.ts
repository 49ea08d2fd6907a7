import type { ScalarDialect } from "../../cell/render.js";

/**
 * Scalar graphs in a scan's CUDA, with the accurate functions for every data type: an error of a gate just below 1 or just above 0 is
 * added up over as many steps as the state remembers.
 */
export const scanDialect: ScalarDialect = {
  declare: (name, expression) => `const float ${name} = ${expression};`,
  literal: (value) => `${Number.isInteger(value) ? value.toFixed(1) : value}f`,
  sigmoid: (operand) => `sigmoid_accurate(${operand})`,
  tanh: (operand) => `tanh_accurate(${operand})`,
  exp: (operand) => `exp_approx(${operand})`,
  log: (operand) => `log_approx(${operand})`,
  logSigmoid: (operand) => `log_sigmoid_accurate(${operand})`,
  divide: (left, right) => `divide_approx(${left}, ${right})`,
  maximum: (left, right) => `maximum(${left}, ${right})`,
  select: (condition, whenTrue, whenFalse) => `${condition} ? ${whenTrue} : ${whenFalse}`,
};

/** The same with tanh by one instruction, error about 2^-11: for what is added to a state and then rounded to 16 bits. */
export const fastTanhDialect: ScalarDialect = { ...scanDialect, tanh: (operand) => `tanh_fast(${operand})` };

/** The same in double precision, for check programs. */
export const doubleDialect: ScalarDialect = {
  declare: (name, expression) => `const double ${name} = ${expression};`,
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
