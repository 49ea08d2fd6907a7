import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains } from "../explanation/premises.js";

/** Whether left comes before right in lexicographic order, or, unless strict, equals it; both have the same length. */
export function isLexicographicallyBefore(left: readonly number[], right: readonly number[], strict: boolean): boolean {
  const i = left.findIndex((value, k) => value !== right[k]);
  return i < 0 ? !strict : left[i]! < right[i]!;
}

/**
 * (x₁, …, xₙ) ≤ (y₁, …, yₙ) in lexicographic order, or < if strict.
 *
 * The first place whose variables are not fixed and equal decides: there x ≤ y, and x < y unless the places after it can be in
 * order, which they can if they are with every x at its smallest and every y at its largest.
 *
 * Consistency: domain for distinct variables. Cost: O(n) a run, of which the leading equal places are left out in this subtree.
 *
 * Source: Frisch, Hnich, Kızıltan, Miguel, Walsh, "Global constraints for lexicographic orderings", CP 2002.
 */
export class Lexicographic implements Propagator {
  readonly name: string;
  readonly priority = Priority.linear;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];
  /** A reversible cell: how many leading places are fixed and equal. */
  private equalCell = -1;

  constructor(
    private readonly left: readonly number[],
    private readonly right: readonly number[],
    private readonly strict: boolean,
  ) {
    this.name = strict ? "lexicographically less" : "lexicographically at most";
    this.scope = [...left, ...right];
  }

  propagate(store: Store): Outcome {
    const { left, right } = this;
    if (this.equalCell < 0) this.equalCell = store.state.allocate(1, 0);
    const before = store.changes;
    const start = store.state.cells[this.equalCell]!;
    let i = start;
    for (; i < left.length; i++) {
      const x = left[i]!;
      const y = right[i]!;
      if (x === y) continue;
      if (!store.setMax(x, store.max(y)) || !store.setMin(y, store.min(x))) return Outcome.failed;
      if (!store.isFixed(x) || !store.isFixed(y) || store.min(x) !== store.min(y)) break;
    }
    if (i !== start) store.state.set(this.equalCell, i);
    if (i === left.length) return this.strict ? Outcome.failed : Outcome.entailed;
    const x = left[i]!;
    const y = right[i]!;
    if (store.max(x) < store.min(y)) return Outcome.entailed;
    if (!this.restCanFollow(store, i + 1)) {
      if (!store.setMax(x, store.max(y) - 1) || !store.setMin(y, store.min(x) + 1)) return Outcome.failed;
      if (store.max(x) < store.min(y)) return Outcome.entailed;
    }
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  /** Whether the places from `start` on can be in order. */
  private restCanFollow(store: Store, start: number): boolean {
    const { left, right } = this;
    for (let i = start; i < left.length; i++) {
      if (left[i] === right[i]) continue;
      const smallest = store.min(left[i]!);
      const largest = store.max(right[i]!);
      if (smallest !== largest) return smallest < largest;
    }
    return !this.strict;
  }

  /**
   * xᵢ ≤ v because yᵢ ≤ v and all places before have x ≥ y; xᵢ < v where also the places after cannot follow, as they have x ≥ y
   * up to one with x > y, or, if strict, to the end. The same for yᵢ ≥ v.
   */
  explain({ kind, variable, value }: Consequence, before: DomainView, premises: Premises): void {
    const { left, right } = this;
    for (let i = 0; i < left.length; i++) {
      const x = left[i]!;
      const y = right[i]!;
      const isSubject = kind === LiteralKind.atMost ? variable === x : kind === LiteralKind.atLeast && variable === y;
      if (isSubject && x !== y) {
        // How far the other side's bound reaches on its own, and with a rest that cannot follow.
        const reach = kind === LiteralKind.atMost ? value - before.max(y) : before.min(x) - value;
        const isStrict = reach === -1 && this.mustDescend(before, i + 1, left.length, true);
        if ((reach >= 0 || isStrict) && this.mustDescend(before, 0, i, false)) {
          this.writeDescent(before, premises, 0, i);
          if (isStrict) this.writeDescent(before, premises, i + 1, left.length);
          if (kind === LiteralKind.atMost) premises.atMost(y, isStrict ? value + 1 : value);
          else premises.atLeast(x, isStrict ? value - 1 : value);
          return;
        }
      }
    }
    if (kind === undefined && this.mustDescend(before, 0, left.length, true)) {
      this.writeDescent(before, premises, 0, left.length);
      return;
    }
    allDomains(this.scope, premises);
  }

  /** Whether x ≥ y at all places from `start` to `end`; if `violating`, to one with x > y or, if the order is strict, to the end. */
  private mustDescend(before: DomainView, start: number, end: number, violating: boolean): boolean {
    const { left, right } = this;
    for (let i = start; i < end; i++) {
      if (left[i] === right[i]) continue;
      const difference = before.min(left[i]!) - before.max(right[i]!);
      if (difference < 0) return false;
      if (difference > 0 && violating) return true;
    }
    return !violating || this.strict;
  }

  /** Writes x ≥ t ≥ y for all places from `start` to `end`, or to the first with x > t. */
  private writeDescent(before: DomainView, premises: Premises, start: number, end: number): void {
    const { left, right } = this;
    for (let i = start; i < end; i++) {
      const x = left[i]!;
      const y = right[i]!;
      if (x === y) continue;
      const most = before.max(y);
      premises.atMost(y, most);
      if (before.min(x) > most) {
        premises.atLeast(x, most + 1);
        return;
      }
      premises.atLeast(x, most);
    }
  }

  holds(values: readonly number[]): boolean {
    const n = this.left.length;
    return isLexicographicallyBefore(values.slice(0, n), values.slice(n), this.strict);
  }
}
