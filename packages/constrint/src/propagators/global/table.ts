import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains } from "../explanation/premises.js";
import { explainByRows } from "../explanation/rows.js";
import { ValueIndex } from "./value-index.js";

/**
 * (x₁, …, xₙ) is one of the rows of a table.
 *
 * Compact table: one bit for each row that is still possible, and for each value of a column the bits of the rows that have it.
 * Words without any bit are left out by a reversible sparse set.
 *
 * Consistency: domain where domains are explicit; of the others the bounds. Cost: O(d·w) a run for d values of the variables
 * that changed and of those not fixed, and w words of 32 rows that are not empty.
 *
 * Source: Demeulenaere et al., "Compact-Table: efficiently filtering table constraints with reversible sparse bit-sets", CP 2016.
 */
export class Table implements Propagator {
  readonly name = "table";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.values;
  private readonly columns: readonly Column[];
  private readonly wordCount: number;
  /** The words in use first; how many these are is reversible. */
  private readonly activeWords: Int32Array;
  private readonly mask: Int32Array;
  /** The first of the store's words that hold the rows. Allocated at the first run, as are the cells below. */
  private firstWord = -1;
  private activeCell = -1;
  /** For each variable the size of its domain at the last run. */
  private firstSizeCell = -1;
  private readonly rows: readonly (readonly number[])[];

  /**
   * @param scope variables, which may repeat
   * @param rows at least one row, each with a number for each variable
   */
  constructor(
    readonly scope: readonly number[],
    rows: readonly (readonly number[])[],
  ) {
    // Rows that give a repeated variable two values are of no use.
    const firstPlaces = scope.map((x) => scope.indexOf(x));
    this.rows = rows.filter((row) => firstPlaces.every((first, i) => row[first] === row[i]));
    this.wordCount = (this.rows.length + 31) >> 5;
    this.columns = scope.map((_, i) => new Column(this.rows.map((row) => row[i]!)));
    this.activeWords = Int32Array.from({ length: this.wordCount }, (_, word) => word);
    this.mask = new Int32Array(this.wordCount);
  }

  propagate(store: Store): Outcome {
    if (this.rows.length === 0) return Outcome.failed;
    if (this.firstWord < 0) {
      this.firstWord = store.words.allocate(this.wordCount, -1);
      this.activeCell = store.state.allocate(1, this.wordCount);
      this.firstSizeCell = store.state.allocate(this.scope.length, -1);
    }
    const { scope, columns, firstSizeCell } = this;
    let changed = store.level === 0; // a domain may have become explicit, which lets more be removed
    for (let i = 0; i < scope.length; i++) {
      const x = scope[i]!;
      const column = columns[i]!;
      if (store.state.cells[firstSizeCell + i]! < 0 && !store.restrictTo(x, column.index.values)) return Outcome.failed;
      const size = store.size(x);
      if (size === store.state.cells[firstSizeCell + i]) continue;
      store.state.set(firstSizeCell + i, size);
      if (!this.keepRowsOf(store, x, column)) return Outcome.failed;
      changed = true;
    }
    if (!changed) return Outcome.stable;
    let open = 0;
    for (let i = 0; i < scope.length; i++) {
      const x = scope[i]!;
      if (store.isFixed(x)) continue;
      if (!this.filter(store, x, columns[i]!)) return Outcome.failed;
      // What was removed now has no rows left, so the rows need not be looked at again.
      store.state.set(firstSizeCell + i, store.size(x));
      if (!store.isFixed(x)) open++;
    }
    return open === 0 ? Outcome.entailed : Outcome.stable;
  }

  /** Drops the rows whose entry in the column is no value of x. */
  private keepRowsOf(store: Store, x: number, column: Column): boolean {
    const { activeWords, mask, firstWord } = this;
    const { rows, index } = column;
    const { words } = store;
    let active = store.state.cells[this.activeCell]!;
    for (let k = 0; k < active; k++) mask[activeWords[k]!] = 0;
    for (let v = 0; v < index.count; v++) {
      if (!store.has(x, index.values[v]!)) continue;
      const start = v * this.wordCount;
      for (let k = 0; k < active; k++) mask[activeWords[k]!]! |= rows[start + activeWords[k]!]!;
    }
    for (let k = active - 1; k >= 0; k--) {
      const word = activeWords[k]!;
      const bits = words.cells[firstWord + word]!;
      const kept = bits & mask[word]!;
      if (kept !== bits) words.set(firstWord + word, kept);
      if (kept === 0) {
        active--;
        activeWords[k] = activeWords[active]!;
        activeWords[active] = word;
      }
    }
    store.state.set(this.activeCell, active);
    return active > 0;
  }

  /** Removes the values of x that are in none of the rows. */
  private filter(store: Store, x: number, column: Column): boolean {
    const { index } = column;
    if (store.isExplicit(x)) {
      for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
        const v = index.of(value);
        if ((v < 0 || !this.hasRow(store, column, v)) && !store.remove(x, value)) return false;
      }
      return true;
    }
    let smallest = Infinity;
    let largest = -Infinity;
    for (let v = 0; v < index.count; v++) {
      const value = index.values[v]!;
      if (!store.has(x, value) || !this.hasRow(store, column, v)) continue;
      if (smallest === Infinity) smallest = value;
      largest = value;
    }
    return store.setMin(x, smallest) && store.setMax(x, largest);
  }

  /** Whether a row is left that has value number v in the column; looks first where one was found before. */
  private hasRow(store: Store, column: Column, v: number): boolean {
    const { activeWords, firstWord } = this;
    const { rows, residues } = column;
    const { cells } = store.words;
    const start = v * this.wordCount;
    if ((cells[firstWord + residues[v]!]! & rows[start + residues[v]!]!) !== 0) return true;
    const active = store.state.cells[this.activeCell]!;
    for (let k = 0; k < active; k++) {
      const word = activeWords[k]!;
      if ((cells[firstWord + word]! & rows[start + word]!) === 0) continue;
      residues[v] = word;
      return true;
    }
    return false;
  }

  /** Each row that would violate the consequence has an entry that its variable has lost. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    if (!explainByRows(this.scope, this.rows, consequence, before, premises)) allDomains(this.scope, premises);
  }

  holds(values: readonly number[]): boolean {
    return isRowOf(this.rows, values);
  }
}

/** Whether the values are one of the rows. */
export function isRowOf(rows: readonly (readonly number[])[], values: readonly number[]): boolean {
  return rows.some((row) => row.every((entry, i) => entry === values[i]));
}

/** A column's distinct values, and which rows have them. */
class Column {
  readonly index: ValueIndex;
  /** For each value the words of the rows that have it, one after the other. */
  readonly rows: Int32Array;
  /** For each value a word in which a row was found. */
  readonly residues: Int32Array;

  constructor(entries: readonly number[]) {
    const wordCount = (entries.length + 31) >> 5;
    this.index = ValueIndex.from(entries);
    this.rows = new Int32Array(this.index.count * wordCount);
    this.residues = new Int32Array(this.index.count);
    entries.forEach((entry, row) => {
      this.rows[this.index.of(entry) * wordCount + (row >> 5)]! |= 1 << (row & 31);
    });
  }
}
