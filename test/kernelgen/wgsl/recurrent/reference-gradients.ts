import { referenceBackward } from "../../../../packages/kernelgen/src/reference/backward.js";
import { referenceForward } from "../../../../packages/kernelgen/src/reference/forward.js";
import {
  directionCount,
  layerDim,
  layerInputDim,
  outputDim,
  type RecurrentProgram,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import type { RecurrentState } from "../../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import type { RecurrentWeights } from "../../../../packages/kernelgen/src/wgsl/recurrent/weights.js";
import { layerProblem, projected, reversedSteps } from "./reference-network.js";

/** What one direction of a layer was run with, and what came out. */
interface Run {
  readonly walked: Float64Array;
  readonly inputs: Readonly<Record<string, Float64Array>>;
}

export interface ReferenceGradients {
  readonly input: Float64Array;
  readonly state: Readonly<Record<string, Float64Array>>;
  /** For each layer and direction. */
  readonly weights: readonly Readonly<Record<"input" | "recurrent" | "bias", Float64Array>>[];
}

/**
 * The gradients of a network in float64: `referenceBackward` for each direction of each layer, and plain sums for what lies around it,
 * d_weights = d_wxᵀ·x and d_x = d_wx·weights.
 */
export function referenceGradients(
  program: RecurrentProgram,
  weights: RecurrentWeights,
  input: Float32Array,
  start: RecurrentState,
  outputGradient: Float32Array,
  stateGradient: RecurrentState,
): ReferenceGradients {
  const { batch, layers, cell } = program;
  const steps = input.length / (batch * program.inputDim);
  const rows = batch * steps;
  const [directions, width, outputs] = [directionCount(program), layerDim(program), outputDim(program)];
  const problem = layerProblem(program, steps);
  const plane = batch * width;
  const ofDirection = (state: RecurrentState, name: string, index: number): Float64Array =>
    Float64Array.from(state[name]!.subarray(index * plane, (index + 1) * plane));

  const levels = [Float64Array.from(input)];
  const runs: Run[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const output = new Float64Array(rows * outputs);
    for (let direction = 0; direction < directions; direction++) {
      const index = layer * directions + direction;
      const tensors = weights.layers[layer]![direction]!;
      const walked = direction === 0 ? levels[layer]! : reversedSteps(levels[layer]!, batch, steps);
      const inputs = {
        wx: projected(walked, tensors.input, layerInputDim(program, layer)),
        recurrent: Float64Array.from(tensors.recurrent),
        bias: Float64Array.from(tensors.bias),
        ...Object.fromEntries(cell.states.map((name) => [`${name}_initial`, ofDirection(start, name, index)])),
      };
      runs.push({ walked, inputs });
      const h = referenceForward(problem, inputs)[cell.states[0]!]!;
      const inOrder = direction === 0 ? h : reversedSteps(h, batch, steps);
      for (let row = 0; row < rows; row++) {
        output.set(inOrder.subarray(row * width, (row + 1) * width), row * outputs + direction * width);
      }
    }
    levels.push(output);
  }

  const state = Object.fromEntries(cell.states.map((name) => [name, new Float64Array(runs.length * plane)]));
  const ofWeights: Record<"input" | "recurrent" | "bias", Float64Array>[] = [];
  let gradient = Float64Array.from(outputGradient);
  for (let layer = layers - 1; layer >= 0; layer--) {
    const inputDim = layerInputDim(program, layer);
    const below = new Float64Array(rows * inputDim);
    for (let direction = 0; direction < directions; direction++) {
      const index = layer * directions + direction;
      const { walked, inputs } = runs[index]!;
      const ofOutput = new Float64Array(rows * width);
      for (let row = 0; row < rows; row++) {
        const from = row * outputs + direction * width;
        ofOutput.set(gradient.subarray(from, from + width), row * width);
      }
      const results = referenceBackward(problem, inputs, {
        [`d_${cell.states[0]!}`]: direction === 0 ? ofOutput : reversedSteps(ofOutput, batch, steps),
        ...Object.fromEntries(cell.states.map((name) => [`d_${name}_last`, ofDirection(stateGradient, name, index)])),
      });
      for (const name of cell.states) state[name]!.set(results[`d_${name}_initial`]!, index * plane);
      const dWx = results.d_wx!;
      const columns = dWx.length / rows;
      const dInput = new Float64Array(columns * inputDim);
      const dX = new Float64Array(rows * inputDim);
      const w = weights.layers[layer]![direction]!.input;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const value = dWx[row * columns + column]!;
          for (let i = 0; i < inputDim; i++) {
            dInput[column * inputDim + i]! += value * walked[row * inputDim + i]!;
            dX[row * inputDim + i]! += value * w[column * inputDim + i]!;
          }
        }
      }
      ofWeights[index] = { input: dInput, recurrent: results.d_recurrent!, bias: results.d_bias! };
      const inOrder = direction === 0 ? dX : reversedSteps(dX, batch, steps);
      inOrder.forEach((value, place) => {
        below[place]! += value;
      });
    }
    gradient = below;
  }
  return { input: gradient, state, weights: ofWeights };
}
