import { cellClippedAt } from "../cell/clipped-cell.js";
import type { CellDefinition } from "../cell/definition.js";
import type { Plan } from "./plan.js";
import { cellOf, type Problem } from "./problem.js";

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

/** The JSON of a whole plan. */
export type PlanJson = ReturnType<typeof planToJson<Plan>>;

/**
 * The plan that `planToJson` made plain. Throws `KernelgenError` "unknown-cell" if it was made by a version with other cells, or of a cell of
 * one's own that is not given.
 *
 * @param ownCell the plan's cell, where its name is not that of a known one
 */
export function planFromJson(json: PlanJson, ownCell?: CellDefinition): Plan {
  const cell = cellOf(ownCell ?? (json.problem.cell as string));
  const { forwardClip } = json.problem;
  const problem = { ...json.problem, cell: typeof forwardClip === "number" ? cellClippedAt(cell, forwardClip) : cell };
  return { ...json, problem: problem as unknown as Plan["problem"] };
}
