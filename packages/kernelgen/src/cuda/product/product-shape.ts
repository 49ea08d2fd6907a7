import { gatesWith } from "../../cell/definition.js";
import type { Problem } from "../../plan/problem.js";

/** The recurrent product of one head in one step: a matrix of D·sumCount rows and innerDim columns by an operand of innerDim × B. */
export interface ProductShape {
  /** Sums of each unit: its gates forward (R·h), one backward (Rᵀ·du). */
  readonly sumCount: number;
  /** The operand's values that each unit of a step makes: h forward, du of its recurrent gates backward. */
  readonly unitValues: number;
  /** The inner dimension: units forward; units times gates backward, the gates of a unit together. */
  readonly innerDim: number;
  /** Whether sums start from a bias: forward. */
  readonly hasBias: boolean;
}

/** The shape of the recurrent product of a problem's pass. */
export function productShape({ pass, cell, headDim }: Problem): ProductShape {
  const gates = gatesWith(cell, "recurrent").length;
  return pass === "forward"
    ? { sumCount: gates, unitValues: 1, innerDim: headDim, hasBias: true }
    : { sumCount: 1, unitValues: gates, innerDim: gates * headDim, hasBias: false };
}
