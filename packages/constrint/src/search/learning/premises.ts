import type { Premises } from "../../engine/explanation.js";
import type { History } from "./history.js";
import type { RecordingStore } from "./recording-store.js";

const INITIAL_CAPACITY = 256;

/**
 * Premises as entries of the history: for each, the entry that made it true and the bound that is needed of that entry. Premises
 * that were facts at the root level are left out.
 *
 * A stack, so that explanations can be looked at within others: whoever reads from a length on sets the length back.
 *
 * @internal
 */
export class PremiseStack implements Premises {
  length = 0;
  entries = new Int32Array(INITIAL_CAPACITY);
  /** For an entry that moved a bound: the bound that is needed. */
  needed = new Float64Array(INITIAL_CAPACITY);
  /** The moment before which the premises were true. */
  time = 0;
  private readonly history: History;
  private readonly addHole = (value: number): void => this.notEqual(this.variable, value);
  private variable = 0;

  constructor(private readonly store: RecordingStore) {
    this.history = store.history;
  }

  atLeast(x: number, value: number): void {
    const entry = this.history.entryOfMin(x, value);
    if (entry >= 0) this.push(entry, value);
  }

  atMost(x: number, value: number): void {
    const entry = this.history.entryOfMax(x, value);
    if (entry >= 0) this.push(entry, value);
  }

  equal(x: number, value: number): void {
    this.atLeast(x, value);
    this.atMost(x, value);
  }

  /** A value is missing because a bound passed it or because it was removed: whichever happened first. */
  notEqual(x: number, value: number): void {
    const { history, time } = this;
    const hole = history.entryOfHole(x, value);
    const isHole = hole >= 0 && hole < time;
    if (history.minBefore(x, time) > value) {
      const entry = history.entryOfMin(x, value + 1);
      if (isHole && hole < entry) this.push(hole, value);
      else if (entry >= 0) this.push(entry, value + 1);
    } else if (history.maxBefore(x, time) < value) {
      const entry = history.entryOfMax(x, value - 1);
      if (isHole && hole < entry) this.push(hole, value);
      else if (entry >= 0) this.push(entry, value - 1);
    } else if (isHole) this.push(hole, value);
  }

  domain(x: number): void {
    const min = this.history.minBefore(x, this.time);
    const max = this.history.maxBefore(x, this.time);
    this.atLeast(x, min);
    this.atMost(x, max);
    this.missing(x, min, max);
  }

  /** Every value from `low` to `high`, within the bounds, that was removed. */
  missing(x: number, low: number, high: number): void {
    if (!this.store.isExplicit(x)) return;
    const outer = this.variable;
    this.variable = x;
    this.store.forEachHole(x, low, high, this.addHole);
    this.variable = outer;
  }

  private push(entry: number, needed: number): void {
    if (this.length === this.entries.length) {
      const entries = new Int32Array(2 * this.length);
      entries.set(this.entries);
      this.entries = entries;
      const values = new Float64Array(2 * this.length);
      values.set(this.needed);
      this.needed = values;
    }
    this.entries[this.length] = entry;
    this.needed[this.length] = needed;
    this.length++;
  }
}
