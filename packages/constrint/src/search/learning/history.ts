import type { DomainView } from "../../engine/explanation.js";
import type { Store } from "../../engine/store.js";

/** What an entry of the history narrowed. @internal */
export const Narrowing = {
  /** The smallest value grew. */
  min: 0,
  /** The largest value shrank. */
  max: 1,
  /** A value between them was removed. */
  hole: 2,
} as const;

export type Narrowing = (typeof Narrowing)[keyof typeof Narrowing];

/** The reason of an entry that nothing implied: a decision. @internal */
export const DECISION = -1;

const INITIAL_CAPACITY = 256;

/**
 * Every narrowing since the root level's fixpoint, in order, with the level at which it happened and its reason: what a conflict
 * is analysed with.
 *
 * Entries of one variable and kind form a chain from the newest to the oldest, so that the bounds at any moment can be found
 * again. What held when {@link settleRoot} was called is a fact of the problem and has no entry.
 *
 * @internal
 */
export class History {
  /** The number of entries. */
  length = 0;
  /** The depth of open levels. */
  level = 0;
  /** Per entry: the variable. */
  variables = new Int32Array(INITIAL_CAPACITY);
  /** Per entry: a {@link Narrowing}. */
  kinds = new Uint8Array(INITIAL_CAPACITY);
  /** Per entry: the bound before, or the removed value. */
  from = new Float64Array(INITIAL_CAPACITY);
  /** Per entry: the bound after. */
  to = new Float64Array(INITIAL_CAPACITY);
  /** Per entry: the bound that was asked for; the domain had no values between it and `to`. */
  requested = new Float64Array(INITIAL_CAPACITY);
  /** Per entry: 1 where the bound moved because its value was removed. */
  removals = new Uint8Array(INITIAL_CAPACITY);
  /** Per entry: a propagator ≥ 0, {@link DECISION}, or below it what the search made of it. */
  reasons = new Int32Array(INITIAL_CAPACITY);
  /** Per entry: the level. */
  levels = new Int32Array(INITIAL_CAPACITY);
  /** Per entry: the entry of the same variable and kind before it, or −1. */
  private previous = new Int32Array(INITIAL_CAPACITY);
  private readonly marks: number[] = [];
  private newestMin = new Int32Array(0);
  private newestMax = new Int32Array(0);
  private rootMin = new Float64Array(0);
  private rootMax = new Float64Array(0);
  /** For each explicit variable, by the index of the value in its table: the entry that removed it, or −1. */
  private holes: (Int32Array | undefined)[] = [];

  constructor(
    private readonly store: Store,
    private readonly valueIndex: (x: number, value: number) => number,
  ) {}

  /** Makes the present domains the facts that need no reason. Root level only. */
  settleRoot(): void {
    const { store } = this;
    const count = store.variableCount;
    if (this.newestMin.length !== count) {
      this.newestMin = new Int32Array(count);
      this.newestMax = new Int32Array(count);
      this.rootMin = new Float64Array(count);
      this.rootMax = new Float64Array(count);
      this.holes = Array.from({ length: count }, () => undefined);
    }
    for (let i = 0; i < this.length; i++) {
      if (this.kinds[i] === Narrowing.hole) this.setHole(i, -1);
    }
    this.length = 0;
    this.newestMin.fill(-1);
    this.newestMax.fill(-1);
    for (let x = 0; x < count; x++) {
      this.rootMin[x] = store.min(x);
      this.rootMax[x] = store.max(x);
    }
  }

  /** Opens a level. */
  push(): void {
    this.marks.push(this.length);
    this.level++;
  }

  /** Forgets the entries of the newest level. */
  pop(): void {
    const mark = this.marks.pop()!;
    for (let i = this.length - 1; i >= mark; i--) {
      if (this.kinds[i] === Narrowing.hole) this.setHole(i, -1);
      else this.unlinkBound(i);
    }
    this.length = mark;
    this.level--;
  }

  /** The first entry of a level ≥ 1, or the end where it is not open. */
  startOf(level: number): number {
    return this.marks[level - 1] ?? this.length;
  }

  /**
   * Takes a bound's newest entry out of its chain, so that walking it is shorter. The entry stays readable until its level is
   * closed, which is the next thing to do.
   */
  unlinkBound(i: number): void {
    const x = this.variables[i]!;
    if (this.kinds[i] === Narrowing.min) this.newestMin[x] = this.previous[i]!;
    else if (this.kinds[i] === Narrowing.max) this.newestMax[x] = this.previous[i]!;
  }

  // ----------------------------------------------------------------------------------------------------------- recording

  addMin(x: number, from: number, to: number, requested: number, removal: 0 | 1, reason: number): void {
    const i = this.add(x, Narrowing.min, reason);
    this.from[i] = from;
    this.to[i] = to;
    this.requested[i] = requested;
    this.removals[i] = removal;
    if (this.newestMin.length === 0) return;
    this.previous[i] = this.newestMin[x]!;
    this.newestMin[x] = i;
  }

  addMax(x: number, from: number, to: number, requested: number, removal: 0 | 1, reason: number): void {
    const i = this.add(x, Narrowing.max, reason);
    this.from[i] = from;
    this.to[i] = to;
    this.requested[i] = requested;
    this.removals[i] = removal;
    if (this.newestMin.length === 0) return;
    this.previous[i] = this.newestMax[x]!;
    this.newestMax[x] = i;
  }

  addHole(x: number, value: number, reason: number): void {
    const i = this.add(x, Narrowing.hole, reason);
    this.from[i] = value;
    if (this.newestMin.length === 0) return;
    this.setHole(i, i);
  }

  private add(x: number, kind: Narrowing, reason: number): number {
    if (this.length === this.variables.length) this.grow();
    const i = this.length++;
    this.variables[i] = x;
    this.kinds[i] = kind;
    this.reasons[i] = reason;
    this.levels[i] = this.level;
    return i;
  }

  private setHole(i: number, entry: number): void {
    const x = this.variables[i]!;
    const index = this.valueIndex(x, this.from[i]!);
    let holes = this.holes[x];
    if (holes === undefined) {
      holes = new Int32Array(32 * this.store.wordCount(x)).fill(-1);
      this.holes[x] = holes;
    }
    holes[index] = entry;
  }

  // ------------------------------------------------------------------------------------------------------------- reading

  /** The smallest value just before entry `time`. */
  minBefore(x: number, time: number): number {
    let i = this.newestMin[x]!;
    while (i >= time) i = this.previous[i]!;
    return i < 0 ? this.rootMin[x]! : this.to[i]!;
  }

  /** The largest value just before entry `time`. */
  maxBefore(x: number, time: number): number {
    let i = this.newestMax[x]!;
    while (i >= time) i = this.previous[i]!;
    return i < 0 ? this.rootMax[x]! : this.to[i]!;
  }

  /** The entry that made x ≥ value true, or −1 for a fact. It must be true. */
  entryOfMin(x: number, value: number): number {
    if (value <= this.rootMin[x]!) return -1;
    let i = this.newestMin[x]!;
    while (this.from[i]! >= value) i = this.previous[i]!;
    return i;
  }

  /** The entry that made x ≤ value true, or −1 for a fact. It must be true. */
  entryOfMax(x: number, value: number): number {
    if (value >= this.rootMax[x]!) return -1;
    let i = this.newestMax[x]!;
    while (this.from[i]! <= value) i = this.previous[i]!;
    return i;
  }

  /** The entry that removed a value between the bounds, −1 where none did: it is there, or was never. */
  entryOfHole(x: number, value: number): number {
    return this.holes[x] === undefined ? -1 : this.holeAt(x, this.valueIndex(x, value));
  }

  /** The same by the value's index in the variable's table. */
  holeAt(x: number, index: number): number {
    return this.holes[x]?.[index] ?? -1;
  }

  private grow(): void {
    const larger = <T extends Int32Array | Float64Array | Uint8Array>(array: T): T => {
      const copy = new (array.constructor as new (length: number) => T)(2 * array.length);
      copy.set(array);
      return copy;
    };
    this.variables = larger(this.variables);
    this.kinds = larger(this.kinds);
    this.from = larger(this.from);
    this.to = larger(this.to);
    this.requested = larger(this.requested);
    this.removals = larger(this.removals);
    this.reasons = larger(this.reasons);
    this.levels = larger(this.levels);
    this.previous = larger(this.previous);
  }
}

/** The domains just before an entry of the history. @internal */
export class PastView implements DomainView {
  /** The entry. */
  time = 0;

  constructor(
    private readonly history: History,
    private readonly store: RootValues,
  ) {}

  min(x: number): number {
    return this.history.minBefore(x, this.time);
  }

  max(x: number): number {
    return this.history.maxBefore(x, this.time);
  }

  isFixed(x: number): boolean {
    return this.min(x) === this.max(x);
  }

  has(x: number, value: number): boolean {
    if (value < this.min(x) || value > this.max(x)) return false;
    const hole = this.history.entryOfHole(x, value);
    if (hole >= 0) return hole >= this.time;
    return this.store.hasValueAtRoot(x, value);
  }
}

/** What was known of single values at the root level's fixpoint. @internal */
export interface RootValues {
  /** Whether the value, which lies within the root's bounds and has no entry in the history, is in the domain. */
  hasValueAtRoot(x: number, value: number): boolean;
}
