import { isExact } from "../../domain/integers.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";

/** The variables of a cumulative constraint. @internal */
export interface CumulativeVariables {
  readonly starts: readonly number[];
  readonly durations: readonly number[];
  readonly demands: readonly number[];
  readonly capacity: number;
}

/** No task: all of them count. */
const NONE = -1;

/**
 * Explains what the time table finds, by single times at which the resource is full: the tasks that are certainly under way then,
 * as many as are needed, and nothing about where else they may be.
 *
 * Schutt, Feydy, Stuckey and Wallace, "Explaining the cumulative propagator", Constraints 16, 2011.
 *
 * @internal
 */
export class CumulativeExplanation {
  constructor(
    private readonly variables: CumulativeVariables,
    private readonly view: DomainView,
    private readonly premises: Premises,
  ) {}

  /** Returns false, and writes nothing, where the time table does not say so. */
  explain({ kind, variable, value }: Consequence): boolean {
    const { starts, durations, demands, capacity } = this.variables;
    if (kind === undefined) return this.explainFailure();
    if (kind === LiteralKind.notEqual) return false;
    const isLower = kind === LiteralKind.atLeast;
    for (let i = 0; i < starts.length; i++) {
      if (starts[i] === variable && (isLower ? this.explainStart(i, value) : this.explainLatestStart(i, value)))
        return true;
      if (isLower) continue;
      if (demands[i] === variable && this.explainDemand(i, value)) return true;
      if (durations[i] === variable && this.explainDuration(i, value)) return true;
    }
    return isLower && variable === capacity && this.explainCapacity(value);
  }

  /** Too much at one time, or a task that can start nowhere. */
  private explainFailure(): boolean {
    const { starts, capacity } = this.variables;
    const { view, premises } = this;
    if (this.explainCapacity(view.max(capacity) + 1)) {
      premises.atMost(capacity, view.max(capacity));
      return true;
    }
    for (let i = 0; i < starts.length; i++) {
      const latest = view.max(starts[i]!);
      if (!this.explainStart(i, latest + 1)) continue;
      premises.atMost(starts[i]!, latest);
      return true;
    }
    return false;
  }

  /** start(i) ≥ time: from its earliest start on, each start would have it under way at a time at which it does not fit. */
  private explainStart(i: number, time: number): boolean {
    const { starts, durations } = this.variables;
    const { view } = this;
    const duration = view.min(durations[i]!);
    const earliest = view.min(starts[i]!);
    const full: number[] = [];
    let bound = time;
    while (bound > earliest) {
      // The first full time that a task starting at bound − 1 would meet rules out most starts before it.
      const next = this.firstFullTime(i, bound - 1, bound - 1 + duration);
      if (next === undefined) return false;
      full.push(next);
      bound = next - duration + 1;
    }
    this.blame(i, full);
    this.premises.atLeast(starts[i]!, bound);
    return true;
  }

  /** start(i) ≤ time, likewise. */
  private explainLatestStart(i: number, time: number): boolean {
    const { starts, durations } = this.variables;
    const { view } = this;
    const duration = view.min(durations[i]!);
    const latest = view.max(starts[i]!);
    const full: number[] = [];
    let bound = time;
    while (bound < latest) {
      const next = this.lastFullTime(i, bound + 1, bound + 1 + duration);
      if (next === undefined) return false;
      full.push(next);
      bound = next;
    }
    this.blame(i, full);
    this.premises.atMost(starts[i]!, bound);
    return true;
  }

  /** capacity ≥ value: the tasks under way at some time need that much. */
  private explainCapacity(value: number): boolean {
    for (const start of this.variables.starts) {
      const time = this.view.max(start);
      if (!this.isUsed(time, NONE, value)) continue;
      this.blameUse(time, NONE, value);
      return true;
    }
    return false;
  }

  /** demand(i) ≤ value: at a time at which i is certainly under way, the others leave no more. */
  private explainDemand(i: number, value: number): boolean {
    const { starts, capacity } = this.variables;
    const needed = this.view.max(capacity) - value;
    for (const start of [this.variables.starts[i]!, ...starts]) {
      const time = this.view.max(start);
      if (!this.isUnderWay(i, time) || !this.isUsed(time, i, needed)) continue;
      this.blameTask(i, time, false);
      this.blameUse(time, i, needed);
      this.premises.atMost(capacity, this.view.max(capacity));
      return true;
    }
    return false;
  }

  /** duration(i) ≤ value: it starts before a time at which it does not fit, and would be under way then if it lasted longer. */
  private explainDuration(i: number, value: number): boolean {
    const { starts } = this.variables;
    const x = starts[i]!;
    for (const start of starts) {
      const time = this.view.max(start);
      if (time < this.view.max(x) || time - value > this.view.min(x) || !this.isFullFor(i, time)) continue;
      this.blameUse(time, i, this.roomFor(i));
      this.premises.atMost(this.variables.capacity, this.view.max(this.variables.capacity));
      this.premises.atLeast(this.variables.demands[i]!, this.view.min(this.variables.demands[i]!));
      this.premises.atMost(x, time);
      this.premises.atLeast(x, time - value);
      return true;
    }
    return false;
  }

  // ------------------------------------------------------------------------------------------------------ what is full when

  /** The first time from `from` until before `until` at which task i does not fit. The use grows only at latest starts. */
  private firstFullTime(i: number, from: number, until: number): number | undefined {
    if (from < until && this.isFullFor(i, from)) return from;
    let first: number | undefined;
    for (const start of this.variables.starts) {
      const time = this.view.max(start);
      if (time > from && time < until && (first === undefined || time < first) && this.isFullFor(i, time)) first = time;
    }
    return first;
  }

  /** The last such time. */
  private lastFullTime(i: number, from: number, until: number): number | undefined {
    const { starts, durations } = this.variables;
    if (from < until && this.isFullFor(i, until - 1)) return until - 1;
    let last: number | undefined;
    for (let j = 0; j < starts.length; j++) {
      const time = this.view.min(starts[j]!) + this.view.min(durations[j]!) - 1;
      if (time >= from && time < until && (last === undefined || time > last) && this.isFullFor(i, time)) last = time;
    }
    return last;
  }

  private isFullFor(i: number, time: number): boolean {
    return this.isUsed(time, i, this.roomFor(i));
  }

  /** How much the others have to need so that task i does not fit. */
  private roomFor(i: number): number {
    return this.view.max(this.variables.capacity) - this.view.min(this.variables.demands[i]!) + 1;
  }

  /** Whether the tasks but i that are certainly under way need at least this much. */
  private isUsed(time: number, i: number, needed: number): boolean {
    const { starts, demands } = this.variables;
    let total = 0;
    for (let j = 0; j < starts.length && total < needed; j++) {
      if (j !== i && this.isUnderWay(j, time)) total += this.view.min(demands[j]!);
    }
    return total >= needed && isExact(total);
  }

  private isUnderWay(j: number, time: number): boolean {
    const { starts, durations } = this.variables;
    const x = starts[j]!;
    return this.view.max(x) <= time && time < this.view.min(x) + this.view.min(durations[j]!);
  }

  // ---------------------------------------------------------------------------------------------------------- the premises

  /** Task i does not fit at these times. */
  private blame(i: number, times: readonly number[]): void {
    const { durations, demands, capacity } = this.variables;
    const { view, premises } = this;
    for (const time of times) this.blameUse(time, i, this.roomFor(i));
    premises.atLeast(durations[i]!, view.min(durations[i]!));
    premises.atLeast(demands[i]!, view.min(demands[i]!));
    premises.atMost(capacity, view.max(capacity));
  }

  /** Tasks but i need at least this much at a time: those with the largest demands. */
  private blameUse(time: number, i: number, needed: number): void {
    const { starts, demands } = this.variables;
    const underWay = starts.flatMap((_, j) => (j !== i && this.isUnderWay(j, time) ? [j] : []));
    underWay.sort((j, k) => this.view.min(demands[k]!) - this.view.min(demands[j]!));
    let total = 0;
    for (const j of underWay) {
      if (total >= needed) break;
      total += this.view.min(demands[j]!);
      this.blameTask(j, time, true);
    }
  }

  /** A task is under way at a time. */
  private blameTask(j: number, time: number, withDemand: boolean): void {
    const { starts, durations, demands } = this.variables;
    const duration = this.view.min(durations[j]!);
    this.premises.atMost(starts[j]!, time);
    this.premises.atLeast(starts[j]!, time - duration + 1);
    this.premises.atLeast(durations[j]!, duration);
    if (withDemand) this.premises.atLeast(demands[j]!, this.view.min(demands[j]!));
  }
}
