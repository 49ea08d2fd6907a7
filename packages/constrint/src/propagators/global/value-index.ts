import type { Store } from "../../engine/store.js";

/**
 * The distinct values of some variables, numbered 0, 1, … in ascending order.
 *
 * @internal
 */
export class ValueIndex {
  /** Value number i. */
  readonly values: Float64Array;
  /** Whether the values are consecutive integers. */
  readonly isDense: boolean;

  private constructor(ascending: Float64Array) {
    this.values = ascending;
    const { length } = ascending;
    this.isDense = length > 0 && ascending[length - 1]! - ascending[0]! === length - 1;
  }

  /** @param values in any order, with repetitions */
  static from(values: Iterable<number>): ValueIndex {
    return new ValueIndex(Float64Array.from(new Set(values)).sort());
  }

  /** All integers from low to high; none where low > high. */
  static range(low: number, high: number): ValueIndex {
    const values = new Float64Array(Math.max(high - low + 1, 0));
    for (let i = 0; i < values.length; i++) values[i] = low + i;
    return new ValueIndex(values);
  }

  get count(): number {
    return this.values.length;
  }

  /** The number of a value, or −1. */
  of(value: number): number {
    const { values } = this;
    if (this.isDense) {
      const index = value - values[0]!;
      return index >= 0 && index < values.length ? index : -1;
    }
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return values[low] === value ? low : -1;
  }
}

/** The values of a variable that a store has now, shifted by a constant. @internal */
export function* currentValues(store: Store, x: number, shift: number): Generator<number> {
  for (let value = store.min(x); value !== Infinity; value = store.next(x, value)) yield value + shift;
}
