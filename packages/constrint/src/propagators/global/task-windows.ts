import type { DomainView, Premises } from "../../engine/explanation.js";
import type { Store } from "../../engine/store.js";

/** Tasks of fixed duration: task i begins at the value of starts[i] plus shifts[i]. @internal */
export interface Tasks {
  readonly starts: readonly number[];
  readonly shifts: readonly number[];
  readonly durations: readonly number[];
}

/**
 * When each task may be under way, with time running forward or backward: what is said about earliest starts then says the same
 * about latest ends. Backward, a task that lasts from a to b lasts from −b to −a.
 *
 * @internal
 */
export class TaskWindows {
  readonly count: number;
  readonly durations: Float64Array;
  /** Each task's earliest start, earliest end, latest start and latest end. */
  readonly est: Float64Array;
  readonly ect: Float64Array;
  readonly lst: Float64Array;
  readonly lct: Float64Array;

  /** @param isForward whether time runs forward */
  constructor(
    private readonly tasks: Tasks,
    readonly isForward: boolean,
  ) {
    this.count = tasks.starts.length;
    this.durations = Float64Array.from(tasks.durations);
    this.est = new Float64Array(this.count);
    this.ect = new Float64Array(this.count);
    this.lst = new Float64Array(this.count);
    this.lct = new Float64Array(this.count);
  }

  /** Takes the windows over from the domains. */
  load(view: DomainView): void {
    const { tasks, durations, isForward, est, ect, lst, lct } = this;
    for (let i = 0; i < this.count; i++) {
      const x = tasks.starts[i]!;
      const duration = durations[i]!;
      const first = view.min(x) + tasks.shifts[i]!;
      const last = view.max(x) + tasks.shifts[i]!;
      est[i] = isForward ? first : -(last + duration);
      lst[i] = isForward ? last : -(first + duration);
      ect[i] = est[i]! + duration;
      lct[i] = lst[i]! + duration;
    }
  }

  /** The value at which the task's variable has to be, at least (forward) or at most (backward), to start at or after a time. */
  valueForStart(task: number, time: number): number {
    const shift = this.tasks.shifts[task]!;
    return this.isForward ? time - shift : -time - this.durations[task]! - shift;
  }

  /** The value at which it has to be, at most (forward) or at least (backward), to end at or before a time. */
  valueForEnd(task: number, time: number): number {
    const shift = this.tasks.shifts[task]!;
    return this.isForward ? time - this.durations[task]! - shift : -time - shift;
  }

  /** Makes a task start at or after a time. */
  startFrom(store: Store, task: number, time: number): boolean {
    const x = this.tasks.starts[task]!;
    const value = this.valueForStart(task, time);
    return this.isForward ? store.setMin(x, value) : store.setMax(x, value);
  }

  /** Makes a task end at or before a time. */
  endBy(store: Store, task: number, time: number): boolean {
    const x = this.tasks.starts[task]!;
    const value = this.valueForEnd(task, time);
    return this.isForward ? store.setMax(x, value) : store.setMin(x, value);
  }

  /** Writes down that a task starts at or after a time. */
  premiseStart(premises: Premises, task: number, time: number): void {
    const x = this.tasks.starts[task]!;
    const value = this.valueForStart(task, time);
    if (this.isForward) premises.atLeast(x, value);
    else premises.atMost(x, value);
  }

  /** Writes down that a task ends at or before a time. */
  premiseEnd(premises: Premises, task: number, time: number): void {
    const x = this.tasks.starts[task]!;
    const value = this.valueForEnd(task, time);
    if (this.isForward) premises.atMost(x, value);
    else premises.atLeast(x, value);
  }
}

/** Tasks in ascending order of a key; the order of the last time is where sorting begins, as keys change little. @internal */
export function sortTasks(order: Int32Array, keys: Float64Array): void {
  for (let k = 1; k < order.length; k++) {
    const task = order[k]!;
    const key = keys[task]!;
    let at = k;
    while (at > 0 && keys[order[at - 1]!]! > key) {
      order[at] = order[at - 1]!;
      at--;
    }
    order[at] = task;
  }
}
