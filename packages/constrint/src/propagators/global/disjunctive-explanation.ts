import type { Premises } from "../../engine/explanation.js";
import type { TaskWindows } from "./task-windows.js";

/**
 * Explains an overload: tasks that all have to be done between two times and last longer than that. Returns false, and writes
 * nothing, where there is none.
 *
 * @internal
 */
export function explainOverload(windows: TaskWindows, premises: Premises): boolean {
  const { count, est, lct, durations } = windows;
  const byEst = descending(est);
  for (let last = 0; last < count; last++) {
    const deadline = lct[last]!;
    let total = 0;
    for (const first of byEst) {
      if (lct[first]! > deadline) continue;
      total += durations[first]!;
      const release = est[first]!;
      if (total <= deadline - release) continue;
      // What is too much by more than 1 lets both times be weaker.
      const slack = total - (deadline - release) - 1;
      const from = release - Math.floor(slack / 2);
      const until = deadline + Math.ceil(slack / 2);
      for (let i = 0; i < count; i++) {
        if (est[i]! < release || lct[i]! > deadline) continue;
        windows.premiseStart(premises, i, from);
        windows.premiseEnd(premises, i, until);
      }
      return true;
    }
  }
  return false;
}

/**
 * Explains why a task starts at or after a time, by a detectable precedence, an edge, or because it cannot come first. Returns
 * false, and writes nothing, where none of them says so.
 *
 * @internal
 */
export function explainEarliestStart(windows: TaskWindows, task: number, time: number, premises: Premises): boolean {
  return (
    explainPrecedence(windows, task, time, premises) ||
    explainNotFirst(windows, task, time, premises) ||
    explainEdge(windows, task, time, premises)
  );
}

/**
 * Tasks j that start too late to come after task i, lst(j) < ect(i), and are together not done before the time: their starts from
 * time − Σ durations on say so.
 */
function explainPrecedence(windows: TaskWindows, task: number, time: number, premises: Premises): boolean {
  const { est, ect, lst, durations } = windows;
  const before: number[] = [];
  let total = 0;
  for (const j of descending(est)) {
    if (j === task || lst[j]! >= ect[task]!) continue;
    before.push(j);
    total += durations[j]!;
    if (est[j]! + total < time) continue;
    // Without those whose duration is not needed. The last one has the earliest start, which all others share as a premise.
    const release = est[j]!;
    const needed = before.filter((k) => {
      if (k === j || release + total - durations[k]! < time) return true;
      total -= durations[k]!;
      return false;
    });
    const latestStart = needed.reduce((latest, k) => Math.max(latest, lst[k]!), -Infinity);
    // i ≥ earliest and j ≤ earliest + duration − 1 rule out that j comes after i.
    const end = latestStart + 1;
    windows.premiseStart(premises, task, end - durations[task]!);
    for (const k of needed) {
      windows.premiseStart(premises, k, time - total);
      windows.premiseEnd(premises, k, end - 1 + durations[k]!);
    }
    return true;
  }
  return false;
}

/**
 * Tasks that end at or after the time, so that i would have to come before them all to start earlier, and that are too long for
 * that: ect(i) + Σ durations > their latest end.
 */
function explainNotFirst(windows: TaskWindows, task: number, time: number, premises: Premises): boolean {
  const { ect, lct, durations } = windows;
  let total = 0;
  const after: number[] = [];
  for (const j of ascending(lct)) {
    if (j === task || ect[j]! < time) continue;
    after.push(j);
    total += durations[j]!;
    const deadline = lct[j]!;
    if (ect[task]! + total <= deadline) continue;
    const slack = ect[task]! + total - deadline - 1;
    const from = ect[task]! - durations[task]! - Math.floor(slack / 2);
    const until = deadline + Math.ceil(slack / 2);
    windows.premiseStart(premises, task, from);
    for (const k of after) {
      windows.premiseStart(premises, k, time - durations[k]!);
      windows.premiseEnd(premises, k, until);
    }
    return true;
  }
  return false;
}

/**
 * A deadline by which all tasks of a set Θ end, and a part Ω of it that cannot be done together with i between their earliest
 * start and the deadline. So i ends after the deadline, and comes after all of Θ; a part of Θ is not done before the time.
 */
function explainEdge(windows: TaskWindows, task: number, time: number, premises: Premises): boolean {
  const { count, est, lct, durations } = windows;
  const byEst = descending(est);
  for (let last = 0; last < count; last++) {
    const deadline = lct[last]!;
    if (last === task) continue;
    let total = 0;
    let overloadFrom = Number.NaN;
    let overload = 0;
    let delayedFrom = Number.NaN;
    let delay = 0;
    for (const j of byEst) {
      if (j === task || lct[j]! > deadline) continue;
      total += durations[j]!;
      const from = Math.min(est[j]!, est[task]!);
      if (Number.isNaN(overloadFrom) && total + durations[task]! > deadline - from) {
        overloadFrom = est[j]!;
        overload = total;
      }
      if (Number.isNaN(delayedFrom) && est[j]! + total >= time) {
        delayedFrom = est[j]!;
        delay = total;
      }
    }
    if (Number.isNaN(overloadFrom) || Number.isNaN(delayedFrom)) continue;
    const release = Math.min(overloadFrom, est[task]!);
    const slack = overload + durations[task]! - (deadline - release) - 1;
    const from = release - Math.floor(slack / 2);
    const until = deadline + Math.ceil(slack / 2);
    windows.premiseStart(premises, task, from);
    for (let j = 0; j < count; j++) {
      if (j === task || lct[j]! > deadline) continue;
      const isOverloading = est[j]! >= overloadFrom;
      const isDelaying = est[j]! >= delayedFrom;
      if (isOverloading) windows.premiseStart(premises, j, from);
      if (isDelaying) windows.premiseStart(premises, j, time - delay);
      if (isOverloading || isDelaying) windows.premiseEnd(premises, j, until);
    }
    return true;
  }
  return false;
}

/** The tasks by a time of theirs, the latest first. */
function descending(times: Float64Array): number[] {
  return ascending(times).reverse();
}

function ascending(times: Float64Array): number[] {
  return Array.from(times, (_, i) => i).sort((i, j) => times[i]! - times[j]!);
}
