import { gateInput, gatePlaces, gatesWith, stateInput } from "../cell/definition.js";
import { compileScalars } from "../cell/evaluate.js";
import { adjointInput, stepGradient } from "../cell/step-gradient.js";
import type { Problem } from "../plan/problem.js";
import { elementCount, forwardTensors } from "../plan/tensors.js";
import type { TensorValues } from "./forward.js";

/** The gradient of a tensor, by the tensor's name. */
export const gradientName = (tensorName: string): string => `d_${tensorName}`;
/** The gradient of the last step of a state's tensor, beside that of the tensor itself. */
export const lastGradientName = (stateName: string): string => `d_${stateName}_last`;

/**
 * The backward pass in float64 on the CPU, by backpropagation through time: from dL/d(outputs) the gradients of all inputs.
 *
 * Of a step t, with δ the adjoints of its states (from outside and from step t + 1) and du_g from the derivative of the cell's step:
 *
 *     d_wx[b,t,g,n] = du_g      d_bias[g,n] = Σ_b,t du_g      d_recurrent[g,n] = Σ_b,t du_g ⊗ h[b,t−1,n]
 *     δh[b,t−1,n] += Σ_g R[g,n]ᵀ·du_g + dL/dh_previous of the step itself
 *
 * @param inputs the forward pass's inputs
 * @param gradients `d_h` and so on in the shapes of the outputs, and `d_h_last [B,1,N,D]` and so on of the last step; missing ones are zero
 * @returns `d_wx`, `d_recurrent`, `d_bias` and `d_h_initial` and so on, in the shapes of the inputs
 */
export function referenceBackward(problem: Problem, inputs: TensorValues, gradients: TensorValues): TensorValues {
  const { cell, headDim: D, heads: N, batch: B, steps: T } = problem;
  const G = cell.gates.length;
  const S = cell.states.length;
  const inputGateCount = gatesWith(cell, "input").length;
  const places = gatePlaces(cell);
  const { states: stepRoots, gateGradients, previousGradients } = stepGradient(cell);
  const names = [...cell.gates.map(gateInput), ...cell.states.map(stateInput)];
  const step = compileScalars(stepRoots, names);
  const backwardStep = compileScalars(
    [...gateGradients, ...previousGradients],
    [...names, ...cell.states.map(adjointInput)],
  );
  const tensors = forwardTensors(problem);
  const results: Record<string, Float64Array> = Object.fromEntries(
    tensors
      .filter(({ role }) => role === "input")
      .map((tensor) => [gradientName(tensor.name), new Float64Array(elementCount(tensor))]),
  );
  const outputs = tensors.filter(({ role }) => role === "output");
  const wx = inputs.wx!;
  const bias = inputs.bias!;
  const recurrent = inputs.recurrent!;
  const [dWx, dBias, dRecurrent] = [results.d_wx!, results.d_bias!, results.d_recurrent!];

  /** The adjoint that the caller gives for state s after step t. */
  const givenAdjoint = (s: number, b: number, t: number, n: number, d: number): number => {
    const { name, shape } = outputs[s]!;
    const kept = shape[1]!;
    const keptStep = t - (T - kept);
    const last = t === T - 1 ? (gradients[lastGradientName(name)]?.[(b * N + n) * D + d] ?? 0) : 0;
    return keptStep < 0 ? last : last + (gradients[gradientName(name)]?.[((b * kept + keptStep) * N + n) * D + d] ?? 0);
  };

  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) {
      // Forward once more: pre-activations [T][D][G], and states [T + 1][D][S] from the initial ones on.
      const u = new Float64Array(T * D * G);
      const states = new Float64Array((T + 1) * D * S);
      for (let s = 0; s < S; s++) {
        const initial = inputs[`${cell.states[s]!.name}_initial`]!;
        for (let d = 0; d < D; d++) states[d * S + s] = initial[(b * N + n) * D + d]!;
      }
      const unitOf = (gate: number, d: number): number => (gate * N + n) * D + d;
      const inputOf = (gate: number, t: number, d: number): number =>
        (b * T + t) * inputGateCount * N * D + unitOf(gate, d);
      const stepInputs = new Float64Array(G + S + S);
      const stepResults = new Float64Array(Math.max(S, G + S));
      const loadStep = (t: number, d: number): void => {
        for (let g = 0; g < G; g++) stepInputs[g] = u[(t * D + d) * G + g]!;
        for (let s = 0; s < S; s++) stepInputs[G + s] = states[(t * D + d) * S + s]!;
      };
      for (let t = 0; t < T; t++) {
        for (let d = 0; d < D; d++) {
          places.forEach((place, g) => {
            let sum = 0;
            if (place.input !== undefined) sum += wx[inputOf(place.input, t, d)]!;
            if (place.bias !== undefined) sum += bias[unitOf(place.bias, d)]!;
            if (place.recurrent !== undefined) {
              const row = unitOf(place.recurrent, d) * D;
              for (let k = 0; k < D; k++) sum += recurrent[row + k]! * states[(t * D + k) * S]!;
            }
            u[(t * D + d) * G + g] = sum;
          });
          loadStep(t, d);
          step(stepInputs, stepResults);
          for (let s = 0; s < S; s++) states[((t + 1) * D + d) * S + s] = stepResults[s]!;
        }
      }

      // Backward: the adjoints of the states after step t, [D][S], without what the caller gives.
      let adjoints = new Float64Array(D * S);
      for (let t = T - 1; t >= 0; t--) {
        const previousAdjoints = new Float64Array(D * S);
        for (let d = 0; d < D; d++) {
          loadStep(t, d);
          for (let s = 0; s < S; s++) stepInputs[G + S + s] = adjoints[d * S + s]! + givenAdjoint(s, b, t, n, d);
          backwardStep(stepInputs, stepResults);
          for (let s = 0; s < S; s++) previousAdjoints[d * S + s]! += stepResults[G + s]!;
          places.forEach((place, g) => {
            const gradient = stepResults[g]!;
            if (place.input !== undefined) dWx[inputOf(place.input, t, d)] = gradient;
            if (place.bias !== undefined) dBias[unitOf(place.bias, d)]! += gradient;
            if (place.recurrent === undefined) return;
            const row = unitOf(place.recurrent, d) * D;
            for (let k = 0; k < D; k++) {
              dRecurrent[row + k]! += gradient * states[(t * D + k) * S]!;
              previousAdjoints[k * S]! += gradient * recurrent[row + k]!;
            }
          });
        }
        adjoints = previousAdjoints;
      }
      for (let s = 0; s < S; s++) {
        const initial = results[gradientName(`${cell.states[s]!.name}_initial`)]!;
        for (let d = 0; d < D; d++) initial[(b * N + n) * D + d] = adjoints[d * S + s]!;
      }
    }
  }
  return results;
}
