import { and, type Constraint, or } from "../../model/constraint.js";
import type { IntExpr } from "../../model/expression.js";
import { varBool, varBools, varInt, varInts } from "../parameter.js";
import { type BuiltinTable, builtin } from "./builtin.js";

/** array[index] = value, for arrays whose first index is 1. An index outside the array does not satisfy it. @internal */
export const ELEMENT: BuiltinTable = {
  array_int_element: builtin([varInt, varInts, varInt], element),
  array_var_int_element: builtin([varInt, varInts, varInt], element),
  array_bool_element: builtin([varInt, varBools, varBool], element),
  array_var_bool_element: builtin([varInt, varBools, varBool], element),
};

function element(index: IntExpr, array: readonly IntExpr[], value: IntExpr): Constraint {
  return or(...array.map((item, i) => and(index.eq(i + 1), item.eq(value))));
}
