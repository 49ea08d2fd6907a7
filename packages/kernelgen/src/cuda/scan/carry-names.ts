import type { Problem } from "../../plan/problem.js";

/** Names of what a pass carries from chunk to chunk: where it starts from and where it ends. */
export function carryNames(problem: Problem): { readonly start: string; readonly end: string } {
  const h = problem.cell.states[0]!.name;
  return problem.pass === "forward"
    ? { start: `${h}_initial`, end: `${h}_last` }
    : { start: `d_${h}_last`, end: `d_${h}_initial` };
}
