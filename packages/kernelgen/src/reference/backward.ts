import { gateInput, stateInput } from "../cell/definition.js";
import { clipped, compileScalars } from "../cell/evaluate.js";
import { adjointInput, stepGradient } from "../cell/step-gradient.js";
import type { Problem } from "../plan/problem.js";
import { elementCount, forwardTensors, gradientName, lengthsName } from "../plan/tensors.js";
import { headRunner, type TensorValues } from "./forward.js";
import { gateParts } from "./gate-inputs.js";

/** The name of the gradient of a state's last step alone, beside that of its tensor. */
const lastGradientName = (stateName: string): string => `d_${stateName}_last`;

/**
 * The backward pass in float64 on the CPU, by backpropagation through time: from dL/d(outputs) the gradients of all inputs.
 *
 * With δ the adjoints of the states after step t (from outside and from step t + 1) and du_g from the derivative of the cell's step:
 *
 *     d_wx[b,t,g,n] = du_g      d_bias[g,n] = Σ_b,t du_g      d_recurrent[g,n] = Σ_b,t du_g ⊗ h[b,t−1,n]
 *     δh[b,t−1,n] = Σ_g R[g,n]ᵀ·du_g + dL/dh_previous of the step itself
 *
 * where the sum over g is clipped or left out as the problem says. Where `inputs` has lengths [B], a sequence ends with the last of its steps.
 *
 * @param inputs the forward pass's inputs
 * @param gradients `d_h` and so on in the shapes of the outputs, and `d_h_last [B,1,N,D]` and so on of the last step; missing ones are zero
 * @returns `d_wx`, `d_recurrent`, `d_bias` and `d_h_initial` and so on, in the shapes of the inputs; `d_u_g [B,T,N,D]` and so on, du of the
 * gates without an input
 */
export function referenceBackward(problem: Problem, inputs: TensorValues, gradients: TensorValues): TensorValues {
  const { cell, headDim: D, heads: N, batch: B, steps: T } = problem;
  const { recurrentGradientClip = Infinity, recurrentGradientCut } = problem;
  const [G, S] = [cell.gates.length, cell.states.length];
  const results = Object.fromEntries(
    forwardTensors(problem)
      .filter(({ name, role }) => role === "input" && name !== lengthsName)
      .map((tensor) => [gradientName(tensor.name), new Float64Array(elementCount(tensor))]),
  );
  // Gates without an input have gradients of their own.
  const ownGradients = cell.gates.map(({ name, input }) => {
    if (input !== false) return undefined;
    const values = new Float64Array(B * T * N * D);
    results[gradientName(`u_${name}`)] = values;
    return values;
  });
  const [dWx, dBias, dRecurrent] = [results.d_wx!, results.d_bias!, results.d_recurrent!];
  const recurrent = inputs.recurrent!;
  const { gateGradients, previousGradients } = stepGradient(cell);
  const backwardStep = compileScalars(
    [...gateGradients, ...previousGradients],
    [...cell.gates.map(gateInput), ...cell.states.map(stateInput), ...cell.states.map(adjointInput)],
  );
  const stepInputs = new Float64Array(G + S + S);
  const stepResults = new Float64Array(G + S);
  const parts = gateParts(problem);
  const given = givenAdjoints(problem, gradients);
  const run = headRunner(problem, inputs);

  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) {
      const { length, states, preActivations } = run(b, n);
      // What the later steps give to the states after step t: [S][D].
      let adjoints = cell.states.map(() => new Float64Array(D));
      for (let t = length - 1; t >= 0; t--) {
        const h = states[0]![t]!;
        const previousAdjoints = cell.states.map(() => new Float64Array(D));
        const throughRecurrent = new Float64Array(D);
        for (let d = 0; d < D; d++) {
          for (let g = 0; g < G; g++) stepInputs[g] = preActivations[t]![d * G + g]!;
          for (let s = 0; s < S; s++) {
            stepInputs[G + s] = states[s]![t]![d]!;
            stepInputs[G + S + s] = adjoints[s]![d]! + given(s, [b, t, n, d], length);
          }
          backwardStep(stepInputs, stepResults);
          for (let s = 0; s < S; s++) previousAdjoints[s]![d]! += stepResults[G + s]!;
          for (let g = 0; g < G; g++) {
            const gradient = stepResults[g]!;
            const part = parts[g]!;
            const [inputIndex, biasIndex, row] = [part.input(b, t, n, d), part.bias(n, d), part.row(n, d)];
            if (inputIndex !== undefined) dWx[inputIndex] = gradient;
            const own = ownGradients[g];
            if (own !== undefined) own[((b * T + t) * N + n) * D + d] = gradient;
            if (biasIndex !== undefined) dBias[biasIndex]! += gradient;
            if (row === undefined) continue;
            for (let k = 0; k < D; k++) {
              dRecurrent[row + k]! += gradient * h[k]!;
              throughRecurrent[k]! += gradient * recurrent[row + k]!;
            }
          }
        }
        if (!recurrentGradientCut) {
          for (let k = 0; k < D; k++) previousAdjoints[0]![k]! += clipped(throughRecurrent[k]!, recurrentGradientClip);
        }
        adjoints = previousAdjoints;
      }
      cell.states.forEach(({ name }, s) => {
        results[gradientName(`${name}_initial`)]!.set(adjoints[s]!, (b * N + n) * D);
      });
    }
  }
  return results;
}

/** The adjoint that the caller gives for state s of a unit after step t of a sequence of that length. */
function givenAdjoints(
  problem: Problem,
  gradients: TensorValues,
): (s: number, place: readonly [b: number, t: number, n: number, d: number], length: number) => number {
  const { headDim: D, heads: N, steps: T } = problem;
  const outputs = forwardTensors(problem).filter(({ role }) => role === "output");
  return (s, [b, t, n, d], length) => {
    const { name, shape } = outputs[s]!;
    const kept = shape[1]!;
    const step = kept === T ? t : t - (length - 1);
    const ofStep = step < 0 ? 0 : (gradients[gradientName(name)]?.[((b * kept + step) * N + n) * D + d] ?? 0);
    const ofLast = t < length - 1 ? 0 : (gradients[lastGradientName(name)]?.[(b * N + n) * D + d] ?? 0);
    return ofStep + ofLast;
  };
}
