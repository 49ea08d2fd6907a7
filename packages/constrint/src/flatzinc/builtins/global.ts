import { allDifferent } from "../../model/global/all-different.js";
import { varInts } from "../parameter.js";
import { type BuiltinTable, builtin } from "./builtin.js";

/** The global constraints that the MiniZinc library `share/minizinc/mznlib` leaves to the solver. @internal */
export const GLOBAL: BuiltinTable = {
  fzn_all_different_int: builtin([varInts], (xs) => allDifferent(xs)),
};
