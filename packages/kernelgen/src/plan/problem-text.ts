import type { Problem } from "./problem.js";

/** A problem in one line. */
export function problemText(problem: Problem): string {
  const { cell, headDim, heads, batch, steps, dataType, stateOutput, training } = problem;
  return `${cell.name} forward, heads ${headDim}x${heads}, batch ${batch}, ${steps} steps, ${dataType}, states: ${stateOutput}${training ? ", training" : ""}`;
}
