import { isExact, lowerBound, MAX_INTEGER } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainByDomains } from "../arithmetic/root-bounds.js";
import { CumulativeExplanation } from "./cumulative-explanation.js";

/**
 * Whether tasks fit on a resource: no duration or demand or capacity is negative, every end start + duration is exact, and at no
 * time do the demands of the tasks under way exceed the capacity.
 */
export function fitsCapacity(
  starts: readonly number[],
  durations: readonly number[],
  demands: readonly number[],
  capacity: number,
): boolean {
  if (capacity < 0 || durations.some((d) => d < 0) || demands.some((r) => r < 0)) return false;
  const ends = starts.map((start, i) => start + durations[i]!);
  // The use of the resource only grows where a task starts.
  return (
    ends.every(isExact) &&
    starts.every((time) => {
      let rest = capacity;
      for (const [i, start] of starts.entries()) if (start <= time && time < ends[i]!) rest -= demands[i]!;
      return rest >= 0;
    })
  );
}

/**
 * Tasks with a start, a duration ≥ 0 and a demand ≥ 0 share a resource: at every time the demands of the tasks under way,
 * start ≤ time < start + duration, are together at most the capacity.
 *
 * Time table: a task whose latest start lies before its earliest end is certainly under way in between. The profile of these
 * parts bounds the capacity from below, and no task may overlap where its demand does not fit on top of the profile.
 *
 * Consistency: that of the time table, weaker than bounds (which is NP-hard); decides full assignments. Cost: O(n²) a run.
 */
export class Cumulative implements Propagator {
  readonly name = "cumulative";
  readonly priority = Priority.expensive;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];
  // Where the profile changes, by how much, and the order in time.
  private readonly times: Float64Array;
  private readonly steps: Float64Array;
  private readonly order: Int32Array;
  /** Segment k of the profile: heights[k] from segmentStarts[k] until segmentStarts[k + 1]; the last one has no end. */
  private readonly segmentStarts: Float64Array;
  private readonly heights: Float64Array;
  private segmentCount = 0;

  /** @param starts one variable a task; so with durations and demands */
  constructor(
    readonly starts: readonly number[],
    readonly durations: readonly number[],
    readonly demands: readonly number[],
    readonly capacity: number,
  ) {
    this.scope = [...starts, ...durations, ...demands, capacity];
    this.times = new Float64Array(2 * starts.length);
    this.steps = new Float64Array(2 * starts.length);
    this.order = new Int32Array(2 * starts.length);
    this.segmentStarts = new Float64Array(2 * starts.length);
    this.heights = new Float64Array(2 * starts.length);
  }

  propagate(store: Store): Outcome {
    const { starts, durations, demands, capacity } = this;
    const before = store.changes;
    if (!store.setMin(capacity, 0)) return Outcome.failed;
    for (let i = 0; i < starts.length; i++) {
      if (!store.setMin(durations[i]!, 0) || !store.setMin(demands[i]!, 0)) return Outcome.failed;
      if (!store.setMax(starts[i]!, MAX_INTEGER - store.min(durations[i]!))) return Outcome.failed;
    }
    if (!this.buildProfile(store)) return Outcome.failed;
    for (let i = 0; i < starts.length; i++) {
      if (store.min(demands[i]!) > 0) {
        if (store.min(durations[i]!) > 0 && !this.moveStart(store, i)) return Outcome.failed;
        if (!store.isFixed(durations[i]!) && !this.limitDuration(store, i)) return Outcome.failed;
      }
      if (!store.isFixed(demands[i]!) && !this.limitDemand(store, i)) return Outcome.failed;
    }
    if (store.changes !== before) return Outcome.changed;
    for (const x of this.scope) if (!store.isFixed(x)) return Outcome.stable;
    return Outcome.entailed;
  }

  /** Adds up the certain parts of all tasks. */
  private buildProfile(store: Store): boolean {
    const { starts, durations, demands, capacity, times, steps, order, segmentStarts, heights } = this;
    let count = 0;
    for (let i = 0; i < starts.length; i++) {
      const latestStart = store.max(starts[i]!);
      const earliestEnd = store.min(starts[i]!) + store.min(durations[i]!);
      const demand = store.min(demands[i]!);
      if (latestStart >= earliestEnd || demand === 0) continue;
      times[count] = latestStart;
      steps[count++] = demand;
      times[count] = earliestEnd;
      steps[count++] = -demand;
    }
    for (let k = 0; k < count; k++) {
      let at = k;
      while (at > 0 && times[order[at - 1]!]! > times[k]!) {
        order[at] = order[at - 1]!;
        at--;
      }
      order[at] = k;
    }
    const limit = store.max(capacity);
    let segments = 0;
    let height = 0;
    let highest = 0;
    for (let k = 0; k < count; ) {
      const time = times[order[k]!]!;
      for (; k < count && times[order[k]!] === time; k++) height += steps[order[k]!]!;
      if (height > limit) return false;
      segmentStarts[segments] = time;
      heights[segments++] = height;
      if (height > highest) highest = height;
    }
    this.segmentCount = segments;
    return store.setMin(capacity, lowerBound(highest));
  }

  /** Keeps a task from overlapping segments that leave it no room. */
  private moveStart(store: Store, i: number): boolean {
    const { segmentStarts, segmentCount } = this;
    const x = this.starts[i]!;
    if (store.isFixed(x) || !Number.isFinite(store.min(x)) || !Number.isFinite(store.max(x))) return true;
    const duration = store.min(this.durations[i]!);
    const certainFrom = store.max(x);
    const certainUntil = store.min(x) + duration;
    let earliest = store.min(x);
    for (let k = 0; k < segmentCount && segmentStarts[k]! < earliest + duration; k++) {
      if (this.segmentEnd(k) > earliest && this.isInTheWay(store, i, k, certainFrom, certainUntil)) {
        earliest = this.segmentEnd(k);
      }
    }
    let latest = store.max(x);
    for (let k = segmentCount - 1; k >= 0 && this.segmentEnd(k) > latest; k--) {
      if (segmentStarts[k]! < latest + duration && this.isInTheWay(store, i, k, certainFrom, certainUntil)) {
        latest = segmentStarts[k]! - duration;
      }
    }
    return store.setMin(x, earliest) && store.setMax(x, latest);
  }

  /** A task ends before the first segment after its latest start and earliest end that leaves it no room. */
  private limitDuration(store: Store, i: number): boolean {
    const { segmentStarts, segmentCount } = this;
    const x = this.starts[i]!;
    const certainFrom = store.max(x);
    const certainUntil = store.min(x) + store.min(this.durations[i]!);
    if (!store.setMax(this.durations[i]!, MAX_INTEGER - store.min(x))) return false;
    for (let k = 0; k < segmentCount; k++) {
      if (segmentStarts[k]! <= certainFrom || !this.isInTheWay(store, i, k, certainFrom, certainUntil)) continue;
      return store.setMax(this.durations[i]!, segmentStarts[k]! - store.min(x));
    }
    return true;
  }

  /** Where a task is certainly under way, its demand has to fit. */
  private limitDemand(store: Store, i: number): boolean {
    const { heights, segmentStarts, segmentCount } = this;
    const x = this.starts[i]!;
    const certainFrom = store.max(x);
    const certainUntil = store.min(x) + store.min(this.durations[i]!);
    if (certainFrom >= certainUntil) return true;
    const limit = store.max(this.capacity);
    const own = store.min(this.demands[i]!);
    if (!store.setMax(this.demands[i]!, limit)) return false;
    for (let k = 0; k < segmentCount; k++) {
      if (segmentStarts[k]! >= certainUntil || this.segmentEnd(k) <= certainFrom) continue;
      // A task is part of the profile with its least demand, where that is not 0.
      if (!store.setMax(this.demands[i]!, limit - heights[k]! + own)) return false;
    }
    return true;
  }

  private segmentEnd(k: number): number {
    return k + 1 < this.segmentCount ? this.segmentStarts[k + 1]! : Infinity;
  }

  /** Whether a task's demand does not fit in a segment of which it is not a certain part. */
  private isInTheWay(store: Store, i: number, k: number, certainFrom: number, certainUntil: number): boolean {
    if (this.segmentStarts[k]! >= certainFrom && this.segmentStarts[k]! < certainUntil) return false;
    return this.heights[k]! + store.min(this.demands[i]!) > store.max(this.capacity);
  }

  holds(values: readonly number[]): boolean {
    const n = this.starts.length;
    return fitsCapacity(values.slice(0, n), values.slice(n, 2 * n), values.slice(2 * n, 3 * n), values[3 * n]!);
  }

  /** Times at which the resource is full. */
  explain(consequence: Consequence, before: DomainView, premises: Premises): void {
    if (!new CumulativeExplanation(this, before, premises).explain(consequence)) explainByDomains(this.scope, premises);
  }
}
