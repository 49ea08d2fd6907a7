import { type BackwardStep, chooseSavedValues } from "../cell/saved-values.js";
import { dataTypeBytes } from "./data-type.js";
import type { Problem } from "./problem.js";

/** What a forward pass in training saves, and the backward step that reads it; undefined outside of training. */
export const savedValues = (problem: Problem): BackwardStep | undefined =>
  problem.training ? backwardStep(problem) : undefined;

/**
 * The backward step of a problem's cell, and what its forward pass saves for it. The budget is that of the gates: as many bytes for a unit
 * and step as its gates' values take, which is what the best implementations keep.
 */
export function backwardStep({ cell, dataType }: Problem): BackwardStep {
  const valueBytes = dataTypeBytes[dataType];
  return chooseSavedValues(cell, cell.gates.length * valueBytes, valueBytes);
}
