import { modulo } from "../../domain/integers.js";
import { LiteralKind } from "../../engine/literal.js";
import { Store } from "../../engine/store.js";
import { History, PastView, type RootValues } from "./history.js";

/**
 * A store that writes every narrowing and its reason into a {@link History}, and that notes the literal that could not be made
 * true.
 *
 * Congruences of variables whose values are not kept one by one are fixed from the root level's fixpoint on: no literal can
 * state them, and bounds alone are sound.
 *
 * @internal
 */
export class RecordingStore extends Store implements RootValues {
  readonly history: History = new History(this, (x, value) => this.indexOf(x, value));
  /** The literal that failed last: its kind, … */
  failedKind: LiteralKind = LiteralKind.equal;
  /** … its variable, or −1 when none failed since {@link clearFailure}, … */
  failedVariable = -1;
  /** … its value, … */
  failedValue = 0;
  /** … and the level at which it failed: a propagator that speculates on a level of its own fails there, too. */
  failedLevel = 0;

  /** A view of the domains at an earlier time. */
  pastView(): PastView {
    return new PastView(this.history, this);
  }

  clearFailure(): void {
    this.failedVariable = -1;
  }

  override setMin(x: number, bound: number): boolean {
    return bound <= this.min(x) || this.raise(x, bound, 0) || this.fail(LiteralKind.atLeast, x, bound);
  }

  override setMax(x: number, bound: number): boolean {
    return bound >= this.max(x) || this.lower(x, bound, 0) || this.fail(LiteralKind.atMost, x, bound);
  }

  override assign(x: number, value: number): boolean {
    const min = this.min(x);
    const max = this.max(x);
    if (min === max && min === value) return true;
    if (!super.assign(x, value)) return this.fail(LiteralKind.equal, x, value);
    if (value !== min) this.history.addMin(x, min, value, value, 0, this.cause);
    if (value !== max) this.history.addMax(x, max, value, value, 0, this.cause);
    return true;
  }

  override remove(x: number, value: number): boolean {
    const min = this.min(x);
    const max = this.max(x);
    if (value < min || value > max) return true;
    if (min === max) return this.fail(LiteralKind.notEqual, x, value);
    if (value === min) return this.raise(x, value + 1, 1) || this.fail(LiteralKind.notEqual, x, value);
    if (value === max) return this.lower(x, value - 1, 1) || this.fail(LiteralKind.notEqual, x, value);
    const before = this.changes;
    super.remove(x, value);
    if (this.changes !== before) this.history.addHole(x, value, this.cause);
    return true;
  }

  override setCongruence(x: number, stride: number, offset: number): boolean {
    if (this.level > 0 && !this.isExplicit(x) && !this.isFixed(x)) return true;
    return super.setCongruence(x, stride, offset);
  }

  override keepValuesOf(x: number, set: Int32Array, at: number): boolean {
    for (let value = this.min(x); value !== Infinity; value = this.next(x, value)) {
      const index = this.indexAtLeast(x, value);
      if ((set[at + (index >> 5)]! & (1 << (index & 31))) === 0 && !this.remove(x, value)) return false;
    }
    return true;
  }

  override push(): void {
    super.push();
    this.history.push();
  }

  override pop(): void {
    super.pop();
    this.history.pop();
  }

  hasValueAtRoot(x: number, value: number): boolean {
    return this.isExplicit(x) ? this.hasBit(x, value) : this.isAligned(x, value);
  }

  /** Visits the values from `low` to `high` that have an entry in the history as removed between the bounds. */
  forEachHole(x: number, low: number, high: number, visit: (value: number) => void): void {
    const table = this.tables[x]!;
    for (let i = this.indexAtLeast(x, low); i < table.length && table[i]! <= high; i++) {
      if (this.history.holeAt(x, i) >= 0) visit(table[i]!);
    }
  }

  /** The index of an explicit variable's value in its table, or −1. */
  private indexOf(x: number, value: number): number {
    const index = this.indexAtLeast(x, value);
    return this.tables[x]![index] === value ? index : -1;
  }

  private hasBit(x: number, value: number): boolean {
    const index = this.indexOf(x, value);
    return index >= 0 && (this.words.cells[this.firstWords[x]! + (index >> 5)]! & (1 << (index & 31))) !== 0;
  }

  private isAligned(x: number, value: number): boolean {
    return modulo(value - this.offset(x), this.stride(x)) === 0;
  }

  private raise(x: number, bound: number, removal: 0 | 1): boolean {
    const before = this.min(x);
    if (!super.setMin(x, bound)) return false;
    this.history.addMin(x, before, this.min(x), bound, removal, this.cause);
    return true;
  }

  private lower(x: number, bound: number, removal: 0 | 1): boolean {
    const before = this.max(x);
    if (!super.setMax(x, bound)) return false;
    this.history.addMax(x, before, this.max(x), bound, removal, this.cause);
    return true;
  }

  private fail(kind: LiteralKind, x: number, value: number): false {
    this.failedKind = kind;
    this.failedVariable = x;
    this.failedValue = value;
    this.failedLevel = this.level;
    return false;
  }
}
