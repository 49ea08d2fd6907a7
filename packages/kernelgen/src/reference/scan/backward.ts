import { stateInput } from "../../cell/definition.js";
import type { InputRows, Numbers } from "../../cell/evaluate-rows.js";
import { linearGraph } from "../../cell/linear.js";
import { constant, subtract } from "../../cell/scalar.js";
import { adjointInput, stepGradient } from "../../cell/step-gradient.js";
import { KernelgenError } from "../../errors.js";
import type { Problem } from "../../plan/problem.js";
import { type GateRows, gateRows, type ScanValues } from "./gate-rows.js";
import { type LinearProblem, type ScanOptions, scanArguments, zerosLike } from "./options.js";

/**
 * The backward pass of a linear recurrence on the CPU: a scan from the last step to the first, with the same decays,
 *
 *     δ[b,t] = d_h[b,t] + a[b,t+1]·δ[b,t+1]      d_wx[b,t] = δ[b,t]·(∂a/∂u·h[b,t−1] + ∂b/∂u)      d_h_initial[b] = a[b,0]·δ[b,0]
 *
 * where d_h_last is added to δ of the last step. The gradient of a bias is that of `wx`, summed over b and t.
 *
 * @param inputs those of the forward pass, its `h`, and `d_h` and `d_h_last`
 * @returns `d_wx [B,T,G,N,D]` and `d_h_initial [B,1,N,D]`
 */
export function scanBackward<Values extends Numbers>(
  problem: Problem,
  inputs: ScanValues<Values>,
  options: ScanOptions = {},
): ScanValues<Values> {
  const { algorithm = "sequential" } = options;
  if (algorithm === "log-scan") {
    throw new KernelgenError("invalid-problem", "log-scan: gradients have either sign, which has no logarithm");
  }
  const { linear, lengths, chunkSteps } = scanArguments({ ...problem, pass: "backward" }, inputs, options);
  const { cell, batch, steps } = linear;
  const channels = linear.heads * linear.headDim;
  const name = cell.states[0]!.name;
  const carried = zerosLike(inputs.wx!, batch * channels);
  const adjoints = zerosLike(inputs.wx!, batch * steps * channels);
  const gradients = zerosLike(inputs.wx!, inputs.wx!.length);
  const run = (algorithm === "scan" ? chunkedAdjoints : sequentialAdjoints)(linear, inputs);
  for (let b = 0; b < batch; b++) {
    const carry = Float64Array.from(inputs[`d_${name}_last`]!.subarray(b * channels, (b + 1) * channels));
    const rows = adjoints.subarray(b * steps * channels, (b * steps + lengths[b]!) * channels);
    run(b, lengths[b]!, rows, carry, chunkSteps);
    carried.set(carry, b * channels);
  }
  writeGateGradients(linear, inputs, adjoints, lengths, gradients);
  return { d_wx: gradients, [`d_${name}_initial`]: carried };
}

/** Computes δ of one sequence from the gradient in `carry` that comes from beyond, and leaves there that of the initial state. */
type AdjointRun = (b: number, length: number, adjoints: Numbers, carry: Float64Array, chunkSteps: number) => void;

function forgetRows(problem: LinearProblem, inputs: ScanValues): GateRows {
  const { decay, forget } = linearGraph(problem.cell);
  return gateRows(problem, inputs, [forget ?? subtract(constant(1), decay)]);
}

function sequentialAdjoints(problem: LinearProblem, inputs: ScanValues): AdjointRun {
  const rows = forgetRows(problem, inputs);
  const forget = rows.results[0]!;
  const given = inputs[`d_${problem.cell.states[0]!.name}`]!;
  return (b, length, adjoints, carry) => {
    const channels = carry.length;
    for (let end = length; end > 0; end -= rows.capacity) {
      const first = Math.max(0, end - rows.capacity);
      rows.evaluate(b, first, end - first);
      for (let t = end - 1; t >= first; t--) {
        const [to, from, row] = [t * channels, (b * problem.steps + t) * channels, (t - first) * channels];
        for (let i = 0; i < channels; i++) {
          const adjoint = given[from + i]! + carry[i]!;
          adjoints[to + i] = adjoint;
          carry[i] = adjoint - forget[row + i]! * adjoint;
        }
      }
    }
  };
}

function chunkedAdjoints(problem: LinearProblem, inputs: ScanValues): AdjointRun {
  const rows = forgetRows(problem, inputs);
  const forget = rows.results[0]!;
  const given = inputs[`d_${problem.cell.states[0]!.name}`]!;
  return (b, length, adjoints, carry, chunkSteps) => {
    const channels = carry.length;
    // 1 − the product of the decays of the steps between each and the chunk's end, and what is passed on from a zero gradient.
    const forgotten = zerosLike(adjoints, chunkSteps * channels);
    const product = new Float64Array(channels);
    const passed = new Float64Array(channels);
    for (let end = length; end > 0; end -= chunkSteps) {
      const chunk = Math.max(0, end - chunkSteps);
      product.fill(0);
      passed.fill(0);
      for (let last = end; last > chunk; last -= rows.capacity) {
        const first = Math.max(chunk, last - rows.capacity);
        rows.evaluate(b, first, last - first);
        for (let t = last - 1; t >= first; t--) {
          const [to, from, row] = [t * channels, (b * problem.steps + t) * channels, (t - first) * channels];
          const at = (t - chunk) * channels;
          for (let i = 0; i < channels; i++) {
            const adjoint = given[from + i]! + passed[i]!;
            const stepForget = forget[row + i]!;
            adjoints[to + i] = adjoint;
            forgotten[at + i] = product[i]!;
            passed[i] = adjoint - stepForget * adjoint;
            product[i]! += stepForget * (1 - product[i]!);
          }
        }
      }
      // With the gradient from beyond the chunk.
      for (let t = chunk, at = 0; t < end; t++, at += channels) {
        const to = t * channels;
        for (let i = 0; i < channels; i++) adjoints[to + i]! += carry[i]! - forgotten[at + i]! * carry[i]!;
      }
      for (let i = 0; i < channels; i++) carry[i]! += passed[i]! - product[i]! * carry[i]!;
    }
  };
}

/** d_wx from δ. */
function writeGateGradients(
  problem: LinearProblem,
  inputs: ScanValues,
  adjoints: Numbers,
  lengths: readonly number[],
  gradients: Numbers,
): void {
  const { cell, batch, steps } = problem;
  const channels = problem.heads * problem.headDim;
  const state = cell.states[0]!;
  const gates = cell.gates.length;
  const previous: InputRows = { values: inputs[state.name]!, offset: 0, stride: channels };
  const adjoint: InputRows = { values: adjoints, offset: 0, stride: channels };
  const rows = gateRows(problem, inputs, stepGradient(cell).gateGradients, {
    [stateInput(state)]: previous,
    [adjointInput(state)]: adjoint,
  });
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < lengths[b]!; ) {
      // The state before the first step lies elsewhere.
      const count = t === 0 ? 1 : Math.min(rows.capacity, lengths[b]! - t);
      const row = b * steps + t;
      previous.values = inputs[t === 0 ? `${state.name}_initial` : state.name]!;
      previous.offset = (t === 0 ? b : row - 1) * channels;
      adjoint.offset = row * channels;
      rows.evaluate(b, t, count);
      rows.results.forEach((result, g) => {
        for (let s = 0; s < count; s++) {
          gradients.set(result.subarray(s * channels, (s + 1) * channels), ((row + s) * gates + g) * channels);
        }
      });
      t += count;
    }
  }
}
