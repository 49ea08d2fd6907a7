import { lowestBit, populationCount } from "../../domain/bits.js";
import { BEYOND } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainByHallInterval } from "../explanation/hall-interval.js";
import { MirroredPremises, MirroredView, mirrored } from "../explanation/mirror.js";
import { allDomains } from "../explanation/premises.js";
import { areAllDifferent } from "./all-different-values.js";

/** Where the values span more than this, those of fixed variables are not kept as a set of bits. */
const LARGEST_SPAN = 2048;

/**
 * xᵢ + sᵢ ≠ xⱼ + sⱼ for i ≠ j, by Hall intervals: where as many variables as an interval has values must lie in it, the bounds
 * of all others leave it.
 *
 * Consistency: bounds, with the domains taken as intervals and the terms of a variable that occurs twice as different ones. Variables with an infinite bound are left out of a run. Cost: close
 * to O(n) a run where the orders of the bounds are nearly those of the last run, O(n²) where all of them changed.
 *
 * Where the values span little, those of fixed variables are cut out of the number line, and the others compete for what is left:
 * a value v becomes v less the number of taken values below it. So a run deals with the variables that are open alone.
 *
 * Source: López-Ortiz, Quimper, Tromp, van Beek, "A fast and simple algorithm for bounds consistency of the alldifferent
 * constraint", IJCAI 2003.
 */
export class AllDifferentBounds implements Propagator {
  readonly name = "all different (bounds)";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.bounds;
  // For each place: the shifted bounds, hi exclusive, and their ranks among all bounds.
  private readonly low: Float64Array;
  private readonly high: Float64Array;
  private readonly lowRank: Int32Array;
  private readonly highRank: Int32Array;
  /** The places by lower and by upper bound; where taken values are cut out, those of open variables alone. */
  private readonly byLow: Int32Array;
  private readonly byHigh: Int32Array;
  /** The distinct bounds in ascending order, with a guard at either end; and a value that each stands for. */
  private readonly bounds: Float64Array;
  private readonly boundValues: Float64Array;
  /** The shifted bounds as values, where `low` and `high` count without taken values. */
  private readonly lowValue: Float64Array;
  private readonly highValue: Float64Array;
  /** The values of fixed variables as bits from `origin` on, and how many come before each word. No words where they span much. */
  private origin = 0;
  private taken = new Int32Array(0);
  private takenBefore = new Int32Array(0);
  /** The bounds counted without taken values, as bits like these; and for each rank where its places begin in the order. */
  private marks = new Int32Array(0);
  private marksBefore = new Int32Array(0);
  private readonly lowStarts: Int32Array;
  private readonly highStarts: Int32Array;
  /** How many open variables have so many values between their bounds. */
  private readonly withWidth: Int32Array;
  /** Trees of capacity: from a rank towards one whose interval below (above) still has a free value. */
  private readonly capacityTree: Int32Array;
  /** How many values are free in the interval that ends at a rank. */
  private readonly free: Float64Array;
  /** Trees of Hall intervals: from a rank towards the end of the Hall interval that it lies in. */
  private readonly hallTree: Int32Array;

  /**
   * @param scope variables; one that occurs twice has different shifts
   * @param shifts the constant sᵢ added to each
   */
  constructor(
    readonly scope: readonly number[],
    private readonly shifts: readonly number[],
  ) {
    const n = scope.length;
    this.low = new Float64Array(n);
    this.high = new Float64Array(n);
    this.lowRank = new Int32Array(n);
    this.highRank = new Int32Array(n);
    this.byLow = Int32Array.from(scope, (_, i) => i);
    this.byHigh = Int32Array.from(scope, (_, i) => i);
    this.bounds = new Float64Array(2 * n + 2);
    this.boundValues = new Float64Array(2 * n + 2);
    this.lowStarts = new Int32Array(2 * n + 2);
    this.highStarts = new Int32Array(2 * n + 2);
    this.withWidth = new Int32Array(n);
    this.lowValue = new Float64Array(n);
    this.highValue = new Float64Array(n);
    this.capacityTree = new Int32Array(2 * n + 2);
    this.free = new Float64Array(2 * n + 2);
    this.hallTree = new Int32Array(2 * n + 2);
  }

  propagate(store: Store): Outcome {
    if (store.level === 0) this.measureSpan(store);
    const { low, high } = this;
    const before = store.changes;
    const open = this.readBounds(store);
    if (open < 0) return Outcome.failed;
    if (this.taken.length > 0) {
      if (!this.cutTaken(store)) return Outcome.failed;
      if (this.mayCrowd(open) && !this.narrow(store, open, this.rankMarked())) return Outcome.failed;
    } else {
      let count = low.length;
      for (let i = 0; i < low.length; i++) {
        if (low[i]! > -BEYOND && high[i]! < BEYOND) continue;
        low[i] = high[i] = Infinity;
        count--;
      }
      sortBy(this.byLow, low);
      sortBy(this.byHigh, high);
      if (!this.narrow(store, count, this.rankSorted(count))) return Outcome.failed;
    }
    if (store.changes !== before) return Outcome.changed;
    return open > 0 ? Outcome.stable : Outcome.entailed;
  }

  /**
   * Reads the shifted bounds; where taken values are cut out, those of fixed variables become taken and their bounds infinite.
   *
   * @returns how many variables are not fixed, or −1 where two have the same value
   */
  private readBounds(store: Store): number {
    const { scope, shifts, low, high, lowValue, highValue, taken } = this;
    const cutsTaken = taken.length > 0;
    if (cutsTaken) taken.fill(0);
    store.copyBounds(scope, lowValue, highValue);
    let open = 0;
    for (let i = 0; i < scope.length; i++) {
      const shift = shifts[i]!;
      const from = lowValue[i]! + shift;
      const to = highValue[i]! + shift;
      if (from !== to) open++;
      else if (cutsTaken) {
        const bit = from - this.origin;
        const mask = 1 << (bit & 31);
        if ((taken[bit >> 5]! & mask) !== 0) return -1;
        taken[bit >> 5]! |= mask;
        low[i] = high[i] = Infinity;
        continue;
      }
      low[i] = lowValue[i] = from;
      high[i] = highValue[i] = to + 1;
    }
    return open;
  }

  /**
   * Whether some h of the open variables, but not all, may lie in an interval of h values: then at least h of them have no more
   * than h. Where that is not so, which a count shows, there is no Hall interval that matters.
   */
  private mayCrowd(open: number): boolean {
    const { low, high, withWidth } = this;
    withWidth.fill(0, 0, open);
    for (let i = 0; i < low.length; i++) {
      const width = high[i]! - low[i]!; // NaN for a fixed variable
      if (width < open) withWidth[width]!++;
    }
    let narrow = 0;
    for (let width = 1; width < open; width++) {
      narrow += withWidth[width]!;
      if (narrow >= width) return true;
    }
    return false;
  }

  /** Makes room for taken values, at the root, where the values span most. */
  private measureSpan(store: Store): void {
    const { scope, shifts } = this;
    let from = Infinity;
    let to = -Infinity;
    for (let i = 0; i < scope.length; i++) {
      from = Math.min(from, store.min(scope[i]!) + shifts[i]!);
      to = Math.max(to, store.max(scope[i]!) + shifts[i]!);
    }
    // One more, so that the end of an interval is in it, too.
    const wordCount = to - from < LARGEST_SPAN ? ((to - from + 1) >> 5) + 1 : 0;
    this.origin = from;
    if (wordCount === this.taken.length) return;
    this.taken = new Int32Array(wordCount);
    this.takenBefore = new Int32Array(wordCount);
    this.marks = new Int32Array(wordCount);
    this.marksBefore = new Int32Array(wordCount);
  }

  /** Moves the bounds of open variables off taken values, and counts them without these. */
  private cutTaken(store: Store): boolean {
    const { scope, shifts, low, high, lowValue, highValue, origin, taken, takenBefore } = this;
    let count = 0;
    for (let word = 0; word < taken.length; word++) {
      takenBefore[word] = count;
      if (taken[word] !== 0) count += populationCount(taken[word]!);
    }
    for (let i = 0; i < scope.length; i++) {
      if (low[i] === Infinity) continue;
      const x = scope[i]!;
      const shift = shifts[i]! - origin; // from a value of x to its bit
      let first = lowValue[i]! - origin;
      while ((taken[first >> 5]! & (1 << (first & 31))) !== 0) {
        if (!store.setMin(x, first + 1 - shift)) return false;
        first = store.min(x) + shift;
      }
      let last = highValue[i]! - 1 - origin;
      while ((taken[last >> 5]! & (1 << (last & 31))) !== 0) {
        if (!store.setMax(x, last - 1 - shift)) return false;
        last = store.max(x) + shift;
      }
      const belowFirst = taken[first >> 5]! & ~(-1 << (first & 31));
      const belowLast = taken[last >> 5]! & ~(-1 << (last & 31));
      lowValue[i] = origin + first;
      highValue[i] = origin + last + 1;
      low[i] = origin + first - takenBefore[first >> 5]! - (belowFirst === 0 ? 0 : populationCount(belowFirst));
      high[i] = origin + last + 1 - takenBefore[last >> 5]! - (belowLast === 0 ? 0 : populationCount(belowLast));
    }
    return true;
  }

  private narrow(store: Store, count: number, last: number): boolean {
    return this.raiseLows(store, count, last) && this.dropHighs(store, count, last);
  }

  /**
   * Numbers the distinct bounds 1 … last, and the places' bounds by them, and sorts the places by both; where taken values are
   * cut out. The bounds are few enough to mark them on the number line, so that nothing has to be compared. Returns `last`.
   */
  private rankMarked(): number {
    const { low, high, lowValue, highValue, lowRank, highRank, bounds, boundValues, origin, marks, marksBefore } = this;
    const { byLow, byHigh, lowStarts, highStarts } = this;
    marks.fill(0);
    for (let i = 0; i < low.length; i++) {
      if (low[i] === Infinity) continue;
      const from = low[i]! - origin;
      const to = high[i]! - origin;
      marks[from >> 5]! |= 1 << (from & 31);
      marks[to >> 5]! |= 1 << (to & 31);
    }
    let last = 0;
    for (let word = 0; word < marks.length; word++) {
      marksBefore[word] = last;
      for (let bits = marks[word]!; bits !== 0; bits &= bits - 1) bounds[++last] = origin + 32 * word + lowestBit(bits);
    }
    bounds[0] = bounds[1]! - 2;
    bounds[last + 1] = bounds[last]! + 2;
    lowStarts.fill(0, 0, last + 2);
    highStarts.fill(0, 0, last + 2);
    for (let i = 0; i < low.length; i++) {
      if (low[i] === Infinity) continue;
      const from = this.rankOf(low[i]! - origin);
      const to = this.rankOf(high[i]! - origin);
      lowRank[i] = from;
      highRank[i] = to;
      boundValues[from] = lowValue[i]!;
      boundValues[to] = highValue[i]!;
      lowStarts[from + 1]!++;
      highStarts[to + 1]!++;
    }
    for (let rank = 1; rank <= last; rank++) {
      lowStarts[rank + 1]! += lowStarts[rank]!;
      highStarts[rank + 1]! += highStarts[rank]!;
    }
    for (let i = 0; i < low.length; i++) {
      if (low[i] === Infinity) continue;
      byLow[lowStarts[lowRank[i]!]!++] = i;
      byHigh[highStarts[highRank[i]!]!++] = i;
    }
    return last;
  }

  /** How many bounds are marked up to a bit. */
  private rankOf(bit: number): number {
    return this.marksBefore[bit >> 5]! + populationCount(this.marks[bit >> 5]! & (-1 >>> (31 - (bit & 31))));
  }

  /** The same as {@link rankMarked} for places that are sorted already. */
  private rankSorted(count: number): number {
    const { low, high, byLow, byHigh, lowRank, highRank, lowValue, highValue, bounds, boundValues } = this;
    if (count === 0) return 0;
    let last = 0;
    bounds[0] = low[byLow[0]!]! - 2;
    let i = 0;
    for (let j = 0; j < count; ) {
      const nextIsLow = i < count && low[byLow[i]!]! <= high[byHigh[j]!]!;
      const bound = nextIsLow ? low[byLow[i]!]! : high[byHigh[j]!]!;
      if (bound !== bounds[last]) {
        bounds[++last] = bound;
        boundValues[last] = nextIsLow ? lowValue[byLow[i]!]! : highValue[byHigh[j]!]!;
      }
      if (nextIsLow) lowRank[byLow[i++]!] = last;
      else highRank[byHigh[j++]!] = last;
    }
    bounds[last + 1] = bounds[last]! + 2;
    return last;
  }

  private raiseLows(store: Store, count: number, last: number): boolean {
    const { bounds, boundValues, capacityTree, free, hallTree, lowRank, highRank } = this;
    for (let rank = 1; rank <= last + 1; rank++) {
      capacityTree[rank] = hallTree[rank] = rank - 1;
      free[rank] = bounds[rank]! - bounds[rank - 1]!;
    }
    for (let k = 0; k < count; k++) {
      const place = this.byHigh[k]!;
      const from = lowRank[place]!;
      const to = highRank[place]!;
      let z = upward(capacityTree, from + 1);
      const below = capacityTree[z]!;
      if (--free[z]! === 0) {
        capacityTree[z] = z + 1;
        z = upward(capacityTree, z + 1);
        capacityTree[z] = below;
      }
      redirect(capacityTree, from + 1, z, z);
      const spare = bounds[z]! - bounds[to]!;
      if (free[z]! < spare) return false;
      if (hallTree[from]! > from) {
        const end = upward(hallTree, hallTree[from]!);
        if (!store.setMin(this.scope[place]!, boundValues[end]! - this.shifts[place]!)) return false;
        redirect(hallTree, from, end, end);
      }
      if (free[z] === spare) {
        redirect(hallTree, hallTree[to]!, below - 1, to);
        hallTree[to] = below - 1;
      }
    }
    return true;
  }

  private dropHighs(store: Store, count: number, last: number): boolean {
    const { bounds, boundValues, capacityTree, free, hallTree, lowRank, highRank } = this;
    for (let rank = 0; rank <= last; rank++) {
      capacityTree[rank] = hallTree[rank] = rank + 1;
      free[rank] = bounds[rank + 1]! - bounds[rank]!;
    }
    for (let k = count - 1; k >= 0; k--) {
      const place = this.byLow[k]!;
      const from = highRank[place]!;
      const to = lowRank[place]!;
      let z = downward(capacityTree, from - 1);
      const above = capacityTree[z]!;
      if (--free[z]! === 0) {
        capacityTree[z] = z - 1;
        z = downward(capacityTree, z - 1);
        capacityTree[z] = above;
      }
      redirect(capacityTree, from - 1, z, z);
      const spare = bounds[to]! - bounds[z]!;
      if (free[z]! < spare) return false;
      if (hallTree[from]! < from) {
        const end = downward(hallTree, hallTree[from]!);
        if (!store.setMax(this.scope[place]!, boundValues[end]! - 1 - this.shifts[place]!)) return false;
        redirect(hallTree, from, end, end);
      }
      if (free[z] === spare) {
        redirect(hallTree, hallTree[to]!, above + 1, to);
        hallTree[to] = above + 1;
      }
    }
    return true;
  }

  /**
   * A Hall interval a … b: as many variables as it has values lie in it, so that x, which is at least a, exceeds b. It fails where
   * one more lies in it.
   */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { scope, shifts } = this;
    const explained =
      consequence.kind === LiteralKind.atMost
        ? explainByHallInterval(
            scope,
            shifts.map((shift) => -shift),
            mirrored(consequence),
            new MirroredView(before),
            new MirroredPremises(premises),
          )
        : explainByHallInterval(scope, shifts, consequence, before, premises);
    if (!explained) allDomains(scope, premises);
  }

  holds(values: readonly number[]): boolean {
    return areAllDifferent(values.map((value, i) => value + this.shifts[i]!));
  }
}

/** Insertion sort: the order of the last run is nearly right. */
function sortBy(places: Int32Array, keys: Float64Array): void {
  for (let k = 1; k < places.length; k++) {
    const place = places[k]!;
    const key = keys[place]!;
    let at = k;
    while (at > 0 && keys[places[at - 1]!]! > key) {
      places[at] = places[at - 1]!;
      at--;
    }
    places[at] = place;
  }
}

/** Follows a tree to larger ranks, to its root. */
function upward(tree: Int32Array, rank: number): number {
  let at = rank;
  while (tree[at]! > at) at = tree[at]!;
  return at;
}

/** Follows a tree to smaller ranks, to its root. */
function downward(tree: Int32Array, rank: number): number {
  let at = rank;
  while (tree[at]! < at) at = tree[at]!;
  return at;
}

/** Path compression: every node on the way from `start` to `end` points to `target`. */
function redirect(tree: Int32Array, start: number, end: number, target: number): void {
  for (let at = start; at !== end; ) {
    const next = tree[at]!;
    tree[at] = target;
    at = next;
  }
}
