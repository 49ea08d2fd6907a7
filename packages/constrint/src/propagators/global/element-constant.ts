import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains } from "../explanation/premises.js";
import { explainByRows } from "../explanation/rows.js";
import { ValueIndex } from "./value-index.js";

/**
 * result = array[index + shift] for fixed numbers, index + shift in 0 … n − 1.
 *
 * Consistency: domain where both domains are explicit; of one that is not, the bounds. Cost: O(d) a run for the d values of the
 * index and the result.
 */
export class ElementConstant implements Propagator {
  readonly name = "element";
  readonly priority = Priority.quadratic;
  readonly wakes = Events.values;
  readonly scope: readonly number[];
  private readonly distinct: ValueIndex;
  /** For each distinct number, the last run in which an index led to it. */
  private readonly seen: Float64Array;
  private run = 0;
  /** The constraint as a table, for explanations. */
  private rows: readonly (readonly number[])[] | undefined;

  constructor(
    readonly index: number,
    private readonly shift: number,
    readonly array: readonly number[],
    readonly result: number,
  ) {
    this.scope = [index, result];
    this.distinct = ValueIndex.from(array);
    this.seen = new Float64Array(this.distinct.count);
  }

  propagate(store: Store): Outcome {
    const { index, shift, array, result, distinct, seen } = this;
    const before = store.changes;
    if (!store.setMin(index, -shift) || !store.setMax(index, array.length - 1 - shift)) return Outcome.failed;
    if (store.level === 0 && !store.isExplicit(result) && !store.restrictTo(result, distinct.values))
      return Outcome.failed;
    const run = ++this.run;
    let smallest = Infinity;
    let largest = -Infinity;
    for (let i = store.min(index); i !== Infinity; i = store.next(index, i)) {
      const value = array[i + shift]!;
      if (!store.has(result, value)) {
        if (!store.remove(index, i)) return Outcome.failed;
        continue;
      }
      seen[distinct.of(value)] = run;
      if (value < smallest) smallest = value;
      if (value > largest) largest = value;
    }
    if (!store.setMin(result, smallest) || !store.setMax(result, largest)) return Outcome.failed;
    if (store.isExplicit(result)) {
      for (let value = store.min(result); value !== Infinity; value = store.next(result, value)) {
        if (seen[distinct.of(value)] !== run && !store.remove(result, value)) return Outcome.failed;
      }
    }
    if (store.isFixed(index) && store.isFixed(result)) {
      return array[store.min(index) + shift] === store.min(result) ? Outcome.entailed : Outcome.failed;
    }
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  /** Of every index that would violate the consequence, either the index or its number is impossible. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    this.rows ??= this.array.map((value, i) => [i - this.shift, value]);
    if (!explainByRows(this.scope, this.rows, consequence, before, premises)) allDomains(this.scope, premises);
  }

  holds([index, result]: readonly number[]): boolean {
    return this.array[index! + this.shift] === result;
  }
}
