import type { Ranges } from "../../domain/ranges.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";

/**
 * x ∈ [low₁, high₁] ∪ … ∪ [lowₖ, highₖ].
 *
 * Consistency: domain where the values are kept one by one, else bounds. Cost: O(k), and O(size of x) while a gap is open.
 */
export class Membership implements Propagator {
  readonly name = "membership";
  readonly priority = Priority.linear;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];

  /** @param ranges at least one */
  constructor(
    readonly variable: number,
    readonly ranges: Ranges,
  ) {
    this.scope = [variable];
  }

  propagate(store: Store): Outcome {
    const { variable, ranges } = this;
    // Holes of the domain may move a bound past a range.
    for (let min = Number.NaN; min !== store.min(variable); ) {
      min = store.min(variable);
      const range = this.firstFrom(min);
      if (range === ranges.length || !store.setMin(variable, ranges[range]![0])) return Outcome.failed;
    }
    for (let max = Number.NaN; max !== store.max(variable); ) {
      max = store.max(variable);
      const range = this.lastUntil(max);
      if (range < 0 || !store.setMax(variable, ranges[range]![1])) return Outcome.failed;
    }
    const first = this.firstFrom(store.min(variable));
    const last = this.lastUntil(store.max(variable));
    if (first === last) return Outcome.entailed;
    if (!store.isExplicit(variable)) return Outcome.stable;
    let range = first;
    for (let value = store.min(variable); value !== Infinity; value = store.next(variable, value)) {
      while (ranges[range]![1] < value) range++;
      if (value < ranges[range]![0] && !store.remove(variable, value)) return Outcome.failed;
    }
    return Outcome.entailed;
  }

  decide(store: Store): Outcome {
    const min = store.min(this.variable);
    const max = store.max(this.variable);
    const range = this.ranges[this.firstFrom(min)];
    if (range === undefined || range[0] > max) return Outcome.failed;
    if (range[0] <= min && max <= range[1]) return Outcome.entailed;
    if (!store.isExplicit(this.variable)) return Outcome.stable;
    let inside = 0;
    let outside = 0;
    for (let value = min; value !== Infinity; value = store.next(this.variable, value)) {
      if (this.contains(value)) inside++;
      else outside++;
      if (inside > 0 && outside > 0) return Outcome.stable;
    }
    return inside > 0 ? Outcome.entailed : Outcome.failed;
  }

  /** The first range that does not end below the value; the number of ranges if there is none. */
  private firstFrom(value: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle]![1] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last range that does not begin above the value, or −1. */
  private lastUntil(value: number): number {
    const range = this.firstFrom(value);
    return range < this.ranges.length && this.ranges[range]![0] <= value ? range : range - 1;
  }

  private contains(value: number): boolean {
    const range = this.ranges[this.firstFrom(value)];
    return range !== undefined && range[0] <= value;
  }

  holds([value]: readonly number[]): boolean {
    return this.contains(value!);
  }

  /** The value lies in a gap, and with the gap's beginning a lower bound goes on to its end. */
  explain({ kind, value }: Consequence, before: DomainView, premises: Premises): void {
    const { variable, ranges } = this;
    if (kind === undefined) {
      const next = this.firstFrom(before.min(variable));
      if (next < ranges.length && before.max(variable) >= ranges[next]![0]) {
        premises.domain(variable); // each value is in a gap, but not all in the same one
        return;
      }
      if (next > 0) premises.atLeast(variable, ranges[next - 1]![1] + 1);
      if (next < ranges.length) premises.atMost(variable, ranges[next]![0] - 1);
    } else if (kind === LiteralKind.atLeast) {
      const next = this.firstFrom(value - 1);
      if (next > 0) premises.atLeast(variable, ranges[next - 1]![1] + 1);
    } else if (kind === LiteralKind.atMost) {
      const next = this.lastUntil(value + 1) + 1;
      if (next < ranges.length) premises.atMost(variable, ranges[next]![0] - 1);
    }
  }
}
