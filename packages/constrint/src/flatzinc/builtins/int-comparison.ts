import { isIn, isNotIn } from "../int-set.js";
import { set, varInt } from "../parameter.js";
import { type BuiltinTable, builtin } from "./builtin.js";

/** Comparisons of two integers, and membership in a fixed set. @internal */
export const INT_COMPARISON: BuiltinTable = {
  int_eq: builtin([varInt, varInt], (a, b) => a.eq(b)),
  int_ne: builtin([varInt, varInt], (a, b) => a.ne(b)),
  int_le: builtin([varInt, varInt], (a, b) => a.le(b)),
  int_lt: builtin([varInt, varInt], (a, b) => a.lt(b)),
  set_in: builtin([varInt, set], isIn, isNotIn),
};
