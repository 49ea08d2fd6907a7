import { MAX_INTEGER } from "../../domain/integers.js";
import { Events } from "../../engine/events.js";
import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { Outcome, Priority, type Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import { explainByDomains } from "../arithmetic/root-bounds.js";
import { explainEarliestStart, explainOverload } from "./disjunctive-explanation.js";
import { sortTasks, type Tasks, TaskWindows } from "./task-windows.js";
import { ThetaTree } from "./theta-tree.js";

/** Whether of any two tasks one ends before the other starts. */
export function areDisjoint(starts: readonly number[], durations: readonly number[]): boolean {
  return starts.every((start, i) =>
    // Rounding keeps the order of a difference and an exact number.
    starts.slice(i + 1).every((other, k) => other - start >= durations[i]! || start - other >= durations[i + 1 + k]!),
  );
}

/**
 * Tasks of fixed duration one after the other: of any two, one ends before the other starts. A task of duration 0 must not lie
 * inside another one.
 *
 * Finds overloads, detectable precedences, tasks that cannot be last (or first), and edges: tasks that come after (or before) all
 * of a set. Consistency: that of these rules, weaker than bounds (which is NP-hard); decides full assignments.
 * Cost: O(n log n) a run, and O(n²) an explanation.
 *
 * Vilím, "Global Constraints in Scheduling", PhD thesis, Charles University Prague, 2007, chapter 2; explanations after Vilím,
 * "Computing Explanations for the Unary Resource Constraint", CPAIOR 2005.
 */
export class Disjunctive implements Propagator {
  readonly name = "disjunctive";
  readonly isDisjunctive = true;
  readonly priority = Priority.quadratic;
  readonly wakes = Events.bounds;
  readonly scope: readonly number[];
  private readonly forward: TaskWindows;
  private readonly backward: TaskWindows;
  private readonly tree: ThetaTree;
  /** The tasks by each of their times, and the rank of each by its earliest start. */
  private readonly byEst: Int32Array;
  private readonly byEct: Int32Array;
  private readonly byLst: Int32Array;
  private readonly byLct: Int32Array;
  private readonly ranks: Int32Array;
  /** What was found: not before this start, and not after this end. */
  private readonly newEst: Float64Array;
  private readonly newLct: Float64Array;
  private readonly totalDuration: number;

  /** @param durations one a task, ≥ 0 */
  constructor(private readonly tasks: Tasks) {
    const { starts, durations } = tasks;
    const count = starts.length;
    this.scope = starts;
    this.forward = new TaskWindows(tasks, true);
    this.backward = new TaskWindows(tasks, false);
    this.tree = new ThetaTree(count);
    const order = (): Int32Array => Int32Array.from(starts, (_, i) => i);
    this.byEst = order();
    this.byEct = order();
    this.byLst = order();
    this.byLct = order();
    this.ranks = order();
    this.newEst = new Float64Array(count);
    this.newLct = new Float64Array(count);
    this.totalDuration = durations.reduce((total, duration) => total + duration, 0);
  }

  propagate(store: Store): Outcome {
    const { starts } = this.tasks;
    let open = 0;
    for (const x of starts) if (!store.isFixed(x)) open++;
    if (!this.isExact(store)) {
      if (open > 0) return Outcome.stable;
      return this.holds(starts.map((x) => store.min(x))) ? Outcome.entailed : Outcome.failed;
    }
    const before = store.changes;
    if (!this.propagateWindows(store, this.forward) || !this.propagateWindows(store, this.backward)) {
      return Outcome.failed;
    }
    if (store.changes !== before) return Outcome.changed;
    return open === 0 ? Outcome.entailed : Outcome.stable;
  }

  /** Whether all times and sums of durations stay exact. */
  private isExact(view: DomainView): boolean {
    const { starts, shifts } = this.tasks;
    const limit = MAX_INTEGER / 2 - this.totalDuration;
    for (let i = 0; i < starts.length; i++) {
      if (view.min(starts[i]!) + shifts[i]! < -limit || view.max(starts[i]!) + shifts[i]! > limit) return false;
    }
    return true;
  }

  private propagateWindows(store: Store, windows: TaskWindows): boolean {
    const { newEst, newLct, byEst, ranks } = this;
    windows.load(store);
    newEst.set(windows.est);
    newLct.set(windows.lct);
    sortTasks(byEst, windows.est);
    for (let rank = 0; rank < windows.count; rank++) ranks[byEst[rank]!] = rank;
    sortTasks(this.byEct, windows.ect);
    sortTasks(this.byLst, windows.lst);
    sortTasks(this.byLct, windows.lct);
    if (!this.findEdges(windows)) return false;
    this.findPrecedences(windows);
    this.findNotLast(windows);
    for (let i = 0; i < windows.count; i++) {
      if (newEst[i]! > windows.est[i]! && !windows.startFrom(store, i, newEst[i]!)) return false;
      if (newLct[i]! < windows.lct[i]! && !windows.endBy(store, i, newLct[i]!)) return false;
    }
    return true;
  }

  /**
   * Overloads, ect(Θ) > lct(Θ) for Θ the tasks that end by some time; and edges: where Θ ∪ {i} could not be done by lct(Θ), task i
   * comes after all of Θ.
   */
  private findEdges({ count, est, lct, durations }: TaskWindows): boolean {
    const { tree, ranks, byEst, byLct, newEst } = this;
    tree.clear();
    for (let i = 0; i < count; i++) tree.insert(ranks[i]!, est[i]!, durations[i]!);
    for (let k = count - 1; k >= 0; k--) {
      const deadline = lct[byLct[k]!]!;
      if (tree.completion > deadline) return false;
      while (tree.grayCompletion > deadline && tree.grayTask >= 0) {
        const task = byEst[tree.grayTask]!;
        if (tree.completion > newEst[task]!) newEst[task] = tree.completion;
        tree.remove(tree.grayTask);
      }
      tree.makeGray(ranks[byLct[k]!]!);
    }
    return true;
  }

  /** Detectable precedences: task i comes after each j that would start too late to come after i. */
  private findPrecedences({ count, est, ect, lst, durations }: TaskWindows): void {
    const { tree, ranks, byEct, byLst, newEst } = this;
    tree.clear();
    let next = 0;
    for (let k = 0; k < count; k++) {
      const i = byEct[k]!;
      for (; next < count && ect[i]! > lst[byLst[next]!]!; next++) {
        const j = byLst[next]!;
        tree.insert(ranks[j]!, est[j]!, durations[j]!);
      }
      const completion = this.completionWithout(i, ect[i]! > lst[i]!, est, durations);
      if (completion > newEst[i]!) newEst[i] = completion;
    }
  }

  /** Not last: where task i starts too early to come after all tasks that may start before its end, one of them ends after it. */
  private findNotLast({ count, est, lst, lct, durations }: TaskWindows): void {
    const { tree, ranks, byLct, byLst, newLct } = this;
    tree.clear();
    let next = 0;
    for (let k = 0; k < count; k++) {
      const i = byLct[k]!;
      for (; next < count && lct[i]! > lst[byLst[next]!]!; next++) {
        const j = byLst[next]!;
        tree.insert(ranks[j]!, est[j]!, durations[j]!);
      }
      if (next === 0 || this.completionWithout(i, lct[i]! > lst[i]!, est, durations) <= lst[i]!) continue;
      const latestStart = lst[byLst[next - 1]!]!;
      if (latestStart < newLct[i]!) newLct[i] = latestStart;
    }
  }

  /** ect(Θ \ {i}). */
  private completionWithout(i: number, isInside: boolean, est: Float64Array, durations: Float64Array): number {
    const { tree, ranks } = this;
    if (!isInside) return tree.completion;
    tree.remove(ranks[i]!);
    const { completion } = tree;
    tree.insert(ranks[i]!, est[i]!, durations[i]!);
    return completion;
  }

  holds(values: readonly number[]): boolean {
    return areDisjoint(
      values.map((value, i) => value + this.tasks.shifts[i]!),
      this.tasks.durations,
    );
  }

  explain({ kind, variable, value }: Consequence, before: DomainView, premises: Premises): void {
    const isExplained =
      this.isExact(before) &&
      (kind === undefined
        ? this.explainFailure(before, premises)
        : kind !== LiteralKind.notEqual && this.explainBound(kind, variable, value, before, premises));
    if (!isExplained) explainByDomains(this.scope, premises);
  }

  private explainBound(
    kind: LiteralKind,
    variable: number,
    value: number,
    before: DomainView,
    premises: Premises,
  ): boolean {
    const { starts, shifts, durations } = this.tasks;
    const windows = kind === LiteralKind.atLeast ? this.forward : this.backward;
    windows.load(before);
    for (let i = starts.indexOf(variable); i >= 0; i = starts.indexOf(variable, i + 1)) {
      const start = value + shifts[i]!;
      const time = windows.isForward ? start : -(start + durations[i]!);
      if (explainEarliestStart(windows, i, time, premises)) return true;
    }
    return false;
  }

  /** An overload, or a task that would have to start later than it can. */
  private explainFailure(before: DomainView, premises: Premises): boolean {
    const { forward, backward } = this;
    forward.load(before);
    if (explainOverload(forward, premises)) return true;
    backward.load(before);
    for (const windows of [forward, backward]) {
      for (let i = 0; i < windows.count; i++) {
        if (!explainEarliestStart(windows, i, windows.lst[i]! + 1, premises)) continue;
        windows.premiseEnd(premises, i, windows.lct[i]!);
        return true;
      }
    }
    return false;
  }
}
