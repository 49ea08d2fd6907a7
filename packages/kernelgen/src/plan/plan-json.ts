import type { Plan } from "./plan.js";
import type { Problem } from "./problem.js";

/** A problem as plain data, the cell by name. */
export function problemToJson(problem: Problem): Record<string, string | number | boolean> {
  return { ...problem, cell: problem.cell.name };
}

/** A plan as plain data, for JSON. */
export function planToJson<P extends Omit<Plan, "hash">>(
  plan: P,
): Omit<P, "problem"> & { problem: Record<string, string | number | boolean> } {
  return { ...plan, problem: problemToJson(plan.problem) };
}
