import { gateInput, gatePlaces, gatesWith, stateInput, stepGraph } from "../cell/definition.js";
import { compileScalars } from "../cell/evaluate.js";
import type { Problem } from "../plan/problem.js";
import { elementCount, forwardTensors } from "../plan/tensors.js";

/** Values of tensors by name, in the layouts of `forwardTensors`. */
export type TensorValues = Readonly<Record<string, Float64Array>>;

/**
 * The forward pass in float64 on the CPU, the oracle of every test:
 *
 *     u_g[b,t,n] = R[g,n] · h[b,t-1,n] + wx[b,t,g,n] + bias[g,n],   states[b,t,n] = step(u[b,t,n], states[b,t-1,n])
 *
 * where a gate has fewer terms, as its flags say.
 * Returns each state's tensor by name. Time and memory grow as B·T·N·G·D² and B·T·N·D.
 */
export function referenceForward(problem: Problem, inputs: TensorValues): TensorValues {
  const { cell, headDim: D, heads: N, batch: B, steps: T } = problem;
  const G = cell.gates.length;
  const inputGateCount = gatesWith(cell, "input").length;
  const places = gatePlaces(cell);
  const step = compileScalars(stepGraph(cell), [...cell.gates.map(gateInput), ...cell.states.map(stateInput)]);
  const stepInputs = new Float64Array(G + cell.states.length);
  const stepResults = new Float64Array(cell.states.length);
  const { wx, recurrent, bias } = inputs as Readonly<Record<"wx" | "recurrent" | "bias", Float64Array>>;
  const outputs = forwardTensors(problem).filter((tensor) => tensor.role === "output");
  const results = outputs.map((tensor) => new Float64Array(elementCount(tensor)));

  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) {
      const initial = (b * N + n) * D;
      let states = cell.states.map(({ name }) => inputs[`${name}_initial`]!.slice(initial, initial + D));
      for (let t = 0; t < T; t++) {
        const h = states[0]!;
        const next = cell.states.map(() => new Float64Array(D));
        for (let d = 0; d < D; d++) {
          for (let g = 0; g < G; g++) {
            const place = places[g]!;
            const unitOf = (gate: number): number => (gate * N + n) * D + d;
            let sum = 0;
            if (place.input !== undefined) sum += wx[(b * T + t) * inputGateCount * N * D + unitOf(place.input)]!;
            if (place.bias !== undefined) sum += bias[unitOf(place.bias)]!;
            if (place.recurrent !== undefined) {
              const row = unitOf(place.recurrent) * D;
              for (let k = 0; k < D; k++) sum += recurrent[row + k]! * h[k]!;
            }
            stepInputs[g] = sum;
          }
          for (let s = 0; s < states.length; s++) stepInputs[G + s] = states[s]![d]!;
          step(stepInputs, stepResults);
          for (let s = 0; s < states.length; s++) next[s]![d] = stepResults[s]!;
        }
        states = next;
        outputs.forEach((tensor, s) => {
          const kept = tensor.shape[1]!;
          if (t >= T - kept) results[s]!.set(next[s]!, ((b * kept + (t - (T - kept))) * N + n) * D);
        });
      }
    }
  }
  return Object.fromEntries(outputs.map((tensor, s) => [tensor.name, results[s]!]));
}
