import type { Problem, ProblemExtras } from "./problem.js";

/** What a problem has beyond sizes and types, in words that follow a comma; empty if nothing. */
function extrasText({ forwardClip, recurrentGradientClip, recurrentGradientCut, lengths }: ProblemExtras): string {
  return [
    ...(forwardClip === undefined ? [] : [`states clipped at ${forwardClip}`]),
    ...(recurrentGradientClip === undefined ? [] : [`recurrent gradient clipped at ${recurrentGradientClip}`]),
    ...(recurrentGradientCut ? ["recurrent gradient cut"] : []),
    ...(lengths ? ["lengths"] : []),
  ]
    .map((text) => `, ${text}`)
    .join("");
}

/** A problem in one line. */
export function problemText(problem: Problem): string {
  const { pass, cell, headDim, heads, batch, steps, dataType, tf32, stateOutput, training } = problem;
  return `${cell.name} ${pass}, heads ${headDim}x${heads}, batch ${batch}, ${steps} steps, ${tf32 ? "fp32 (tf32)" : dataType}, states: ${stateOutput}${pass === "forward" && training ? ", training" : ""}${extrasText(problem)}`;
}
