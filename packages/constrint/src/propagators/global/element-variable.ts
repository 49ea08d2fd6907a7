import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { allDomains, explainByValues, lacks } from "../explanation/premises.js";

/**
 * result = array[index + shift] for an array of variables, index + shift in 0 … n − 1.
 *
 * Consistency: bounds of the result, and of the array's variable once the index is fixed (then, where domains are explicit, all
 * values); an index is possible while its variable's bounds overlap with the result's. Cost: O(d) a run for the d values of the
 * index.
 */
export class ElementVariable implements Propagator {
  readonly name = "element of variables";
  readonly priority = Priority.linear;
  readonly wakes = Events.values;
  readonly scope: readonly number[];

  constructor(
    readonly index: number,
    private readonly shift: number,
    readonly array: readonly number[],
    readonly result: number,
  ) {
    this.scope = [index, result, ...array];
  }

  propagate(store: Store): Outcome {
    const { index, shift, array, result } = this;
    const before = store.changes;
    if (!store.setMin(index, -shift) || !store.setMax(index, array.length - 1 - shift)) return Outcome.failed;
    let smallest = Infinity;
    let largest = -Infinity;
    for (let i = store.min(index); i !== Infinity; i = store.next(index, i)) {
      const x = array[i + shift]!;
      if (store.min(x) > store.max(result) || store.max(x) < store.min(result)) {
        if (!store.remove(index, i)) return Outcome.failed;
        continue;
      }
      smallest = Math.min(smallest, store.min(x));
      largest = Math.max(largest, store.max(x));
    }
    if (!store.setMin(result, smallest) || !store.setMax(result, largest)) return Outcome.failed;
    if (store.isFixed(index)) {
      const x = array[store.min(index) + shift]!;
      if (!include(store, x, result) || !include(store, result, x)) return Outcome.failed;
      if (store.isFixed(x) && store.isFixed(result)) {
        return store.min(x) === store.min(result) ? Outcome.entailed : Outcome.failed;
      }
    }
    return store.changes === before ? Outcome.stable : Outcome.changed;
  }

  /**
   * Every index j is impossible, or the consequence holds for it: array[j] has it (or, where array[j] is the consequence's
   * variable, the result has it), or array[j] and the result are apart.
   */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    const { index, shift, array, result, scope } = this;
    const { kind, variable } = consequence;
    const isOfIndex = kind !== undefined && variable === index && index !== result && !array.includes(index);
    const isExplained = isOfIndex
      ? explainByValues(consequence, before, premises, (lost) => this.explainApart(lost + shift, before, premises))
      : array.every((x, j) => {
          if (!before.has(index, j - shift)) {
            lacks(index, [j - shift], before, premises);
            return true;
          }
          if (variable === result && copy(consequence, x, before, premises)) return true;
          if (variable === x && copy(consequence, result, before, premises)) return true;
          return this.explainApart(j, before, premises);
        });
    if (!isExplained) allDomains(scope, premises);
  }

  /** array[j] and the result have no value in common, by their bounds. */
  private explainApart(j: number, before: DomainView, premises: Premises): boolean {
    const { array, result } = this;
    const x = array[j];
    if (x === undefined) return true; // no index
    if (before.min(x) > before.max(result)) {
      premises.atMost(result, before.max(result));
      premises.atLeast(x, before.max(result) + 1);
      return true;
    }
    if (before.max(x) >= before.min(result)) return false;
    premises.atLeast(result, before.min(result));
    premises.atMost(x, before.min(result) - 1);
    return true;
  }

  holds([index, result, ...array]: readonly number[]): boolean {
    return array[index! + this.shift] === result;
  }
}

/** Leaves x only values of y, as far as its domain can say so. */
function include(store: Store, x: number, y: number): boolean {
  if (!store.setMin(x, store.min(y)) || !store.setMax(x, store.max(y))) return false;
  if (!store.isExplicit(x)) return true;
  for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) {
    if (!store.has(y, value) && !store.remove(x, value)) return false;
  }
  return true;
}

/** Writes that y has what the consequence says of another variable, if that is so. */
function copy({ kind, value }: Consequence, y: number, before: DomainView, premises: Premises): boolean {
  if (kind === LiteralKind.atLeast && before.min(y) >= value) premises.atLeast(y, value);
  else if (kind === LiteralKind.atMost && before.max(y) <= value) premises.atMost(y, value);
  else if (kind === LiteralKind.notEqual && !before.has(y, value)) lacks(y, [value], before, premises);
  else return false;
  return true;
}
