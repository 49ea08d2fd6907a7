import { describe, expect, it } from "vitest";
import { defineProblem, type Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { referenceForward, type TensorValues } from "../../../packages/kernelgen/src/reference/forward.js";
import { randomInputs } from "../../../packages/kernelgen/src/reference/random-case.js";

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * An LSTM written from the equations, time outermost and each element addressed by its coordinates:
 * h and c of sequence b, step t, head n, unit d.
 */
function textbookLstm(problem: Problem, inputs: TensorValues): { h: Map<string, number>; c: Map<string, number> } {
  const { headDim: D, heads: N, batch: B, steps: T } = problem;
  const at = (name: string, extents: readonly number[], ...place: readonly number[]): number =>
    inputs[name]![place.reduce((index, coordinate, axis) => index * extents[axis]! + coordinate, 0)]!;
  const h = new Map<string, number>();
  const c = new Map<string, number>();
  const previous = (states: Map<string, number>, name: string, b: number, t: number, n: number, d: number): number =>
    t === 0 ? at(`${name}_initial`, [B, 1, N, D], b, 0, n, d) : states.get(`${[b, t - 1, n, d]}`)!;
  for (let t = 0; t < T; t++) {
    for (let d = 0; d < D; d++) {
      for (let n = 0; n < N; n++) {
        for (let b = 0; b < B; b++) {
          const preActivation = (gate: number): number => {
            const products = Array.from(
              { length: D },
              (_, k) => at("recurrent", [4, N, D, D], gate, n, d, k) * previous(h, "h", b, t, n, k),
            );
            const recurrentPart = products.reduce((sum, product) => sum + product, 0);
            return at("wx", [B, T, 4, N, D], b, t, gate, n, d) + recurrentPart + at("bias", [4, N, D], gate, n, d);
          };
          const input = logistic(preActivation(0));
          const forget = logistic(preActivation(1));
          const candidate = Math.tanh(preActivation(2));
          const output = logistic(preActivation(3));
          const cell = forget * previous(c, "c", b, t, n, d) + input * candidate;
          c.set(`${[b, t, n, d]}`, cell);
          h.set(`${[b, t, n, d]}`, output * Math.tanh(cell));
        }
      }
    }
  }
  return { h, c };
}

const sizes = { cell: "lstm", headDim: 5, heads: 3, batch: 2, steps: 6, dataType: "fp32" };

describe("referenceForward", () => {
  const problem = defineProblem(sizes);
  const inputs = randomInputs(problem, 3);
  const outputs = referenceForward(problem, inputs);

  it("is an LSTM written from the equations", () => {
    const expected = textbookLstm(problem, inputs);
    for (const name of ["h", "c"] as const) {
      let index = 0;
      for (let b = 0; b < 2; b++) {
        for (let t = 0; t < 6; t++) {
          for (let n = 0; n < 3; n++) {
            for (let d = 0; d < 5; d++) {
              expect(outputs[name]![index++]).toBeCloseTo(expected[name].get(`${[b, t, n, d]}`)!, 13);
            }
          }
        }
      }
      expect(outputs[name]).toHaveLength(index);
    }
  });

  it("gives the closed form where nothing recurs", () => {
    const one = defineProblem({ ...sizes, headDim: 1, heads: 1, batch: 1, steps: 2 });
    // u = 0 for i, f and o, and z saturated: c doubles towards 1 by halves, h = tanh(c) / 2.
    const { h, c } = referenceForward(one, {
      wx: new Float64Array([0, 0, 50, 0, 0, 0, 50, 0]),
      recurrent: new Float64Array(4),
      bias: new Float64Array(4),
      h_initial: new Float64Array([0.9]),
      c_initial: new Float64Array([0]),
    });
    expect([...c!]).toEqual([0.5, 0.75]);
    expect([...h!]).toEqual([Math.tanh(0.5) / 2, Math.tanh(0.75) / 2]);
  });

  it("keeps the last c alone where that is asked for, and all of h", () => {
    const last = referenceForward(defineProblem({ ...sizes, stateOutput: "last" }), inputs);
    expect(last.h).toEqual(outputs.h);
    const unitsOfStep = 3 * 5;
    const lastOf = (b: number): number[] => [...outputs.c!.slice((b * 6 + 5) * unitsOfStep, (b * 6 + 6) * unitsOfStep)];
    expect([...last.c!]).toEqual([...lastOf(0), ...lastOf(1)]);
  });

  it("leaves its inputs as they were", () => {
    const copies = Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, values.slice()]));
    referenceForward(problem, inputs);
    expect(inputs).toEqual(copies);
  });
});
