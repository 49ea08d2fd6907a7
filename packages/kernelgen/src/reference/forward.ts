import { gateInput, stateInput, stepGraph } from "../cell/definition.js";
import { compileScalars } from "../cell/evaluate.js";
import { isLinear } from "../cell/linear.js";
import type { Problem } from "../plan/problem.js";
import { savedValues } from "../plan/saved-values.js";
import { elementCount, forwardTensors, lengthsName } from "../plan/tensors.js";
import { gateParts, preActivation } from "./gate-inputs.js";
import { scanForward } from "./scan/forward.js";

/** Values of tensors by name, in the layouts of `forwardTensors`. */
export type TensorValues = Readonly<Record<string, Float64Array>>;

/** What one head does to one sequence: what it starts from, and what each step makes. */
export interface HeadSequence {
  /** The steps of the sequence; what lies beyond is zero. */
  readonly length: number;
  /** Each state's initial values, and its values after each step: [S][T + 1][D]. */
  readonly states: readonly (readonly Float64Array[])[];
  /** In training, each saved value in each step: [values][T][D]. */
  readonly saved: readonly (readonly Float64Array[])[];
  /** Pre-activations of each step: [T][D·G], the gates of a unit together. */
  readonly preActivations: readonly Float64Array[];
}

/**
 * The forward pass in float64 on the CPU, the oracle of every test:
 *
 *     u_g[b,t,n] = R[g,n] · h[b,t-1,n] + wx[b,t,g,n] + bias[g,n],   states[b,t,n] = step(u[b,t,n], states[b,t-1,n])
 *
 * where a gate has fewer terms, as its flags say. Where `inputs` has lengths [B], outputs beyond a sequence's length are zero, and its last step
 * is the last of these. Returns each output by name. Time grows as B·T·N·G·D², memory as B·T·N·D.
 */
export function referenceForward(problem: Problem, inputs: TensorValues): TensorValues {
  if (isLinear(problem.cell)) return scanForward(problem, inputs);
  const { headDim: D, heads: N, batch: B, steps: T } = problem;
  const outputs = forwardTensors(problem).filter((tensor) => tensor.role === "output");
  const results = outputs.map((tensor) => new Float64Array(elementCount(tensor)));
  const run = headRunner(problem, inputs);
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < N; n++) {
      const { length, states, saved } = run(b, n);
      // Each output's values in every step; a state also has its initial ones before.
      const values = [...states.map((sequence) => sequence.slice(1)), ...saved];
      outputs.forEach(({ shape }, index) => {
        const kept = shape[1]!;
        for (let step = 0; step < kept; step++) {
          const time = kept === T ? step : length - 1;
          results[index]!.set(values[index]![time]!, ((b * kept + step) * N + n) * D);
        }
      });
    }
  }
  return Object.fromEntries(outputs.map((tensor, s) => [tensor.name, results[s]!]));
}

/** Prepares the run of one sequence through one head. */
export function headRunner(problem: Problem, inputs: TensorValues): (b: number, n: number) => HeadSequence {
  const { cell, headDim: D, heads: N, steps: T } = problem;
  const [G, S] = [cell.gates.length, cell.states.length];
  const backward = savedValues(problem);
  const roots = backward ? [...backward.states, ...backward.saved.map(({ node }) => node)] : stepGraph(cell);
  const step = compileScalars(roots, [...cell.gates.map(gateInput), ...cell.states.map(stateInput)]);
  const parts = gateParts(problem);
  const weights = inputs as Readonly<Record<"wx" | "bias" | "recurrent", Float64Array>>;
  const stepInputs = new Float64Array(G + S);
  const stepResults = new Float64Array(roots.length);
  return (b, n) => {
    const initial = (b * N + n) * D;
    const length = inputs[lengthsName]?.[b] ?? T;
    const states = cell.states.map(({ name }) => [inputs[`${name}_initial`]!.slice(initial, initial + D)]);
    const saved: Float64Array[][] = roots.slice(S).map(() => []);
    const preActivations: Float64Array[] = [];
    for (let t = 0; t < T; t++) {
      const h = states[0]![t]!;
      const u = new Float64Array(D * G);
      for (const values of [...states, ...saved]) values.push(new Float64Array(D));
      preActivations.push(u);
      if (t >= length) continue;
      for (let d = 0; d < D; d++) {
        for (let g = 0; g < G; g++) {
          stepInputs[g] = preActivation(parts[g]!, weights, [b, t, n, d], h);
          u[d * G + g] = stepInputs[g]!;
        }
        for (let s = 0; s < S; s++) stepInputs[G + s] = states[s]![t]![d]!;
        step(stepInputs, stepResults);
        for (let s = 0; s < S; s++) states[s]![t + 1]![d] = stepResults[s]!;
        for (let value = 0; value < saved.length; value++) saved[value]![t]![d] = stepResults[S + value]!;
      }
    }
    return { length, states, saved, preActivations };
  };
}
