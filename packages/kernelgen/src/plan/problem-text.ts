import type { Problem } from "./problem.js";

/** A problem in one line. */
export function problemText(problem: Problem): string {
  const { pass, cell, headDim, heads, batch, steps, dataType, tf32, stateOutput, training } = problem;
  return `${cell.name} ${pass}, heads ${headDim}x${heads}, batch ${batch}, ${steps} steps, ${tf32 ? "fp32 (tf32)" : dataType}, states: ${stateOutput}${pass === "forward" && training ? ", training" : ""}`;
}
