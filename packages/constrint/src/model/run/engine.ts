import type { SolveOptions } from "../solve-options.js";
import { AlternatingRun } from "./alternating-run.js";
import { type OptimizingRun, type Problem, Run, type RunGoal } from "./run.js";

/**
 * A run for one solution or the best one, with the engine that the options ask for.
 *
 * @internal
 */
export function runFor(problem: Problem, options: SolveOptions, goal?: RunGoal): OptimizingRun {
  const { engine = "auto", order, nodeLimit, failureLimit } = options;
  // The first solution is to be the best in the order, and counts are those of one tree.
  const isOneTree = order !== undefined || nodeLimit !== undefined || failureLimit !== undefined;
  if (engine !== "auto" || isOneTree) return new Run(problem, options, goal);
  return new AlternatingRun(problem, options, goal);
}
