import { findCell } from "../../../../packages/kernelgen/src/cell/index.js";
import { defineProblem, type Problem } from "../../../../packages/kernelgen/src/plan/problem.js";
import { referenceForward } from "../../../../packages/kernelgen/src/reference/forward.js";
import {
  directionCount,
  layerDim,
  layerInputDim,
  outputDim,
  type RecurrentProgram,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import {
  type DirectionWeights,
  type RecurrentWeights,
  weightShapes,
} from "../../../../packages/kernelgen/src/wgsl/recurrent/weights.js";

/** Numbers from a seed, uniform in ±`scale`, each a float32. */
export function randomNumbers(count: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  // A 32-bit generator of Marsaglia's xorshift family, warmed up so that neighbouring seeds do not resemble each other.
  let state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < 8; i++) next();
  return Float32Array.from({ length: count }, () => scale * (2 * next() - 1));
}

export function randomWeights(program: RecurrentProgram, seed: number): RecurrentWeights {
  let count = seed;
  const tensor = (shape: readonly number[], scale: number): Float32Array =>
    randomNumbers(
      shape.reduce((a, b) => a * b, 1),
      ++count,
      scale,
    );
  return {
    layers: Array.from({ length: program.layers }, (_, layer) =>
      Array.from({ length: directionCount(program) }, (): DirectionWeights => {
        const { input, recurrent, bias } = weightShapes(program, layer);
        return {
          input: tensor(input, 1 / Math.sqrt(input.at(-1)!)),
          recurrent: tensor(recurrent, 1 / Math.sqrt(program.headDim)),
          bias: tensor(bias, 0.5),
        };
      }),
    ),
  };
}

/** The problem that one direction of a layer solves for so many steps. */
export const layerProblem = (program: RecurrentProgram, steps: number): Problem =>
  defineProblem({
    cell: program.cell.name,
    headDim: program.headDim,
    heads: program.heads,
    batch: program.batch,
    steps,
    dataType: "fp32",
  });

/** A tensor [B,T,F] with its steps in the opposite order. */
export function reversedSteps(values: Float64Array, batch: number, steps: number): Float64Array {
  const features = values.length / (batch * steps);
  const result = new Float64Array(values.length);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      const from = (b * steps + t) * features;
      result.set(values.subarray(from, from + features), (b * steps + steps - 1 - t) * features);
    }
  }
  return result;
}

/** Wx [rows,G·N·D] of inputs [rows,I] in float64. */
export function projected(input: Float64Array, weights: Float32Array, inputDim: number): Float64Array {
  const [rows, columns] = [input.length / inputDim, weights.length / inputDim];
  const result = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let i = 0; i < inputDim; i++) sum += input[row * inputDim + i]! * weights[column * inputDim + i]!;
      result[row * columns + column] = sum;
    }
  }
  return result;
}

/** A network in float64: plain products for Wx, `referenceForward` for the recurrence, layers and directions one after the other. */
export function referenceNetwork(
  program: RecurrentProgram,
  weights: RecurrentWeights,
  input: Float32Array,
  state?: Readonly<Record<string, Float32Array>>,
): { readonly output: Float64Array; readonly state: Readonly<Record<string, Float64Array>> } {
  const { batch } = program;
  const steps = input.length / (batch * program.inputDim);
  const directions = directionCount(program);
  const width = layerDim(program);
  const problem = layerProblem(program, steps);
  const final = Object.fromEntries(
    program.cell.states.map((name) => [name, new Float64Array(program.layers * directions * batch * width)]),
  );
  let level = Float64Array.from(input);
  for (let layer = 0; layer < program.layers; layer++) {
    const output = new Float64Array(batch * steps * outputDim(program));
    for (let direction = 0; direction < directions; direction++) {
      const tensors = weights.layers[layer]![direction]!;
      const place = (layer * directions + direction) * batch * width;
      const walked = direction === 0 ? level : reversedSteps(level, batch, steps);
      const results = referenceForward(problem, {
        wx: projected(walked, tensors.input, layerInputDim(program, layer)),
        recurrent: Float64Array.from(tensors.recurrent),
        bias: Float64Array.from(tensors.bias),
        ...Object.fromEntries(
          program.cell.states.map((name) => [
            `${name}_initial`,
            Float64Array.from(state?.[name]?.subarray(place, place + batch * width) ?? new Float64Array(batch * width)),
          ]),
        ),
      });
      for (const name of program.cell.states) {
        for (let b = 0; b < batch; b++) {
          const last = (b * steps + steps - 1) * width;
          final[name]!.set(results[name]!.subarray(last, last + width), place + b * width);
        }
      }
      const h = results[findCell(program.cell.name).states[0]!.name]!;
      const inOrder = direction === 0 ? h : reversedSteps(h, batch, steps);
      for (let row = 0; row < batch * steps; row++) {
        output.set(inOrder.subarray(row * width, (row + 1) * width), row * outputDim(program) + direction * width);
      }
    }
    level = output;
  }
  return { output: level, state: final };
}
