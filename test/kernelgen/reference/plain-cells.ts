import type { Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import type { TensorValues } from "../../../packages/kernelgen/src/reference/forward.js";

// The cells written from their equations, gate by gate, and a layer of them with time outermost and every element addressed by its
// coordinates. Nothing here knows of scalar graphs.

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** What a unit's gates are made of: R·h, the input and the bias, each counted as its tensor counts gates. */
interface Parts {
  readonly R: readonly number[];
  readonly W: readonly number[];
  readonly b: readonly number[];
}

interface PlainCell {
  /** Gates in R, Wx and the bias. */
  readonly gates: readonly [recurrent: number, input: number, bias: number];
  readonly states: readonly string[];
  /** The new states, each held by `hold` as it is computed; one that is given in `fixed` is not computed, and takes that value. */
  step(
    parts: Parts,
    states: readonly number[],
    hold: (value: number) => number,
    fixed: readonly (number | undefined)[],
  ): readonly number[];
}

export const plainCells: Readonly<Record<string, PlainCell>> = {
  elman: {
    gates: [1, 1, 1],
    states: ["h"],
    step: ({ R, W, b }, _, hold) => [hold(Math.tanh(W[0]! + R[0]! + b[0]!))],
  },
  gru: {
    gates: [3, 3, 4],
    states: ["h"],
    step({ R, W, b }, [h], hold) {
      const reset = logistic(W[0]! + R[1]! + b[1]!);
      const update = logistic(W[1]! + R[2]! + b[2]!);
      const candidate = Math.tanh(W[2]! + b[3]! + reset * (R[0]! + b[0]!));
      return [hold(update * h! + (1 - update) * candidate)];
    },
  },
  lstm: {
    gates: [4, 4, 4],
    states: ["h", "c"],
    step({ R, W, b }, [, c], hold) {
      const [i, f, z, o] = [0, 1, 2, 3].map((gate) => W[gate]! + R[gate]! + b[gate]!);
      const next = hold(logistic(f!) * c! + logistic(i!) * Math.tanh(z!));
      return [hold(logistic(o!) * Math.tanh(next)), next];
    },
  },
  cifg: {
    gates: [3, 3, 3],
    states: ["h", "c"],
    step({ R, W, b }, [, c], hold) {
      const [f, z, o] = [0, 1, 2].map((gate) => W[gate]! + R[gate]! + b[gate]!);
      const kept = logistic(f!);
      const next = hold(Math.tanh(z!) + kept * (c! - Math.tanh(z!)));
      return [hold(logistic(o!) * Math.tanh(next)), next];
    },
  },
  slstm: {
    gates: [4, 4, 4],
    states: ["h", "c", "n", "m"],
    step({ R, W, b }, [, c, n, m], hold, fixed) {
      const [i, f, z, o] = [0, 1, 2, 3].map((gate) => W[gate]! + R[gate]! + b[gate]!);
      const decayed = Math.log(logistic(f!)) + m!;
      const stabiliser = fixed[3] ?? (n === 0 ? i! : Math.max(i!, decayed));
      const input = Math.exp(i! - stabiliser);
      const forget = n === 0 ? 1 : Math.exp(decayed - stabiliser);
      const cell = forget * c! + input * Math.tanh(z!);
      // At least 1: of itself unless 0 < n < 1. With a stabiliser that is given, i or f need not be 1, and nothing bounds n there.
      const sum = forget * n! + input;
      const normaliser = n! > 0 && n! < 1 ? Math.max(sum, 1) : sum;
      return [hold((logistic(o!) * cell) / normaliser), cell, normaliser, stabiliser];
    },
  },
};

/** All states of a layer in all steps: [B,T,N,D] by name. Those of the states in `fixed` are given, and not computed. */
export function plainLayer(problem: Problem, inputs: TensorValues, fixed: TensorValues = {}): TensorValues {
  const { headDim: D, heads: N, batch: B, steps: T } = problem;
  const { gates, states, step } = plainCells[problem.cell.name]!;
  const { forwardClip = Infinity } = problem;
  const hold = (value: number): number => Math.min(Math.max(value, -forwardClip), forwardClip);
  const [recurrentGates, inputGates, biasGates] = gates;
  const place = (extents: readonly number[], ...coordinates: readonly number[]): number =>
    coordinates.reduce((index, coordinate, axis) => index * extents[axis]! + coordinate, 0);
  const at = (name: string, extents: readonly number[], ...coordinates: readonly number[]): number =>
    inputs[name]![place(extents, ...coordinates)]!;
  const gatesOf = (count: number, value: (gate: number) => number): number[] =>
    Array.from({ length: count }, (_, gate) => value(gate));

  const results = Object.fromEntries(states.map((name) => [name, new Float64Array(B * T * N * D)]));
  const previous = (name: string, b: number, t: number, n: number, d: number): number =>
    t === 0 ? at(`${name}_initial`, [B, 1, N, D], b, 0, n, d) : results[name]![place([B, T, N, D], b, t - 1, n, d)]!;
  for (let t = 0; t < T; t++) {
    for (let d = 0; d < D; d++) {
      for (let n = 0; n < N; n++) {
        for (let b = 0; b < B; b++) {
          const product = (gate: number): number =>
            gatesOf(
              D,
              (k) => at("recurrent", [recurrentGates, N, D, D], gate, n, d, k) * previous("h", b, t, n, k),
            ).reduce((sum, term) => sum + term, 0);
          const next = step(
            {
              R: gatesOf(recurrentGates, product),
              W: gatesOf(inputGates, (gate) => at("wx", [B, T, inputGates, N, D], b, t, gate, n, d)),
              b: gatesOf(biasGates, (gate) => at("bias", [biasGates, N, D], gate, n, d)),
            },
            states.map((name) => previous(name, b, t, n, d)),
            hold,
            states.map((name) => fixed[name]?.[place([B, T, N, D], b, t, n, d)]),
          );
          states.forEach((name, s) => {
            results[name]![place([B, T, N, D], b, t, n, d)] = next[s]!;
          });
        }
      }
    }
  }
  return results;
}
