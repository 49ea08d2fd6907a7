import type { Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import type { Store } from "../../engine/store.js";
import { type History, Narrowing } from "./history.js";
import type { RecordingStore } from "./recording-store.js";
import { Watches } from "./watches.js";

/** The reason of what follows from the best objective so far alone. @internal */
export const OBJECTIVE = -2;

/** The reason that nogood i is, and the nogood that a reason below {@link OBJECTIVE} is. */
const reasonOf = (nogood: number): number => -3 - nogood;
const nogoodOf = reasonOf;

/** A literal about a variable without its value: four kinds a variable, so that the kind is the last two bits. */
const codeOf = (kind: LiteralKind, variable: number): number => 4 * variable + kind;
const kindOf = (code: number): LiteralKind => (code & 3) as LiteralKind;
const variableOf = (code: number): number => code >> 2;

/** The level count of a nogood that is never forgotten. @internal */
export const PERMANENT = 0;
/** Nogoods over at most this many levels are never forgotten either: they propagate soonest. */
const KEPT_LEVEL_COUNT = 2;
const ACTIVITY_LIMIT = 1e20;
const ACTIVITY_DECAY = 0.999;

/**
 * The learned nogoods, sets of literals that are never all true, and their unit propagation with two watched literals each: when
 * all literals but one are true, the last one is made false.
 *
 * All literals lie in one array, a nogood's one after the other; the first two of each are watched.
 *
 * @internal
 */
export class Nogoods {
  /** The nogood that failed last, as a reason. */
  failed = 0;
  /** How many there are. */
  count = 0;
  private codes = new Int32Array(1024);
  private values = new Float64Array(1024);
  /** Per nogood: its first literal, and behind the last one the end of all. */
  private starts = new Int32Array(256);
  /** Per nogood: in how many levels its literals lay when it was learned. */
  private levelCounts = new Int32Array(256);
  private activities = new Float64Array(256);
  private readonly watches: (Watches | undefined)[] = [];
  private readonly history: History;
  /** Entries of the history before this one have been propagated. */
  private cursor = 0;
  private activityStep = 1;

  constructor(private readonly store: RecordingStore) {
    this.history = store.history;
  }

  /** The history may have become shorter. */
  rewind(): void {
    this.cursor = Math.min(this.cursor, this.history.length);
  }

  /** Whether the history has entries that have not been propagated. */
  isBehind(): boolean {
    return this.cursor < this.history.length;
  }

  /**
   * Adds a nogood of at least two literals and returns its number. The first literal is the one to be made false now, the second
   * one the last of the others to have become true.
   */
  add(
    literals: readonly { readonly kind: LiteralKind; readonly variable: number; readonly value: number }[],
    levelCount: number,
  ): number {
    const id = this.count++;
    const start = this.starts[id]!;
    this.reserve(start + literals.length);
    literals.forEach(({ kind, variable, value }, i) => {
      this.codes[start + i] = codeOf(kind, variable);
      this.values[start + i] = value;
    });
    this.starts[id + 1] = start + literals.length;
    this.levelCounts[id] = levelCount;
    this.activities[id] = this.activityStep;
    this.watch(id, start);
    this.watch(id, start + 1);
    return id;
  }

  /** Propagates the history's new entries; false for a conflict, see {@link failed}. */
  propagate(): boolean {
    const { history, watches } = this;
    while (this.cursor < history.length) {
      const i = this.cursor++;
      const first = 4 * history.variables[i]!;
      const kind = history.kinds[i]!;
      if (kind === Narrowing.min) {
        const code = first + LiteralKind.atLeast;
        const list = watches[code];
        if (list !== undefined && !this.visit(list, code, history.from[i]! + 1, history.to[i]!)) return false;
      } else if (kind === Narrowing.max) {
        const code = first + LiteralKind.atMost;
        const list = watches[code];
        if (list !== undefined && !this.visit(list, code, history.to[i]!, history.from[i]! - 1)) return false;
      }
      if (!this.visitAll(first + LiteralKind.equal) || !this.visitAll(first + LiteralKind.notEqual)) return false;
    }
    return true;
  }

  /** Makes the first literal false, all others being true; false for a conflict, see {@link failed}. */
  enforce(id: number): boolean {
    const { store } = this;
    const start = this.starts[id]!;
    const code = this.codes[start]!;
    store.cause = reasonOf(id);
    const alive = falsify(store, kindOf(code), variableOf(code), this.values[start]!);
    store.cause = -1;
    if (!alive) this.failed = reasonOf(id);
    return alive;
  }

  /** Writes the literals of a nogood other than the first, which it made false. */
  explain(reason: number, premises: Premises): void {
    this.write(nogoodOf(reason), 1, premises);
  }

  /** Writes all literals of a nogood that failed. */
  explainFailure(reason: number, premises: Premises): void {
    this.write(nogoodOf(reason), 0, premises);
  }

  /** Older use counts less from now on. */
  decay(): void {
    this.activityStep /= ACTIVITY_DECAY;
    if (this.activityStep < ACTIVITY_LIMIT) return;
    for (let id = 0; id < this.count; id++) this.activities[id]! /= ACTIVITY_LIMIT;
    this.activityStep /= ACTIVITY_LIMIT;
  }

  /** Forgets half of the nogoods, the least used ones. Root level only, where none is a reason. */
  reduce(): void {
    const { starts, levelCounts, activities, codes, values } = this;
    const candidates: number[] = [];
    for (let id = 0; id < this.count; id++) if (levelCounts[id]! > KEPT_LEVEL_COUNT) candidates.push(id);
    candidates.sort((a, b) => activities[a]! - activities[b]!);
    const forgotten = new Set(candidates.slice(0, candidates.length >> 1));
    let kept = 0;
    let end = 0;
    for (let id = 0; id < this.count; id++) {
      if (forgotten.has(id)) continue;
      const start = starts[id]!;
      const length = starts[id + 1]! - start;
      codes.copyWithin(end, start, start + length);
      values.copyWithin(end, start, start + length);
      levelCounts[kept] = levelCounts[id]!;
      activities[kept] = activities[id]!;
      starts[kept++] = end;
      end += length;
    }
    starts[kept] = end;
    this.count = kept;
    for (const list of this.watches) list?.clear();
    for (let id = 0; id < kept; id++) {
      this.watch(id, starts[id]!);
      this.watch(id, starts[id]! + 1);
    }
  }

  private watch(id: number, at: number): void {
    const code = this.codes[at]!;
    this.watches[code] ??= new Watches();
    this.watches[code].add(id, this.values[at]!);
  }

  private visitAll(code: number): boolean {
    const list = this.watches[code];
    return list === undefined || list.length === 0 || this.visit(list, code, -Infinity, Infinity);
  }

  /** Visits the watches of a list whose value lies in from … to, both inclusive. */
  private visit(list: Watches, code: number, from: number, to: number): boolean {
    const { nogoods, values } = list;
    const count = list.length;
    let kept = 0;
    let alive = true;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      const id = nogoods[i]!;
      if (alive && value >= from && value <= to) {
        const visit = this.visitNogood(id, code, value);
        if (visit === Visit.moved) continue;
        if (visit === Visit.failed) alive = false;
      }
      // `add` may have replaced the arrays, but only behind `count`.
      list.nogoods[kept] = id;
      list.values[kept++] = value;
    }
    list.closeGap(kept, count);
    return alive;
  }

  /** A watched literal may have become true. */
  private visitNogood(id: number, code: number, value: number): Visit {
    const { codes, values } = this;
    const start = this.starts[id]!;
    const mine = codes[start + 1] === code && values[start + 1] === value ? start + 1 : start;
    const other = start + start + 1 - mine;
    if (!this.isTrue(code, value) || this.isFalse(codes[other]!, values[other]!)) return Visit.kept;
    const end = this.starts[id + 1]!;
    for (let k = start + 2; k < end; k++) {
      if (this.isTrue(codes[k]!, values[k]!)) continue;
      this.swap(mine, k);
      this.watch(id, mine);
      return Visit.moved;
    }
    // The literal that is made false stands first, where an explanation leaves it out.
    if (other !== start) this.swap(start, other);
    return this.enforce(id) ? Visit.kept : Visit.failed;
  }

  private isTrue(code: number, value: number): boolean {
    const { store } = this;
    const x = variableOf(code);
    const kind = kindOf(code);
    if (kind === LiteralKind.atLeast) return store.min(x) >= value;
    if (kind === LiteralKind.atMost) return store.max(x) <= value;
    if (kind === LiteralKind.equal) return store.min(x) === value && store.max(x) === value;
    return !store.has(x, value);
  }

  private isFalse(code: number, value: number): boolean {
    const { store } = this;
    const x = variableOf(code);
    const kind = kindOf(code);
    if (kind === LiteralKind.atLeast) return store.max(x) < value;
    if (kind === LiteralKind.atMost) return store.min(x) > value;
    if (kind === LiteralKind.equal) return !store.has(x, value);
    return store.min(x) === value && store.max(x) === value;
  }

  private swap(i: number, j: number): void {
    const { codes, values } = this;
    const code = codes[i]!;
    codes[i] = codes[j]!;
    codes[j] = code;
    const value = values[i]!;
    values[i] = values[j]!;
    values[j] = value;
  }

  private write(id: number, from: number, premises: Premises): void {
    this.activities[id]! += this.activityStep;
    const end = this.starts[id + 1]!;
    for (let k = this.starts[id]! + from; k < end; k++) {
      const code = this.codes[k]!;
      const x = variableOf(code);
      const value = this.values[k]!;
      const kind = kindOf(code);
      if (kind === LiteralKind.atLeast) premises.atLeast(x, value);
      else if (kind === LiteralKind.atMost) premises.atMost(x, value);
      else if (kind === LiteralKind.equal) premises.equal(x, value);
      else premises.notEqual(x, value);
    }
  }

  private reserve(literalCount: number): void {
    if (literalCount > this.codes.length) {
      const length = Math.max(literalCount, 2 * this.codes.length);
      this.codes = copyOf(this.codes, new Int32Array(length));
      this.values = copyOf(this.values, new Float64Array(length));
    }
    if (this.count + 1 > this.starts.length - 1) {
      const length = 2 * this.starts.length;
      this.starts = copyOf(this.starts, new Int32Array(length));
      this.levelCounts = copyOf(this.levelCounts, new Int32Array(length));
      this.activities = copyOf(this.activities, new Float64Array(length));
    }
  }
}

/** How the visit of a watched nogood ended. */
const Visit = {
  /** It stays where it is. */
  kept: 0,
  /** It watches another literal now. */
  moved: 1,
  /** All its literals are true. */
  failed: 2,
} as const;

type Visit = (typeof Visit)[keyof typeof Visit];

/** Makes a literal false. @internal */
export function falsify(store: Store, kind: LiteralKind, x: number, value: number): boolean {
  if (kind === LiteralKind.atLeast) return store.setMax(x, value - 1);
  if (kind === LiteralKind.atMost) return store.setMin(x, value + 1);
  return kind === LiteralKind.equal ? store.remove(x, value) : store.assign(x, value);
}

function copyOf<T extends Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
