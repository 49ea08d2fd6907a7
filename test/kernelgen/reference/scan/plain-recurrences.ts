import type { Problem } from "../../../../packages/kernelgen/src/plan/problem.js";
import type { ScanValues } from "../../../../packages/kernelgen/src/reference/scan/gate-rows.js";

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const positive = (x: number): number => (x >= 0 ? x + 0.5 : sigmoid(x));
/** f / (f + i), from the logarithm of i / f: σ(u_i) and σ(u_f) may both be too small for a float. */
const share = (uOwn: number, uOther: number): number => {
  const logSigmoid = (x: number): number => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  return sigmoid(logSigmoid(uOwn) - logSigmoid(uOther));
};

/** a, 1 − a and b by the equations of the paper, from the pre-activations in the order of the gates. */
export const plainCoefficients: Readonly<Record<string, (u: readonly number[]) => readonly [number, number, number]>> =
  {
    mingru: ([h, z]) => [sigmoid(-z!), sigmoid(z!), sigmoid(z!) * positive(h!)],
    mingru_plain: ([h, z]) => [sigmoid(-z!), sigmoid(z!), sigmoid(z!) * h!],
    minlstm: ([h, f, i]) => [share(f!, i!), share(i!, f!), share(i!, f!) * positive(h!)],
    minlstm_plain: ([h, f, i]) => [share(f!, i!), share(i!, f!), share(i!, f!) * h!],
    linear: ([a, b]) => [a!, 1 - a!, b!],
  };

/** The states of every step, one channel after the other, in plain float64 loops: `h` and `h_last`. */
export function plainScan(
  problem: Problem,
  inputs: ScanValues,
  lengths?: ArrayLike<number>,
): Record<string, Float64Array> {
  const { cell, heads, headDim, batch, steps } = problem;
  const [channels, gates] = [heads * headDim, cell.gates.length];
  const coefficients = plainCoefficients[cell.name]!;
  const h = new Float64Array(batch * steps * channels);
  const last = new Float64Array(batch * channels);
  for (let b = 0; b < batch; b++) {
    for (let channel = 0; channel < channels; channel++) {
      let state = inputs.h_initial![b * channels + channel]!;
      for (let t = 0; t < (lengths?.[b] ?? steps); t++) {
        const row = b * steps + t;
        const u = cell.gates.map((_, g) => inputs.wx![(row * gates + g) * channels + channel]!);
        const [decay, forget, update] = coefficients(u);
        // Of the two forms of one step, the one that loses less.
        state = decay < 0.5 ? decay * state + update : state - forget * state + update;
        h[row * channels + channel] = state;
      }
      last[b * channels + channel] = state;
    }
  }
  return { h, h_last: last };
}
