import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainPacking, type Packing } from "../explanation/packing.js";
import { allDomains } from "../explanation/premises.js";

/** Whether each value occurs as often as its count says. */
export function areCounts(items: readonly number[], values: readonly number[], counts: readonly number[]): boolean {
  return values.every((value, k) => items.filter((item) => item === value).length === counts[k]);
}

/**
 * For each k, countₖ of the items (variable + shift) equal valueₖ.
 *
 * Consistency: bounds of each count by the items that must and that may have its value, and by the other counts, whose sum is
 * the number of items that have a counted value; an item loses or gets a value whose count is exhausted or needs all. Weaker than
 * domain over all values together. Cost: O(n·k) a pass, until nothing changes.
 */
export class GlobalCardinality implements Propagator {
  readonly name = "global cardinality";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.values;
  readonly scope: readonly number[];
  /** The counts as the loads of bins with items of size 1. */
  private readonly packing: Packing;

  /**
   * @param items variables
   * @param shifts a constant added to each
   * @param values distinct numbers
   * @param counts a variable for each value
   */
  constructor(
    private readonly items: readonly number[],
    private readonly shifts: readonly number[],
    private readonly values: readonly number[],
    private readonly counts: readonly number[],
  ) {
    this.scope = [...items, ...counts];
    this.packing = { items, shifts, sizes: items.map(() => 1), values, loads: counts, isClosed: false };
  }

  propagate(store: Store): Outcome {
    const { values } = this;
    for (;;) {
      const before = store.changes;
      for (let k = 0; k < values.length; k++) if (!this.countValue(store, k)) return Outcome.failed;
      if (!this.balance(store)) return Outcome.failed;
      if (store.changes === before) break;
    }
    for (const x of this.scope) if (!store.isFixed(x)) return Outcome.stable;
    return Outcome.entailed;
  }

  private countValue(store: Store, k: number): boolean {
    const { items, shifts } = this;
    const value = this.values[k]!;
    const count = this.counts[k]!;
    let certain = 0;
    let possible = 0;
    for (let i = 0; i < items.length; i++) {
      const x = items[i]!;
      if (!store.has(x, value - shifts[i]!)) continue;
      possible++;
      if (store.isFixed(x)) certain++;
    }
    if (!store.setMin(count, certain) || !store.setMax(count, possible)) return false;
    if (certain === possible) return true;
    const exhausted = store.max(count) === certain;
    const needsAll = store.min(count) === possible;
    if (!exhausted && !needsAll) return true;
    for (let i = 0; i < items.length; i++) {
      const x = items[i]!;
      const wanted = value - shifts[i]!;
      if (store.isFixed(x) || !store.has(x, wanted)) continue;
      if (!(needsAll ? store.assign(x, wanted) : store.remove(x, wanted))) return false;
    }
    return true;
  }

  /** The counts' sum lies between the numbers of items that must and that may have a counted value. */
  private balance(store: Store): boolean {
    const { items, counts } = this;
    let certain = 0;
    let possible = 0;
    for (let i = 0; i < items.length; i++) {
      const covered = this.coveredValues(store, i);
      if (covered > 0) possible++;
      if (covered === store.size(items[i]!)) certain++;
    }
    let least = 0;
    let most = 0;
    for (const count of counts) {
      least += store.min(count);
      most += store.max(count);
    }
    for (const count of counts) {
      const min = store.min(count);
      const max = store.max(count);
      if (!store.setMin(count, certain - (most - max)) || !store.setMax(count, possible - (least - min))) return false;
    }
    return true;
  }

  /** How many values of an item are counted. */
  private coveredValues(store: Store, i: number): number {
    let covered = 0;
    for (const value of this.values) if (store.has(this.items[i]!, value - this.shifts[i]!)) covered++;
    return covered;
  }

  /** The items that have a value, or cannot have it, and its count; or the other counts. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    if (!explainPacking(this.packing, consequence, before, premises)) allDomains(this.scope, premises);
  }

  holds(assigned: readonly number[]): boolean {
    const n = this.items.length;
    const items = assigned.slice(0, n).map((value, i) => value + this.shifts[i]!);
    return areCounts(items, this.values, assigned.slice(n));
  }
}
