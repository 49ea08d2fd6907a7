import { isExact } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainPacking, type Packing } from "../explanation/packing.js";
import { allDomains } from "../explanation/premises.js";

/** Whether each bin's load is the total size of the items in it, and every item is in a bin. */
export function arePacked(bins: readonly number[], sizes: readonly number[], loads: readonly number[]): boolean {
  const totals = loads.map(() => 0);
  for (const [item, bin] of bins.entries()) {
    if (totals[bin] === undefined) return false;
    totals[bin] += sizes[item]!;
  }
  return totals.every((total, bin) => total === loads[bin]);
}

/**
 * loadᵦ = Σ sizeᵢ over the items i with binᵢ + shiftᵢ = b, where every item is in one of the bins 0 … m − 1.
 *
 * Consistency: bounds of each load by the items that must and that may be in its bin, and by the other loads, as all loads
 * together are the total size; an item leaves a bin that it would overfill, and enters one that cannot reach its smallest load
 * without it. Weaker than domain (which is NP-hard). Cost: O(n·m) a pass, until nothing changes.
 *
 * Source: the basic rules of Shaw, "A constraint for bin packing", CP 2004.
 */
export class BinPacking implements Propagator {
  readonly name = "bin packing";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.values;
  readonly scope: readonly number[];
  private readonly total: number;
  private readonly packing: Packing;

  /**
   * @param bins a variable for each item
   * @param shifts a constant added to each
   * @param sizes ≥ 0, one for each item; their sum is exact
   * @param loads a variable for each bin
   */
  constructor(
    private readonly bins: readonly number[],
    private readonly shifts: readonly number[],
    private readonly sizes: readonly number[],
    private readonly loads: readonly number[],
  ) {
    this.scope = [...bins, ...loads];
    this.total = sizes.reduce((total, size) => total + size, 0);
    this.packing = { items: bins, shifts, sizes, values: loads.map((_, bin) => bin), loads, isClosed: true };
  }

  propagate(store: Store): Outcome {
    const { bins, shifts, loads } = this;
    for (let i = 0; i < bins.length; i++) {
      const x = bins[i]!;
      if (!store.setMin(x, -shifts[i]!) || !store.setMax(x, loads.length - 1 - shifts[i]!)) return Outcome.failed;
    }
    for (;;) {
      const before = store.changes;
      for (let bin = 0; bin < loads.length; bin++) if (!this.fill(store, bin)) return Outcome.failed;
      if (!this.balance(store)) return Outcome.failed;
      if (store.changes === before) break;
    }
    for (const x of this.scope) if (!store.isFixed(x)) return Outcome.stable;
    return Outcome.entailed;
  }

  private fill(store: Store, bin: number): boolean {
    const { bins, shifts, sizes } = this;
    const load = this.loads[bin]!;
    let certain = 0;
    let possible = 0;
    for (let i = 0; i < bins.length; i++) {
      const x = bins[i]!;
      if (!store.has(x, bin - shifts[i]!)) continue;
      possible += sizes[i]!;
      if (store.isFixed(x)) certain += sizes[i]!;
    }
    if (!store.setMin(load, certain) || !store.setMax(load, possible)) return false;
    const least = store.min(load);
    const most = store.max(load);
    for (let i = 0; i < bins.length; i++) {
      const x = bins[i]!;
      const here = bin - shifts[i]!;
      if (store.isFixed(x) || !store.has(x, here)) continue;
      const size = sizes[i]!;
      if (certain + size > most) {
        if (!store.remove(x, here)) return false;
      } else if (possible - size < least && !store.assign(x, here)) {
        return false;
      }
    }
    return true;
  }

  /** All loads together are the total size. */
  private balance(store: Store): boolean {
    const { loads, total } = this;
    let least = 0;
    let most = 0;
    for (const load of loads) {
      least += store.min(load);
      most += store.max(load);
    }
    if (loads.length === 0) return this.bins.length === 0;
    // Loads are at most the total by now. Where their sum still leaves the exact range it bounds nothing.
    if (!isExact(least)) return false;
    if (!isExact(most)) most = Infinity;
    for (const load of loads) {
      const min = store.min(load);
      const max = store.max(load);
      if (!store.setMin(load, total - (most - max)) || !store.setMax(load, total - (least - min))) return false;
    }
    return true;
  }

  /** The items that are in a bin, or cannot be in it, and its load; or the other loads. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    if (!explainPacking(this.packing, consequence, before, premises)) allDomains(this.scope, premises);
  }

  holds(values: readonly number[]): boolean {
    const n = this.bins.length;
    return arePacked(
      values.slice(0, n).map((value, i) => value + this.shifts[i]!),
      this.sizes,
      values.slice(n),
    );
  }
}
