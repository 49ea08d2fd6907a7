import { And, and, type Constraint, Or, or } from "../../model/constraint.js";
import type { IntExpr } from "../../model/expression.js";
import { allDifferent } from "../../model/global/all-different.js";
import { binPacking } from "../../model/global/bin-packing.js";
import { circuit } from "../../model/global/circuit.js";
import { cumulative } from "../../model/global/cumulative.js";
import { disjunctive } from "../../model/global/disjunctive.js";
import { globalCardinality } from "../../model/global/global-cardinality.js";
import { inverse } from "../../model/global/inverse.js";
import { lexLess, lexLessEqual } from "../../model/global/lexicographic.js";
import { regular } from "../../model/global/regular.js";
import { table } from "../../model/global/table.js";
import { elementsOf, type IntSet } from "../int-set.js";
import { fixedBools, int, ints, set, varBools, varInt, varInts } from "../parameter.js";
import { ArgumentMismatch, type BuiltinTable, builtin, builtinWithConsistency } from "./builtin.js";

/** The global constraints that the MiniZinc library `share/minizinc/mznlib` leaves to the solver. @internal */
export const REIFIABLE_GLOBAL: BuiltinTable = {
  fzn_all_different_int: builtinWithConsistency(
    varInts,
    (xs, consistency) => allDifferent(xs, consistency === undefined ? {} : { consistency }),
    someEqual,
  ),
  fzn_table_int: builtin([varInts, ints], isRow, isNoRow),
  fzn_table_bool: builtin([varBools, fixedBools], isRow, isNoRow),
  fzn_lex_less_int: builtin([varInts, varInts], comesBefore, (xs, ys) => comesNotAfter(ys, xs)),
  fzn_lex_less_bool: builtin([varBools, varBools], comesBefore, (xs, ys) => comesNotAfter(ys, xs)),
  fzn_lex_lesseq_int: builtin([varInts, varInts], comesNotAfter, (xs, ys) => comesBefore(ys, xs)),
  fzn_lex_lesseq_bool: builtin([varBools, varBools], comesNotAfter, (xs, ys) => comesBefore(ys, xs)),
};

/** Those that the library does not have a reified form of. An array's first index is an argument after the array. @internal */
export const GLOBAL: BuiltinTable = {
  constrint_circuit: builtin([varInts, int], (xs, first) => circuit(countedFrom(first, xs))),
  constrint_inverse: builtin([varInts, int, varInts, int], (forward, firstForward, backward, firstBackward) =>
    forward.length === backward.length
      ? inverse(countedFrom(firstBackward, forward), countedFrom(firstForward, backward))
      : or(),
  ),
  fzn_global_cardinality: builtin([varInts, ints, varInts], (xs, values, counts) =>
    haveCounts(xs, values, counts, false),
  ),
  fzn_global_cardinality_closed: builtin([varInts, ints, varInts], (xs, values, counts) =>
    haveCounts(xs, values, counts, true),
  ),
  constrint_bin_packing_load: builtin([varInts, int, varInts, ints], (loads, first, bins, sizes) =>
    binPacking(countedFrom(first, bins), sizes, loads),
  ),
  fzn_cumulative: builtin([varInts, varInts, varInts, varInt], shareResource),
  fzn_disjunctive: builtin([varInts, varInts], (starts, durations) => doNotOverlap(starts, durations, false)),
  fzn_disjunctive_strict: builtin([varInts, varInts], (starts, durations) => doNotOverlap(starts, durations, true)),
  fzn_regular: builtin([varInts, int, int, ints, int, set], isAccepted),
};

function someEqual(xs: readonly IntExpr[]): Constraint {
  return new Or(xs.flatMap((x, i) => xs.slice(i + 1).map((other) => x.eq(other))));
}

function isRow(xs: readonly IntExpr[], entries: readonly number[]): Constraint {
  return table(xs, rowsOf(xs, entries));
}

function isNoRow(xs: readonly IntExpr[], entries: readonly number[]): Constraint {
  return new And(rowsOf(xs, entries).map((row) => new Or(xs.map((x, i) => x.ne(row[i]!)))));
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

/** xs < ys in lexicographic order, in which an array comes after those that it continues. */
function comesBefore(xs: readonly IntExpr[], ys: readonly IntExpr[]): Constraint {
  const length = Math.min(xs.length, ys.length);
  const compare = xs.length < ys.length ? lexLessEqual : lexLess;
  return compare(xs.slice(0, length), ys.slice(0, length));
}

/** xs ≤ ys in that order. */
function comesNotAfter(xs: readonly IntExpr[], ys: readonly IntExpr[]): Constraint {
  const length = Math.min(xs.length, ys.length);
  const compare = xs.length <= ys.length ? lexLessEqual : lexLess;
  return compare(xs.slice(0, length), ys.slice(0, length));
}

/** counts[k] of the xs equal values[k]; a value that is listed again has the same count. */
function haveCounts(
  xs: readonly IntExpr[],
  values: readonly number[],
  counts: readonly IntExpr[],
  closed: boolean,
): Constraint {
  if (values.length !== counts.length) {
    throw new ArgumentMismatch(`as many counts as values, found ${counts.length} and ${values.length}`);
  }
  const countByValue = new Map<number, IntExpr>();
  const equal: Constraint[] = [];
  values.forEach((value, k) => {
    const known = countByValue.get(value);
    if (known === undefined) countByValue.set(value, counts[k]!);
    else equal.push(known.eq(counts[k]!));
  });
  return and(globalCardinality(xs, [...countByValue.keys()], [...countByValue.values()], { closed }), ...equal);
}

/** At every time, the demands of the tasks under way are together at most the capacity. */
function shareResource(
  starts: readonly IntExpr[],
  durations: readonly IntExpr[],
  demands: readonly IntExpr[],
  capacity: IntExpr,
): Constraint {
  if (durations.length !== starts.length || demands.length !== starts.length) {
    throw new ArgumentMismatch(
      `as many durations and demands as starts, found ${durations.length}, ${demands.length} and ${starts.length}`,
    );
  }
  const tasks = starts.map((start, i) => ({ start, duration: durations[i]!, demand: demands[i]! }));
  return cumulative(tasks, capacity);
}

/** No two tasks overlap; a strict one of duration 0 is not inside another one either. */
function doNotOverlap(starts: readonly IntExpr[], durations: readonly IntExpr[], strict: boolean): Constraint {
  if (durations.length !== starts.length) {
    throw new ArgumentMismatch(`as many durations as starts, found ${durations.length} and ${starts.length}`);
  }
  return disjunctive(
    starts.map((start, i) => ({ start, duration: durations[i]! })),
    { strict },
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
