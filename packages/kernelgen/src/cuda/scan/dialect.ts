import type { ScalarDialect } from "../../cell/render.js";
import { floatDialect } from "../float-dialect.js";

/**
 * Scalar graphs in a scan's CUDA, with the accurate functions for every data type: an error of a gate just below 1 or just above 0 is
 * added up over as many steps as the state remembers.
 */
export const scanDialect: ScalarDialect = {
  ...floatDialect,
  sigmoid: (operand) => `sigmoid_accurate(${operand})`,
  tanh: (operand) => `tanh_accurate(${operand})`,
  logSigmoid: (operand) => `log_sigmoid_relative(${operand})`,
};

/** The same with tanh by one instruction, error about 2^-11: for what is added to a state and then rounded to 16 bits. */
export const fastTanhDialect: ScalarDialect = { ...scanDialect, tanh: (operand) => `tanh_fast(${operand})` };
