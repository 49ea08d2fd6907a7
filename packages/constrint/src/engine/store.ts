import { populationCount } from "../domain/bits.js";
import { type Congruence, intersectCongruence } from "../domain/congruence.js";
import type { IntDomain } from "../domain/int-domain.js";
import { BEYOND, modulo } from "../domain/integers.js";
import { Events } from "./events.js";
import { ReversibleNumbers, ReversibleWords } from "./reversible.js";

/** Variables with more values than this are kept as bounds and a congruence only. */
export const EXPLICIT_VALUES_LIMIT = 4096;

// A variable's reversible cells, at CELLS·x:
const CELLS = 4;
const MIN = 0;
const MAX = 1;
const STRIDE = 2;
const OFFSET = 3;

/** How many table entries are looked at one by one before the table is bisected. */
const NEARBY = 4;

const NO_VALUES = new Float64Array(0);

/** 0, 1, 2, … as far as explicit domains want them: made when first needed, and shared by all of them. */
let naturals: Float64Array = NO_VALUES;

/** The integers from `min` on. */
function consecutive(min: number, size: number): Float64Array {
  const end = min + size;
  if (min < 0 || end > 2 * EXPLICIT_VALUES_LIMIT) return progression(min, size, 1);
  if (end > naturals.length) naturals = progression(0, Math.max(end, 2 * naturals.length), 1);
  return naturals.subarray(min, end);
}

function progression(first: number, size: number, stride: number): Float64Array {
  const values = new Float64Array(size);
  for (let i = 0, value = first; i < size; i++, value += stride) values[i] = value;
  return values;
}

/** Receives the events of the store's variables. @internal */
export interface EventSink {
  notify(variable: number, events: number): void;
}

/**
 * The current domains of all variables, in flat arrays, with undo.
 *
 * A variable is a number. Its domain is min … max within a congruence x ≡ offset (mod stride), and, where the values are few,
 * explicitly a subset of a sorted table. Every narrowing keeps both bounds in the domain, raises the events of what changed
 * and returns false when no value is left; the store is then in a failed state that only `pop` leaves.
 */
export class Store {
  /** The number of variables. */
  variableCount = 0;
  /**
   * How many narrowings have happened: equal readings mean that the store did not change in between. `pop` leaves it; a
   * propagator that speculates on a level of its own sets it back.
   */
  changes = 0;
  /** The depth of open levels. */
  level = 0;
  /** How many variables keep their values one by one. */
  explicitCount = 0;
  /** Numbers of the propagators that `pop` restores. */
  readonly state = new ReversibleNumbers();
  /** Four numbers for each variable: both bounds, stride and offset. */
  private readonly numbers = new ReversibleNumbers();
  /** One bit for each explicit value; propagators may keep bit sets of their own there, which `pop` restores. */
  readonly words = new ReversibleWords();
  /** The propagator that is running, by number, or −1: what a store that records reasons notes. */
  cause = -1;
  /** Where events go. */
  sink: EventSink = { notify() {} };
  /** The sorted values that bit i of the variable's words stands for; empty without explicit values. */
  protected readonly tables: Float64Array[] = [];
  /** The distance of neighbouring values in the table, or 0 where it varies. */
  private readonly tableSteps: number[] = [];
  /** The first value of the table. */
  private readonly tableOrigins: number[] = [];
  protected readonly firstWords: number[] = [];
  /** For a table without equal steps, the index that was found last. */
  private readonly lastIndices: number[] = [];
  /** The table with equal steps that was made last. */
  private evenTable: Float64Array = NO_VALUES;
  private readonly scratch: Congruence = { stride: 1, offset: 0 };

  // ---------------------------------------------------------------------------------------------------------- variables

  /** Adds a variable with this domain and returns its number. */
  addVariable(domain: IntDomain): number {
    const x = this.addUnbounded();
    const cells = this.numbers.cells;
    cells[CELLS * x + MIN] = domain.min;
    cells[CELLS * x + MAX] = domain.max;
    if (domain.values !== undefined) this.setTable(x, Float64Array.from(domain.values));
    return x;
  }

  /** Adds a variable without bounds, for a value that a propagator will determine. */
  addUnbounded(): number {
    const x = this.variableCount++;
    const first = this.numbers.allocate(CELLS, 0);
    const cells = this.numbers.cells;
    cells[first + MIN] = -Infinity;
    cells[first + MAX] = Infinity;
    cells[first + STRIDE] = 1;
    this.tables.push(NO_VALUES);
    this.tableSteps.push(0);
    this.tableOrigins.push(0);
    this.firstWords.push(-1);
    this.lastIndices.push(0);
    return x;
  }

  // ------------------------------------------------------------------------------------------------------------ reading

  min(x: number): number {
    return this.numbers.cells[CELLS * x + MIN]!;
  }

  max(x: number): number {
    return this.numbers.cells[CELLS * x + MAX]!;
  }

  /** The stride s of the congruence x ≡ offset (mod s), ≥ 1; not meaningful once x is fixed. */
  stride(x: number): number {
    return this.numbers.cells[CELLS * x + STRIDE]!;
  }

  /** The offset of the congruence, 0 … stride − 1. */
  offset(x: number): number {
    return this.numbers.cells[CELLS * x + OFFSET]!;
  }

  isFixed(x: number): boolean {
    const cells = this.numbers.cells;
    return cells[CELLS * x + MIN] === cells[CELLS * x + MAX];
  }

  /** Copies the bounds of several variables at once, which takes a fraction of the time of reading them one by one. */
  copyBounds(variables: readonly number[], mins: Float64Array, maxs: Float64Array): void {
    const cells = this.numbers.cells;
    for (let i = 0; i < variables.length; i++) {
      const at = CELLS * variables[i]!;
      mins[i] = cells[at + MIN]!;
      maxs[i] = cells[at + MAX]!;
    }
  }

  /**
   * Sorts the fixed variables behind the others among the first `count` places, as a sparse set wants it.
   *
   * @param places positions in `variables`
   * @returns how many are not fixed
   */
  moveFixedToEnd(variables: readonly number[], places: Int32Array, count: number): number {
    const cells = this.numbers.cells;
    let open = count;
    for (let k = count - 1; k >= 0; k--) {
      const place = places[k]!;
      const at = CELLS * variables[place]!;
      if (cells[at + MIN] !== cells[at + MAX]) continue;
      open--;
      places[k] = places[open]!;
      places[open] = place;
    }
    return open;
  }

  /** Whether the values are kept one by one, so that inner values can be removed. */
  isExplicit(x: number): boolean {
    return this.firstWords[x]! >= 0;
  }

  /** Whether the values are kept one by one and are not evenly spaced to begin with. */
  hasGaps(x: number): boolean {
    return this.firstWords[x]! >= 0 && this.tableSteps[x] === 0;
  }

  /** The number of values, possibly infinite. */
  size(x: number): number {
    const min = this.min(x);
    const max = this.max(x);
    if (min === max) return 1;
    const firstWord = this.firstWords[x]!;
    if (firstWord < 0) return (max - min) / this.stride(x) + 1;
    const words = this.words.cells;
    const low = this.indexAtLeast(x, min);
    const high = this.indexAtLeast(x, max);
    let count = 0;
    for (let word = low >> 5; word <= high >> 5; word++) {
      let bits = words[firstWord + word]!;
      if (word === low >> 5) bits &= -1 << (low & 31);
      if (word === high >> 5) bits &= -1 >>> (31 - (high & 31));
      count += populationCount(bits);
    }
    return count;
  }

  has(x: number, value: number): boolean {
    const cells = this.numbers.cells;
    const at = CELLS * x;
    if (value < cells[at + MIN]! || value > cells[at + MAX]!) return false;
    const firstWord = this.firstWords[x]!;
    if (firstWord < 0)
      return cells[at + STRIDE] === 1 || modulo(value - cells[at + OFFSET]!, cells[at + STRIDE]!) === 0;
    const index = this.indexAtLeast(x, value);
    const table = this.tables[x]!;
    return (
      index < table.length &&
      table[index] === value &&
      (this.words.cells[firstWord + (index >> 5)]! & (1 << (index & 31))) !== 0
    );
  }

  /** The smallest value of the domain that exceeds `value`, or Infinity. For value ≥ min. */
  next(x: number, value: number): number {
    if (value >= this.max(x)) return Infinity;
    return this.firstWords[x]! < 0 ? value + this.stride(x) : this.explicitAtLeast(x, value + 1);
  }

  /** The smallest value ≥ bound, or Infinity. */
  atLeast(x: number, bound: number): number {
    const min = this.min(x);
    if (bound <= min) return min;
    if (bound > this.max(x)) return Infinity;
    if (this.firstWords[x]! >= 0) return this.explicitAtLeast(x, bound);
    return bound + modulo(this.offset(x) - bound, this.stride(x));
  }

  /** The largest value ≤ bound, or −Infinity. */
  atMost(x: number, bound: number): number {
    const max = this.max(x);
    if (bound >= max) return max;
    if (bound < this.min(x)) return -Infinity;
    if (this.firstWords[x]! >= 0) return this.explicitAtMost(x, bound);
    return bound - modulo(bound - this.offset(x), this.stride(x));
  }

  /** The value at this place of the ascending order, 0 … size − 1. */
  valueAt(x: number, index: number): number {
    const min = this.min(x);
    const firstWord = this.firstWords[x]!;
    if (index === 0) return min;
    if (firstWord < 0) return min + index * this.stride(x);
    const words = this.words.cells;
    const low = this.indexAtLeast(x, min);
    let word = low >> 5;
    let bits = words[firstWord + word]! & (-1 << (low & 31));
    let before = index;
    for (let count = populationCount(bits); before >= count; count = populationCount(bits)) {
      before -= count;
      bits = words[firstWord + ++word]!;
    }
    for (; before > 0; before--) bits &= bits - 1;
    return this.tables[x]![32 * word + 31 - Math.clz32(bits & -bits)]!;
  }

  /** Writes the values of x, which has finitely many, ascending to `into` from `at` on. Returns the index after the last. */
  copyValues(x: number, into: Float64Array, at: number): number {
    const min = this.min(x);
    const max = this.max(x);
    const firstWord = this.firstWords[x]!;
    let end = at;
    if (firstWord < 0) {
      const stride = this.stride(x);
      into[end++] = min;
      for (let value = min + stride; value <= max; value += stride) into[end++] = value;
      return end;
    }
    const table = this.tables[x]!;
    const words = this.words.cells;
    const low = this.indexAtLeast(x, min);
    const high = this.indexAtLeast(x, max);
    for (let word = low >> 5; word <= high >> 5; word++) {
      let bits = words[firstWord + word]!;
      if (word === low >> 5) bits &= -1 << (low & 31);
      if (word === high >> 5) bits &= -1 >>> (31 - (high & 31));
      for (; bits !== 0; bits &= bits - 1) into[end++] = table[32 * word + 31 - Math.clz32(bits & -bits)]!;
    }
    return end;
  }

  // ---------------------------------------------------------------------------------------------------------- narrowing

  /** x ≥ bound. */
  setMin(x: number, bound: number): boolean {
    const cells = this.numbers.cells;
    const at = CELLS * x;
    if (bound <= cells[at + MIN]!) return true;
    const max = cells[at + MAX]!;
    if (bound > max) return false;
    let min = bound;
    if (this.firstWords[x]! >= 0) {
      min = this.explicitAtLeast(x, bound);
    } else {
      const stride = cells[at + STRIDE]!;
      // A bound beyond the exact range is not aligned: it only says "at least".
      if (stride !== 1 && bound < BEYOND) min = bound + modulo(cells[at + OFFSET]! - bound, stride);
    }
    if (min > max) return false;
    this.numbers.set(at + MIN, min + 0); // + 0 turns -0 into 0
    this.changes++;
    this.sink.notify(x, min === max ? Events.min | Events.values | Events.fixed : Events.min | Events.values);
    return true;
  }

  /** x ≤ bound. */
  setMax(x: number, bound: number): boolean {
    const cells = this.numbers.cells;
    const at = CELLS * x;
    if (bound >= cells[at + MAX]!) return true;
    const min = cells[at + MIN]!;
    if (bound < min) return false;
    let max = bound;
    if (this.firstWords[x]! >= 0) {
      max = this.explicitAtMost(x, bound);
    } else {
      const stride = cells[at + STRIDE]!;
      if (stride !== 1 && bound > -BEYOND) max = bound - modulo(bound - cells[at + OFFSET]!, stride);
    }
    if (max < min) return false;
    this.numbers.set(at + MAX, max + 0);
    this.changes++;
    this.sink.notify(x, min === max ? Events.max | Events.values | Events.fixed : Events.max | Events.values);
    return true;
  }

  /** x = value. */
  assign(x: number, value: number): boolean {
    const cells = this.numbers.cells;
    const at = CELLS * x;
    const min = cells[at + MIN]!;
    const max = cells[at + MAX]!;
    if (min === max) return min === value;
    if (!this.has(x, value)) return false;
    let events: number = Events.fixed | Events.values;
    if (value !== min) {
      this.numbers.set(at + MIN, value);
      events |= Events.min;
    }
    if (value !== max) {
      this.numbers.set(at + MAX, value);
      events |= Events.max;
    }
    this.changes++;
    this.sink.notify(x, events);
    return true;
  }

  /**
   * x ≠ value. An inner value of a variable that is not explicit stays: a propagator that removes such a value has to
   * remove it again when it has become a bound.
   */
  remove(x: number, value: number): boolean {
    const cells = this.numbers.cells;
    const min = cells[CELLS * x + MIN]!;
    const max = cells[CELLS * x + MAX]!;
    if (value < min || value > max) return true;
    if (min === max) return false;
    if (value === min) return this.setMin(x, value + 1);
    if (value === max) return this.setMax(x, value - 1);
    const firstWord = this.firstWords[x]!;
    if (firstWord < 0) return true;
    let index = value - this.tableOrigins[x]!;
    if (this.tableSteps[x] !== 1) {
      index = this.indexAtLeast(x, value);
      if (this.tables[x]![index] !== value) return true;
    }
    const word = firstWord + (index >> 5);
    const bits = this.words.cells[word]!;
    const removed = bits & ~(1 << (index & 31));
    if (removed === bits) return true;
    this.words.set(word, removed);
    this.changes++;
    this.sink.notify(x, Events.values);
    return true;
  }

  /** x ≡ offset (mod stride), stride ≥ 1 and any offset. */
  setCongruence(x: number, stride: number, offset: number): boolean {
    if (stride === 1) return true;
    const at = CELLS * x;
    const cells = this.numbers.cells;
    const min = cells[at + MIN]!;
    if (min === cells[at + MAX]) return modulo(min - offset, stride) === 0;
    const scratch = this.scratch;
    scratch.stride = cells[at + STRIDE]!;
    scratch.offset = cells[at + OFFSET]!;
    if (!intersectCongruence(scratch, stride, modulo(offset, stride))) return false;
    if (scratch.stride === cells[at + STRIDE]) return true;
    this.numbers.set(at + STRIDE, scratch.stride);
    this.numbers.set(at + OFFSET, scratch.offset);
    this.changes++;
    if (this.firstWords[x]! >= 0) {
      const combined = scratch.stride;
      const residue = scratch.offset;
      for (let value = this.min(x); value !== Infinity; value = this.next(x, value)) {
        if (modulo(value - residue, combined) !== 0 && !this.remove(x, value)) return false;
      }
      this.sink.notify(x, Events.congruence);
      return true;
    }
    this.sink.notify(x, Events.congruence | Events.values);
    return this.alignBounds(x);
  }

  /**
   * x ∈ values, which are in ascending order. At the root level this makes the domain explicit, otherwise a domain that is
   * not explicit is narrowed to bounds that are among the values.
   */
  restrictTo(x: number, values: Float64Array): boolean {
    if (this.firstWords[x]! < 0) {
      const min = this.min(x);
      const max = this.max(x);
      let low = 0;
      let high = values.length - 1;
      while (low <= high && (values[low]! < min || !this.has(x, values[low]!))) low++;
      while (low <= high && (values[high]! > max || !this.has(x, values[high]!))) high--;
      if (low > high) return false;
      if (this.level > 0 || high - low >= EXPLICIT_VALUES_LIMIT) {
        return this.setMin(x, values[low]!) && this.setMax(x, values[high]!);
      }
      const between = values.subarray(low, high + 1);
      const kept = this.stride(x) === 1 ? between : between.filter((value) => this.has(x, value));
      this.setTable(x, kept);
      const removed = kept.length < (max - min) / this.stride(x) + 1;
      if (removed) this.sink.notify(x, Events.values);
      return this.setMin(x, values[low]!) && this.setMax(x, values[high]!);
    }
    let at = 0;
    for (let value = this.min(x); value !== Infinity; value = this.next(x, value)) {
      while (at < values.length && values[at]! < value) at++;
      if (values[at] !== value && !this.remove(x, value)) return false;
    }
    return true;
  }

  /** The number of words that hold a variable's explicit values, 0 without. */
  wordCount(x: number): number {
    return this.firstWords[x]! < 0 ? 0 : (this.tables[x]!.length + 31) >> 5;
  }

  /** Adds the current explicit values of x to a set of the same layout: {@link wordCount} words of `into` from `at` on. */
  addValuesTo(x: number, into: Int32Array, at: number): void {
    const firstWord = this.firstWords[x]!;
    const words = this.words.cells;
    const low = this.indexAtLeast(x, this.min(x));
    const high = this.indexAtLeast(x, this.max(x));
    for (let word = low >> 5; word <= high >> 5; word++) {
      let bits = words[firstWord + word]!;
      if (word === low >> 5) bits &= -1 << (low & 31);
      if (word === high >> 5) bits &= -1 >>> (31 - (high & 31));
      into[at + word]! |= bits;
    }
  }

  /**
   * Adds the values of x to a set in which bit `value − origin` stands for a value: words of `into` from `at` on. No value is
   * below the origin.
   *
   * @returns false, and does nothing, where the values are not kept one by one or were not consecutive integers to begin with
   */
  addBitsTo(x: number, origin: number, into: Int32Array, at: number): boolean {
    const firstWord = this.firstWords[x]!;
    if (firstWord < 0 || this.tableSteps[x] !== 1) return false;
    const words = this.words.cells;
    const tableOrigin = this.tableOrigins[x]!;
    const low = this.min(x) - tableOrigin;
    const high = this.max(x) - tableOrigin;
    const distance = tableOrigin - origin;
    for (let word = low >> 5; word <= high >> 5; word++) {
      let bits = words[firstWord + word]!;
      if (word === low >> 5) bits &= -1 << (low & 31);
      if (word === high >> 5) bits &= -1 >>> (31 - (high & 31));
      // The word's bits fall into two neighbouring words of the set.
      const position = 32 * word + distance;
      const target = at + (position >> 5);
      const shift = position & 31;
      const left = bits << shift;
      const right = shift === 0 ? 0 : bits >>> (32 - shift);
      if (left !== 0) into[target]! |= left;
      if (right !== 0) into[target + 1]! |= right;
    }
    return true;
  }

  /** Keeps only those explicit values of x that are in a set made by {@link addValuesTo}. */
  keepValuesOf(x: number, set: Int32Array, at: number): boolean {
    const firstWord = this.firstWords[x]!;
    const low = this.indexAtLeast(x, this.min(x));
    const high = this.indexAtLeast(x, this.max(x));
    let removed = false;
    for (let word = low >> 5; word <= high >> 5; word++) {
      const bits = this.words.cells[firstWord + word]!;
      let drop = bits & ~set[at + word]!;
      if (word === low >> 5) drop &= -1 << (low & 31);
      if (word === high >> 5) drop &= -1 >>> (31 - (high & 31));
      if (drop === 0) continue;
      this.words.set(firstWord + word, bits & ~drop);
      removed = true;
    }
    if (!removed) return true;
    this.changes++;
    this.sink.notify(x, Events.values);
    // The bounds may be among the removed values.
    const min = this.explicitAtLeast(x, this.min(x));
    if (min > this.max(x)) return false;
    return this.setMin(x, min) && this.setMax(x, this.explicitAtMost(x, this.max(x)));
  }

  /** Keeps the values one by one from now on, if there are no more than the limit. Root level only. */
  makeExplicit(x: number, limit: number = EXPLICIT_VALUES_LIMIT): void {
    if (this.isExplicit(x) || this.level > 0) return;
    const size = this.size(x);
    if (size > limit) return;
    const min = this.min(x);
    const stride = this.stride(x);
    // Many variables are alike: neighbours share their table, which never changes.
    const { evenTable } = this;
    let table = evenTable;
    if (table.length !== size || table[0] !== min || (size > 1 && table[1]! - min !== stride)) {
      table = stride === 1 ? consecutive(min, size) : progression(min, size, stride);
      this.evenTable = table;
    }
    this.keepTable(x, table, size > 1 ? stride : 1);
  }

  // -------------------------------------------------------------------------------------------------------------- levels

  /** Opens a level. */
  push(): void {
    this.level++;
    this.numbers.push();
    this.words.push();
    this.state.push();
  }

  /** Closes the level: every domain and reversible cell is as it was at the matching `push`. */
  pop(): void {
    this.level--;
    this.numbers.pop();
    this.words.pop();
    this.state.pop();
  }

  /** The current length of the trail. */
  get trailLength(): number {
    return this.numbers.trailLength + this.words.trailLength + this.state.trailLength;
  }

  // ------------------------------------------------------------------------------------------------------------- private

  private alignBounds(x: number): boolean {
    const at = CELLS * x;
    const cells = this.numbers.cells;
    const stride = cells[at + STRIDE]!;
    const offset = cells[at + OFFSET]!;
    const min = cells[at + MIN]!;
    const max = cells[at + MAX]!;
    if (min > -BEYOND && min < BEYOND) {
      const aligned = min + modulo(offset - min, stride);
      if (aligned !== min && !this.setMin(x, aligned)) return false;
    }
    if (max > -BEYOND && max < BEYOND) {
      const aligned = max - modulo(max - offset, stride);
      if (aligned !== max && !this.setMax(x, aligned)) return false;
    }
    return true;
  }

  private setTable(x: number, table: Float64Array): void {
    let step = table.length > 1 ? table[1]! - table[0]! : 1;
    for (let i = 2; i < table.length && step !== 0; i++) {
      if (table[i]! - table[i - 1]! !== step) step = 0;
    }
    this.keepTable(x, table, step);
  }

  /** @param step the distance of neighbouring values, or 0 where it varies; 1 for a single value */
  private keepTable(x: number, table: Float64Array, step: number): void {
    const wordCount = (table.length + 31) >> 5;
    this.explicitCount++;
    this.tables[x] = table;
    this.tableSteps[x] = step;
    this.tableOrigins[x] = table[0]!;
    this.firstWords[x] = this.words.allocate(wordCount, -1);
    // Bits past the table's end are never inside min … max.
  }

  /** The index of the first table entry ≥ value; the table's length if there is none. */
  protected indexAtLeast(x: number, value: number): number {
    const table = this.tables[x]!;
    const step = this.tableSteps[x]!;
    if (step !== 0) {
      const distance = value - this.tableOrigins[x]!;
      if (distance <= 0) return 0;
      const index = step === 1 ? distance : Math.ceil(distance / step);
      return index < table.length ? index : table.length;
    }
    // Bounds mostly move a little at a time: look near the last answer first.
    let near = this.lastIndices[x]!;
    if (near >= table.length || table[near]! >= value) {
      near = Math.min(near, table.length);
      for (let step = 0; step < NEARBY && near > 0 && table[near - 1]! >= value; step++) near--;
      if (near > 0 && table[near - 1]! >= value) near = lowerIndex(table, value, 0, near - 1);
    } else {
      for (let step = 0; step < NEARBY && near < table.length && table[near]! < value; step++) near++;
      if (near < table.length && table[near]! < value) near = lowerIndex(table, value, near + 1, table.length);
    }
    this.lastIndices[x] = near;
    return near;
  }

  /** The smallest explicit value ≥ bound, or Infinity. */
  private explicitAtLeast(x: number, bound: number): number {
    const table = this.tables[x]!;
    const firstWord = this.firstWords[x]!;
    const words = this.words.cells;
    const index = this.indexAtLeast(x, bound);
    let word = index >> 5;
    const lastWord = (table.length - 1) >> 5;
    if (word > lastWord) return Infinity;
    let bits = words[firstWord + word]! & (-1 << (index & 31));
    while (bits === 0) {
      if (++word > lastWord) return Infinity;
      bits = words[firstWord + word]!;
    }
    const found = 32 * word + 31 - Math.clz32(bits & -bits);
    return found < table.length ? table[found]! : Infinity;
  }

  /** The largest explicit value ≤ bound, or −Infinity. */
  private explicitAtMost(x: number, bound: number): number {
    const table = this.tables[x]!;
    const firstWord = this.firstWords[x]!;
    const words = this.words.cells;
    let index = this.indexAtLeast(x, bound);
    if (index === table.length || table[index]! > bound) index--;
    if (index < 0) return -Infinity;
    let word = index >> 5;
    let bits = words[firstWord + word]! & (-1 >>> (31 - (index & 31)));
    while (bits === 0) {
      if (--word < 0) return -Infinity;
      bits = words[firstWord + word]!;
    }
    return table[32 * word + 31 - Math.clz32(bits)]!;
  }
}

/** The index of the first entry ≥ value among those from `from` to `to`, which is the answer when there is none. */
function lowerIndex(table: Float64Array, value: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
