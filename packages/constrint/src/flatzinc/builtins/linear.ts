import { type IntExpr, product, sum } from "../../model/expression.js";
import { int, ints, varBools, varInt, varInts } from "../parameter.js";
import { ArgumentMismatch, type BuiltinTable, builtin } from "./builtin.js";

/** Comparisons of Σ coefficient · variable with an integer. @internal */
export const LINEAR: BuiltinTable = {
  int_lin_eq: builtin([ints, varInts, int], (coefficients, xs, c) => linear(coefficients, xs).eq(c)),
  int_lin_ne: builtin([ints, varInts, int], (coefficients, xs, c) => linear(coefficients, xs).ne(c)),
  int_lin_le: builtin([ints, varInts, int], (coefficients, xs, c) => linear(coefficients, xs).le(c)),
  bool_lin_eq: builtin([ints, varBools, varInt], (coefficients, xs, c) => linear(coefficients, xs).eq(c)),
  bool_lin_le: builtin([ints, varBools, varInt], (coefficients, xs, c) => linear(coefficients, xs).le(c)),
};

function linear(coefficients: readonly number[], xs: readonly IntExpr[]): IntExpr {
  if (coefficients.length !== xs.length) {
    throw new ArgumentMismatch(`as many coefficients as variables, found ${coefficients.length} and ${xs.length}`);
  }
  return sum(xs.map((x, i) => (coefficients[i] === 1 ? x : product([coefficients[i]!, x]))));
}
