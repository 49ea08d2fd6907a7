import { type BackwardStep, chooseSavedValues } from "../cell/saved-values.js";
import { dataTypeBytes } from "./data-type.js";
import type { Problem } from "./problem.js";

/**
 * What a forward pass in training saves, and the backward step that reads it; undefined outside of training. The budget is that of the
 * gates: as many bytes for a unit and step as its gates' values take, which is what the best implementations keep.
 */
export function savedValues({ cell, dataType, training }: Problem): BackwardStep | undefined {
  const valueBytes = dataTypeBytes[dataType];
  return training ? chooseSavedValues(cell, cell.gates.length * valueBytes, valueBytes) : undefined;
}
