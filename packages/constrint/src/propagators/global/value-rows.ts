import type { Store } from "../../engine/store.js";
import { currentValues, ValueIndex } from "./value-index.js";

/** A range of values is numbered throughout where it has at most this many, … */
const DENSE_RANGE = 4096;
/** … or at most this many times as many as there are values in the domains. */
const DENSE_FACTOR = 4;

/**
 * The domains of some shifted variables as the rows of a bit matrix whose columns are the numbered values.
 *
 * @internal
 */
export class ValueRows {
  readonly index: ValueIndex;
  /** How many 32-bit words a row has. */
  readonly width: number;
  /** The rows one after the other: bit v of row i says whether variable i has value number v. */
  readonly words: Int32Array;
  /** The first and the last word of a row that may have bits. */
  readonly firstWords: Int32Array;
  readonly lastWords: Int32Array;
  /** The value that bit 0 stands for, where the numbered values are consecutive. */
  private readonly origin: number;

  /**
   * @param places those of the scope that matter, with finitely many values
   * @param shifts the constant added to each variable
   */
  constructor(
    store: Store,
    private readonly scope: readonly number[],
    private readonly shifts: readonly number[],
    places: Int32Array,
  ) {
    this.index = numberedValues(store, scope, shifts, places);
    this.origin = this.index.values[0] ?? 0;
    this.width = (this.index.count + 31) >> 5;
    this.words = new Int32Array(this.width * scope.length);
    this.firstWords = new Int32Array(scope.length);
    this.lastWords = new Int32Array(scope.length).fill(-1);
  }

  /** Brings row i up to date. */
  read(store: Store, i: number): void {
    const { index, width, words, firstWords, lastWords } = this;
    const x = this.scope[i]!;
    const shift = this.shifts[i]!;
    const row = width * i;
    for (let word = row + firstWords[i]!; word <= row + lastWords[i]!; word++) words[word] = 0;
    if (index.isDense) {
      const origin = this.origin - shift;
      firstWords[i] = (store.min(x) - origin) >> 5;
      lastWords[i] = (store.max(x) - origin) >> 5;
      if (store.addBitsTo(x, origin, words, row)) return;
    } else {
      firstWords[i] = index.of(store.min(x) + shift) >> 5;
      lastWords[i] = index.of(store.max(x) + shift) >> 5;
    }
    for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
      const v = index.of(value + shift);
      words[row + (v >> 5)]! |= 1 << (v & 31);
    }
  }

  /** Whether row i has value number v. */
  has(i: number, v: number): boolean {
    return (this.words[this.width * i + (v >> 5)]! & (1 << (v & 31))) !== 0;
  }
}

function numberedValues(
  store: Store,
  scope: readonly number[],
  shifts: readonly number[],
  places: Int32Array,
): ValueIndex {
  let low = Infinity;
  let high = -Infinity;
  let count = 0;
  for (const i of places) {
    low = Math.min(low, store.min(scope[i]!) + shifts[i]!);
    high = Math.max(high, store.max(scope[i]!) + shifts[i]!);
    count += store.size(scope[i]!);
  }
  if (high - low < Math.max(DENSE_RANGE, DENSE_FACTOR * count)) return ValueIndex.range(low, high);
  const values: number[] = [];
  for (const i of places) for (const value of currentValues(store, scope[i]!, shifts[i]!)) values.push(value);
  return ValueIndex.from(values);
}
