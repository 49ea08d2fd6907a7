import { and, type Constraint, or } from "../../model/constraint.js";
import type { IntExpr } from "../../model/expression.js";
import { allDifferent } from "../../model/global/all-different.js";
import { table } from "../../model/global/table.js";
import { fixedBools, ints, varBools, varInts } from "../parameter.js";
import { ArgumentMismatch, type BuiltinTable, builtin } from "./builtin.js";

/** The global constraints that the MiniZinc library `share/minizinc/mznlib` leaves to the solver. @internal */
export const GLOBAL: BuiltinTable = {
  fzn_all_different_int: builtin([varInts], (xs) => allDifferent(xs), someEqual),
  fzn_table_int: builtin([varInts, ints], isRow, isNoRow),
  fzn_table_bool: builtin([varBools, fixedBools], isRow, isNoRow),
};

function someEqual(xs: readonly IntExpr[]): Constraint {
  return or(...xs.flatMap((x, i) => xs.slice(i + 1).map((other) => x.eq(other))));
}

function isRow(xs: readonly IntExpr[], entries: readonly number[]): Constraint {
  return table(xs, rowsOf(xs, entries));
}

function isNoRow(xs: readonly IntExpr[], entries: readonly number[]): Constraint {
  return and(...rowsOf(xs, entries).map((row) => or(...xs.map((x, i) => x.ne(row[i]!)))));
}

/** The rows of a table whose entries are listed row by row. */
function rowsOf(xs: readonly IntExpr[], entries: readonly number[]): number[][] {
  if (xs.length === 0 || entries.length % xs.length !== 0) {
    throw new ArgumentMismatch(`a table with ${xs.length} columns, found ${entries.length} entries`);
  }
  return Array.from({ length: entries.length / xs.length }, (_, row) =>
    entries.slice(row * xs.length, (row + 1) * xs.length),
  );
}
