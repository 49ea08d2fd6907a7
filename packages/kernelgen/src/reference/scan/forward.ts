import type { Numbers } from "../../cell/evaluate-rows.js";
import { linearGraph } from "../../cell/linear.js";
import { logarithm } from "../../cell/logarithm.js";
import { constant, subtract } from "../../cell/scalar.js";
import { KernelgenError } from "../../errors.js";
import type { Problem } from "../../plan/problem.js";
import { type GateRows, gateRows, type ScanValues } from "./gate-rows.js";
import { type LinearProblem, type ScanOptions, scanArguments, zerosLike } from "./options.js";

/**
 * The forward pass of a linear recurrence on the CPU:
 *
 *     h[b,t] = a(wx[b,t])·h[b,t−1] + b(wx[b,t])      h_last[b] = h[b, lengths[b] − 1]
 *
 * Coefficients are computed in float64; outputs have the precision of the inputs, so that float64 inputs give the oracle of every test. Time and memory grow as B·T·N·D.
 *
 * @returns `h [B,T,N,D]` and `h_last [B,1,N,D]`, under the state's name
 * @throws KernelgenError "invalid-problem" for what `scanArguments` refuses, and of `log-scan` for a number that has no logarithm: a state to
 * start from, or what a step makes of its gates
 */
export function scanForward<Values extends Numbers>(
  problem: Problem,
  inputs: ScanValues<Values>,
  options: ScanOptions = {},
): ScanValues<Values> {
  const { linear, lengths, chunkSteps } = scanArguments({ ...problem, pass: "forward" }, inputs, options);
  const { cell, batch, steps } = linear;
  const channels = linear.heads * linear.headDim;
  const state = cell.states[0]!.name;
  const initial = inputs[`${state}_initial`]!;
  const h = zerosLike(inputs.wx!, batch * steps * channels);
  const last = zerosLike(inputs.wx!, batch * channels);
  const runs = { sequential, scan: chunked, "log-scan": chunkedLogarithms } as const;
  const run = runs[options.algorithm ?? "sequential"](linear, inputs);
  for (let b = 0; b < batch; b++) {
    // The state between steps or chunks is kept in float64: what a slow gate adds to it may be less than the last bit of a float.
    const carry = Float64Array.from(initial.subarray(b * channels, (b + 1) * channels));
    run(b, lengths[b]!, h.subarray(b * steps * channels, (b * steps + lengths[b]!) * channels), carry, chunkSteps);
    last.set(carry, b * channels);
  }
  return { [state]: h, [`${state}_last`]: last };
}

/** Computes the rows of one sequence from the state in `carry`, and leaves the last state there. */
type SequenceRun = (b: number, length: number, h: Numbers, carry: Float64Array, chunkSteps: number) => void;

/** 1 − a and b: where the cell gives 1 − a, without the cancellation of subtracting a from 1. */
function coefficientRows(problem: LinearProblem, inputs: ScanValues): GateRows {
  const { decay, forget, update } = linearGraph(problem.cell);
  return gateRows(problem, inputs, [forget ?? subtract(constant(1), decay), update]);
}

function sequential(problem: LinearProblem, inputs: ScanValues): SequenceRun {
  const rows = coefficientRows(problem, inputs);
  const [forget, update] = rows.results as [Float64Array, Float64Array];
  return (b, length, h, carry) => {
    const channels = carry.length;
    for (let first = 0; first < length; first += rows.capacity) {
      const count = Math.min(rows.capacity, length - first);
      rows.evaluate(b, first, count);
      for (let row = 0, to = first * channels; row < count * channels; row += channels, to += channels) {
        for (let i = 0; i < channels; i++) {
          const next = carry[i]! + (update[row + i]! - forget[row + i]! * carry[i]!);
          carry[i] = next;
          h[to + i] = next;
        }
      }
    }
  };
}

function chunked(problem: LinearProblem, inputs: ScanValues): SequenceRun {
  const rows = coefficientRows(problem, inputs);
  const [forget, update] = rows.results as [Float64Array, Float64Array];
  return (b, length, h, carry, chunkSteps) => {
    const channels = carry.length;
    // 1 − the product of the decays from the chunk's first step to each, and the state after each from a zero state.
    const forgotten = zerosLike(h, chunkSteps * channels);
    const product = new Float64Array(channels);
    const state = new Float64Array(channels);
    for (let first = 0; first < length; first += chunkSteps) {
      const end = Math.min(first + chunkSteps, length);
      product.fill(0);
      state.fill(0);
      for (let t = first; t < end; t += rows.capacity) {
        const count = Math.min(rows.capacity, end - t);
        rows.evaluate(b, t, count);
        for (let row = 0, to = t * channels; row < count * channels; row += channels, to += channels) {
          const at = to - first * channels;
          for (let i = 0; i < channels; i++) {
            const stepForget = forget[row + i]!;
            state[i]! += update[row + i]! - stepForget * state[i]!;
            product[i]! += stepForget * (1 - product[i]!);
            h[to + i] = state[i]!;
            forgotten[at + i] = product[i]!;
          }
        }
      }
      // With the state before the chunk.
      for (let t = first, at = 0; t < end; t++, at += channels) {
        const to = t * channels;
        for (let i = 0; i < channels; i++) h[to + i] = carry[i]! + (h[to + i]! - forgotten[at + i]! * carry[i]!);
      }
      for (let i = 0; i < channels; i++) carry[i]! += state[i]! - product[i]! * carry[i]!;
    }
  };
}

/** log of a state to start from. */
function logarithmOf(state: number, b: number): number {
  if (state < 0) throw withoutLogarithm(`the initial state of sequence ${b} has ${state}`);
  return Math.log(state);
}

const withoutLogarithm = (what: string): KernelgenError =>
  new KernelgenError(
    "invalid-problem",
    `log-scan: ${what}, which has no logarithm; the algorithm "scan" takes any number`,
  );

/** log(eˣ + eʸ). */
function logAddExp(x: number, y: number): number {
  const larger = Math.max(x, y);
  return larger === -Infinity ? larger : larger + Math.log1p(Math.exp(Math.min(x, y) - larger));
}

function chunkedLogarithms(problem: LinearProblem, inputs: ScanValues): SequenceRun {
  const { decay, update } = linearGraph(problem.cell);
  const rows = gateRows(problem, inputs, [logarithm(decay), logarithm(update)]);
  const [logDecay, logUpdate] = rows.results as [Float64Array, Float64Array];
  return (b, length, h, carry, chunkSteps) => {
    const channels = carry.length;
    const decays = zerosLike(h, chunkSteps * channels);
    const product = new Float64Array(channels);
    const state = new Float64Array(channels);
    for (let i = 0; i < channels; i++) carry[i] = logarithmOf(carry[i]!, b);
    for (let first = 0; first < length; first += chunkSteps) {
      const end = Math.min(first + chunkSteps, length);
      product.fill(0);
      state.fill(-Infinity);
      for (let t = first; t < end; t += rows.capacity) {
        const count = Math.min(rows.capacity, end - t);
        rows.evaluate(b, t, count);
        for (let row = 0, to = t * channels; row < count * channels; row += channels, to += channels) {
          const at = to - first * channels;
          for (let i = 0; i < channels; i++) {
            if (Number.isNaN(logDecay[row + i]! + logUpdate[row + i]!)) {
              throw withoutLogarithm(`step ${to / channels} of sequence ${b} has a or b below 0 or NaN`);
            }
            state[i] = logAddExp(logDecay[row + i]! + state[i]!, logUpdate[row + i]!);
            product[i]! += logDecay[row + i]!;
            h[to + i] = state[i]!;
            decays[at + i] = product[i]!;
          }
        }
      }
      for (let t = first, at = 0; t < end; t++, at += channels) {
        const to = t * channels;
        for (let i = 0; i < channels; i++) h[to + i] = Math.exp(logAddExp(decays[at + i]! + carry[i]!, h[to + i]!));
      }
      for (let i = 0; i < channels; i++) carry[i] = logAddExp(product[i]! + carry[i]!, state[i]!);
    }
    for (let i = 0; i < channels; i++) carry[i] = Math.exp(carry[i]!);
  };
}
