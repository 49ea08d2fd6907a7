import { and, type Constraint, or } from "../../model/constraint.js";
import type { IntExpr } from "../../model/expression.js";
import { allDifferent } from "../../model/global/all-different.js";
import { circuit } from "../../model/global/circuit.js";
import { inverse } from "../../model/global/inverse.js";
import { regular } from "../../model/global/regular.js";
import { table } from "../../model/global/table.js";
import { elementsOf, type IntSet } from "../int-set.js";
import { fixedBools, int, ints, set, varBools, varInts } from "../parameter.js";
import { ArgumentMismatch, type BuiltinTable, builtin } from "./builtin.js";

/** The global constraints that the MiniZinc library `share/minizinc/mznlib` leaves to the solver. @internal */
export const REIFIABLE_GLOBAL: BuiltinTable = {
  fzn_all_different_int: builtin([varInts], (xs) => allDifferent(xs), someEqual),
  fzn_table_int: builtin([varInts, ints], isRow, isNoRow),
  fzn_table_bool: builtin([varBools, fixedBools], isRow, isNoRow),
};

/** Those that the library does not have a reified form of. An array's first index is an argument after the array. @internal */
export const GLOBAL: BuiltinTable = {
  constrint_circuit: builtin([varInts, int], (xs, first) => circuit(countedFrom(first, xs))),
  constrint_inverse: builtin([varInts, int, varInts, int], (forward, firstForward, backward, firstBackward) =>
    forward.length === backward.length
      ? inverse(countedFrom(firstBackward, forward), countedFrom(firstForward, backward))
      : or(),
  ),
  fzn_regular: builtin([varInts, int, int, ints, int, set], isAccepted),
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

/** Indices that count from 0 instead of from `first`. */
function countedFrom(first: number, indices: readonly IntExpr[]): IntExpr[] {
  return indices.map((index) => index.minus(first));
}

/**
 * The word is accepted by the automaton with the states 1 … stateCount, the letters 1 … letterCount, and in `successors` each
 * state's successor on each letter, row by row, where 0 is none.
 */
function isAccepted(
  word: readonly IntExpr[],
  stateCount: number,
  letterCount: number,
  successors: readonly number[],
  initial: number,
  accepting: IntSet,
): Constraint {
  if (successors.length !== stateCount * letterCount) {
    throw new ArgumentMismatch(`${stateCount} × ${letterCount} successors, found ${successors.length}`);
  }
  return regular(word, {
    stateCount,
    initial: initial - 1,
    accepting: elementsOf(accepting).map((state) => state - 1),
    transitions: successors.flatMap((successor, i) =>
      successor === 0 ? [] : [[Math.floor(i / letterCount), (i % letterCount) + 1, successor - 1] as const],
    ),
  });
}
