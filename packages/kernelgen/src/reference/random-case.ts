import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { decayGate, isLinear } from "../cell/linear.js";
import { roundTo } from "../plan/data-type.js";
import type { Problem } from "../plan/problem.js";
import { elementCount, forwardTensors, gradientName, type Tensor } from "../plan/tensors.js";
import type { TensorValues } from "./forward.js";

/**
 * Random inputs of a forward pass: normal with deviation 1, but R with deviation 1/√D so that a step neither dies nor explodes. States
 * that cannot be negative have zeros in place of negative numbers. Every value is rounded to its tensor's type, so that kernel and
 * reference start from the same numbers. A gate that is itself the decay of a linear recurrence has values between 0 and 1, or its state
 * would grow beyond all bounds. Lengths are from 1 to T. The same seed gives the same case.
 */
export function randomInputs(problem: Problem, seed: number): TensorValues {
  const generator = xoroshiro128plus(seed);
  const inputs = forwardTensors(problem).filter((tensor) => tensor.role === "input");
  return Object.fromEntries(inputs.map((tensor) => [tensor.name, randomTensor(tensor, problem, generator)]));
}

function randomTensor(tensor: Tensor, problem: Problem, generator: RandomGenerator): Float64Array {
  const { type } = tensor;
  if (type === "int32") {
    return Float64Array.from({ length: elementCount(tensor) }, () => Math.ceil(uniform(generator) * problem.steps));
  }
  const deviation = tensor.name === "recurrent" ? 1 / Math.sqrt(problem.headDim) : 1;
  const values = new Float64Array(elementCount(tensor));
  const decay = tensor.name === "wx" && isLinear(problem.cell) ? decayGate(problem.cell) : -1;
  const channels = problem.heads * problem.headDim;
  for (let i = 0; i < values.length; i++) {
    const drawn = deviation * normal(generator);
    const isDecay = Math.floor(i / channels) % problem.cell.gates.length === decay;
    const value = isDecay ? 1 / (1 + drawn * drawn) : drawn;
    values[i] = tensor.isNonNegative && value < 0 ? 0 : roundTo(type, value);
  }
  return values;
}

/** A number in (0, 1]. */
const uniform = (generator: RandomGenerator): number => ((generator.next() >>> 0) + 1) / 2 ** 32;

/** A normally distributed number, by the transform of Box and Muller. */
function normal(generator: RandomGenerator): number {
  const radius = Math.sqrt(-2 * Math.log(uniform(generator)));
  return radius * Math.cos(2 * Math.PI * uniform(generator));
}

/**
 * Random gradients of a forward pass's outputs, `d_h` and so on, in the shapes of the states (`Problem.stateOutput`) and rounded to their
 * types; normal with deviation 1. The same seed gives the same gradients, other numbers than those of `randomInputs`.
 */
export function randomGradients(problem: Problem, seed: number): TensorValues {
  const generator = xoroshiro128plus(~seed);
  const outputs = forwardTensors(problem).filter(({ role }) => role === "output");
  return Object.fromEntries(
    outputs
      .slice(0, problem.cell.states.length)
      .map((tensor) => [
        gradientName(tensor.name),
        randomTensor({ ...tensor, isNonNegative: false }, problem, generator),
      ]),
  );
}
