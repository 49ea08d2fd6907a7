import { KernelgenError } from "../../errors.js";
import { directionCount, layerInputDim, type RecurrentProgram } from "./program.js";

/** The weights of one layer and direction, dense, last dimension contiguous. G counts the gates that have the term, in the cell's order. */
export interface DirectionWeights {
  /** W [G,N,D,I]: Wx = W·x. */
  readonly input: Float32Array;
  /** R [G,N,D,D] (out, in). */
  readonly recurrent: Float32Array;
  /** b [G,N,D]. */
  readonly bias: Float32Array;
}

/** The weights of a network: for each layer its directions, forward first. */
export interface RecurrentWeights {
  readonly layers: readonly (readonly DirectionWeights[])[];
}

/** The shapes of a layer's weights. */
export function weightShapes(
  program: RecurrentProgram,
  layer: number,
): Readonly<Record<keyof DirectionWeights, readonly number[]>> {
  const { cell, heads, headDim } = program;
  return {
    input: [cell.inputGates.length, heads, headDim, layerInputDim(program, layer)],
    recurrent: [cell.recurrentGates.length, heads, headDim, headDim],
    bias: [cell.biasGates.length, heads, headDim],
  };
}

export const elements = (shape: readonly number[]): number => shape.reduce((count, extent) => count * extent, 1);

/** Throws `KernelgenError` "invalid-problem" where weights are missing or have another length, naming layer, direction, tensor and shape. */
export function requireWeights(program: RecurrentProgram, weights: RecurrentWeights): void {
  requireCount("layers", weights.layers.length, program.layers);
  weights.layers.forEach((directions, layer) => {
    requireCount(`layer ${layer}: directions`, directions.length, directionCount(program));
    const shapes = weightShapes(program, layer);
    directions.forEach((tensors, direction) => {
      for (const name of ["input", "recurrent", "bias"] as const) {
        const shape = shapes[name];
        if (tensors[name].length === elements(shape)) continue;
        throw new KernelgenError(
          "invalid-problem",
          `layer ${layer}, direction ${direction}: weights ${name} [${shape.join(",")}]: got ${tensors[name].length} values, needs ${elements(shape)}`,
        );
      }
    });
  });
}

function requireCount(what: string, given: number, needed: number): void {
  if (given !== needed) {
    throw new KernelgenError("invalid-problem", `weights of ${what}: got ${given}, the program has ${needed}`);
  }
}
