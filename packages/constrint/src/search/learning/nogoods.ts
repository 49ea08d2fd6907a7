import type { Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import type { Store } from "../../engine/store.js";
import { type History, Narrowing } from "./history.js";
import type { RecordingStore } from "./recording-store.js";

/** The reason of what follows from the best objective so far alone. @internal */
export const OBJECTIVE = -2;

/** The reason that nogood i is, and the nogood that a reason below {@link OBJECTIVE} is. */
const reasonOf = (nogood: number): number => -3 - nogood;
const nogoodOf = reasonOf;

/** A set of literals that are never all true, learned from a conflict. The first two are watched. */
interface Nogood {
  readonly kinds: Uint8Array;
  readonly variables: Int32Array;
  readonly values: Float64Array;
  /** In how many levels its literals lay when it was last used: the fewer, the more it is worth. */
  levelCount: number;
  activity: number;
  isDeleted: boolean;
}

/** The nogoods that watch literals of one kind about one variable, each with the literal's value. */
class Watches {
  readonly nogoods: number[] = [];
  readonly values: number[] = [];

  add(nogood: number, value: number): void {
    this.nogoods.push(nogood);
    this.values.push(value);
  }

  truncate(length: number): void {
    this.nogoods.length = length;
    this.values.length = length;
  }
}

/** For a variable: watches of its literals ≥, ≤, = and ≠, by {@link LiteralKind}. */
type VariableWatches = readonly [Watches, Watches, Watches, Watches];

const ACTIVITY_LIMIT = 1e20;
const ACTIVITY_DECAY = 0.999;

/**
 * The learned nogoods and their unit propagation with two watched literals each: when all literals but one are true, the last
 * one is made false.
 *
 * @internal
 */
export class Nogoods {
  /** The nogood that failed last, as a reason. */
  failed = 0;
  private readonly nogoods: Nogood[] = [];
  private readonly free: number[] = [];
  private readonly watches: (VariableWatches | undefined)[] = [];
  private readonly history: History;
  /** Entries of the history before this one have been propagated. */
  private cursor = 0;
  private activityStep = 1;
  private learnedCount = 0;

  constructor(private readonly store: RecordingStore) {
    this.history = store.history;
  }

  /** How many nogoods are kept. */
  get count(): number {
    return this.learnedCount;
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
   * Adds a nogood of at least two literals. The first literal is the one to be made false now, the second one the last of the
   * others to have become true.
   */
  add(kinds: Uint8Array, variables: Int32Array, values: Float64Array, levelCount: number): number {
    const nogood: Nogood = { kinds, variables, values, levelCount, activity: this.activityStep, isDeleted: false };
    const id = this.free.pop() ?? this.nogoods.length;
    this.nogoods[id] = nogood;
    this.learnedCount++;
    this.watch(id, nogood, 0);
    this.watch(id, nogood, 1);
    return id;
  }

  /** Propagates the history's new entries; false for a conflict, see {@link failed}. */
  propagate(): boolean {
    const { history } = this;
    while (this.cursor < history.length) {
      const i = this.cursor++;
      const watches = this.watches[history.variables[i]!];
      if (watches === undefined) continue;
      const kind = history.kinds[i]!;
      if (
        kind === Narrowing.min &&
        !this.visitWithin(watches[LiteralKind.atLeast], history.from[i]! + 1, history.to[i]!)
      )
        return false;
      if (
        kind === Narrowing.max &&
        !this.visitWithin(watches[LiteralKind.atMost], history.to[i]!, history.from[i]! - 1)
      )
        return false;
      if (!this.visit(watches[LiteralKind.notEqual]) || !this.visit(watches[LiteralKind.equal])) return false;
    }
    return true;
  }

  /** Makes the first literal false, all others being true; false for a conflict, see {@link failed}. */
  enforce(id: number): boolean {
    const { store } = this;
    const { kinds, variables, values } = this.nogoods[id]!;
    store.cause = reasonOf(id);
    const alive = falsify(store, kinds[0]! as LiteralKind, variables[0]!, values[0]!);
    store.cause = -1;
    if (!alive) this.failed = reasonOf(id);
    return alive;
  }

  /** Writes the literals of a nogood other than the first, which it made false. */
  explain(reason: number, premises: Premises): void {
    const nogood = this.nogoods[nogoodOf(reason)]!;
    this.bump(nogood);
    for (let i = 1; i < nogood.kinds.length; i++) this.write(nogood, i, premises);
  }

  /** Writes all literals of a nogood that failed. */
  explainFailure(reason: number, premises: Premises): void {
    const nogood = this.nogoods[nogoodOf(reason)]!;
    this.bump(nogood);
    for (let i = 0; i < nogood.kinds.length; i++) this.write(nogood, i, premises);
  }

  /** Older use counts less from now on. */
  decay(): void {
    this.activityStep /= ACTIVITY_DECAY;
    if (this.activityStep < ACTIVITY_LIMIT) return;
    for (const nogood of this.nogoods) nogood.activity /= ACTIVITY_LIMIT;
    this.activityStep /= ACTIVITY_LIMIT;
  }

  /** Forgets half of the nogoods, the least useful ones. Root level only, where none is a reason. */
  reduce(): void {
    const candidates: number[] = [];
    this.nogoods.forEach((nogood, id) => {
      if (!nogood.isDeleted && nogood.levelCount > 2) candidates.push(id);
    });
    candidates.sort((a, b) => this.nogoods[a]!.activity - this.nogoods[b]!.activity);
    for (const id of candidates.slice(0, candidates.length >> 1)) this.delete(id);
    this.sweep();
  }

  private delete(id: number): void {
    this.nogoods[id]!.isDeleted = true;
    this.learnedCount--;
    this.free.push(id);
  }

  private sweep(): void {
    for (const watches of this.watches) {
      if (watches === undefined) continue;
      for (const list of watches) {
        let kept = 0;
        for (let i = 0; i < list.nogoods.length; i++) {
          if (this.nogoods[list.nogoods[i]!]!.isDeleted) continue;
          list.nogoods[kept] = list.nogoods[i]!;
          list.values[kept] = list.values[i]!;
          kept++;
        }
        list.truncate(kept);
      }
    }
  }

  private bump(nogood: Nogood): void {
    nogood.activity += this.activityStep;
  }

  private watch(id: number, nogood: Nogood, at: 0 | 1): void {
    const x = nogood.variables[at]!;
    let watches = this.watches[x];
    if (watches === undefined) {
      watches = [new Watches(), new Watches(), new Watches(), new Watches()];
      this.watches[x] = watches;
    }
    watches[nogood.kinds[at]! as LiteralKind].add(id, nogood.values[at]!);
  }

  /** Visits the watches whose value lies in from … to, both inclusive. */
  private visitWithin(list: Watches, from: number, to: number): boolean {
    const { nogoods, values } = list;
    let kept = 0;
    const count = nogoods.length;
    let alive = true;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      const id = nogoods[i]!;
      if (alive && value >= from && value <= to) {
        const state = this.visitNogood(id, list, value);
        if (state === MOVED) continue;
        if (state === FAILED) alive = false;
      }
      nogoods[kept] = id;
      values[kept++] = value;
    }
    closeGap(list, kept, count);
    return alive;
  }

  private visit(list: Watches): boolean {
    return list.nogoods.length === 0 || this.visitWithin(list, -Infinity, Infinity);
  }

  /** A watched literal may have become true. */
  private visitNogood(id: number, list: Watches, value: number): typeof KEPT | typeof MOVED | typeof FAILED {
    const nogood = this.nogoods[id]!;
    const { kinds, variables, values } = nogood;
    const lists = this.watches;
    const isSecond = values[1] === value && lists[variables[1]!]![kinds[1]! as LiteralKind] === list;
    const mine = isSecond ? 1 : 0;
    const other = 1 - mine;
    if (!this.isTrue(kinds[mine]!, variables[mine]!, values[mine]!)) return KEPT;
    if (this.isFalse(kinds[other]!, variables[other]!, values[other]!)) return KEPT;
    for (let k = 2; k < kinds.length; k++) {
      if (this.isTrue(kinds[k]!, variables[k]!, values[k]!)) continue;
      this.swapLiterals(nogood, mine, k);
      this.watch(id, nogood, mine);
      return MOVED;
    }
    // The literal that is made false stands first, where an explanation leaves it out.
    if (other === 1) this.swapLiterals(nogood, 0, 1);
    return this.enforce(id) ? KEPT : FAILED;
  }

  private swapLiterals({ kinds, variables, values }: Nogood, i: number, j: number): void {
    const kind = kinds[i]!;
    kinds[i] = kinds[j]!;
    kinds[j] = kind;
    const variable = variables[i]!;
    variables[i] = variables[j]!;
    variables[j] = variable;
    const value = values[i]!;
    values[i] = values[j]!;
    values[j] = value;
  }

  private write({ kinds, variables, values }: Nogood, i: number, premises: Premises): void {
    const x = variables[i]!;
    const value = values[i]!;
    const kind = kinds[i]!;
    if (kind === LiteralKind.atLeast) premises.atLeast(x, value);
    else if (kind === LiteralKind.atMost) premises.atMost(x, value);
    else if (kind === LiteralKind.equal) premises.equal(x, value);
    else premises.notEqual(x, value);
  }

  private isTrue(kind: number, x: number, value: number): boolean {
    const { store } = this;
    if (kind === LiteralKind.atLeast) return store.min(x) >= value;
    if (kind === LiteralKind.atMost) return store.max(x) <= value;
    if (kind === LiteralKind.equal) return store.min(x) === value && store.max(x) === value;
    return !store.has(x, value);
  }

  private isFalse(kind: number, x: number, value: number): boolean {
    const { store } = this;
    if (kind === LiteralKind.atLeast) return store.max(x) < value;
    if (kind === LiteralKind.atMost) return store.min(x) > value;
    if (kind === LiteralKind.equal) return !store.has(x, value);
    return store.min(x) === value && store.max(x) === value;
  }
}

const KEPT = 0;
const MOVED = 1;
const FAILED = 2;

/** Makes a literal false. @internal */
export function falsify(store: Store, kind: LiteralKind, x: number, value: number): boolean {
  if (kind === LiteralKind.atLeast) return store.setMax(x, value - 1);
  if (kind === LiteralKind.atMost) return store.setMin(x, value + 1);
  return kind === LiteralKind.equal ? store.remove(x, value) : store.assign(x, value);
}

/** Takes out the places kept … count − 1, behind which watches may have been added meanwhile. */
function closeGap(list: Watches, kept: number, count: number): void {
  if (kept === count) return;
  let end = kept;
  for (let i = count; i < list.nogoods.length; i++) {
    list.nogoods[end] = list.nogoods[i]!;
    list.values[end++] = list.values[i]!;
  }
  list.truncate(end);
}
