import { and, type Constraint, or } from "../../model/constraint.js";
import type { IntExpr } from "../../model/expression.js";
import { element } from "../../model/global/element.js";
import { varBool, varBools, varInt, varInts } from "../parameter.js";
import { type BuiltinTable, builtin } from "./builtin.js";

/** array[index] = value, for arrays whose first index is 1. An index outside the array does not satisfy it. @internal */
export const ELEMENT: BuiltinTable = {
  array_int_element: builtin([varInt, varInts, varInt], isElement, isNotElement),
  array_var_int_element: builtin([varInt, varInts, varInt], isElement, isNotElement),
  array_bool_element: builtin([varInt, varBools, varBool], isElement, isNotElement),
  array_var_bool_element: builtin([varInt, varBools, varBool], isElement, isNotElement),
};

function isElement(index: IntExpr, array: readonly IntExpr[], value: IntExpr): Constraint {
  return array.length === 0 ? or() : element(array, index.minus(1), value);
}

function isNotElement(index: IntExpr, array: readonly IntExpr[], value: IntExpr): Constraint {
  const others = array.map((item, i) => and(index.eq(i + 1), item.ne(value)));
  return or(index.lt(1), index.gt(array.length), ...others);
}
