import { describe, expect, it } from "vitest";
import type { CellDefinition } from "../../../packages/kernelgen/src/cell/definition.js";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { add, divide, exp, multiply, sigmoid, tanh } from "../../../packages/kernelgen/src/cell/scalar.js";
import { slstm } from "../../../packages/kernelgen/src/cell/slstm.js";
import { defineProblem, type Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { referenceBackward } from "../../../packages/kernelgen/src/reference/backward.js";
import { referenceForward, type TensorValues } from "../../../packages/kernelgen/src/reference/forward.js";
import { randomInputs } from "../../../packages/kernelgen/src/reference/random-case.js";
import { weightGradients } from "../../../packages/kernelgen/src/reference/weight-gradients.js";
import { plainLayer } from "./plain-cells.js";

const sizes = { headDim: 3, heads: 2, batch: 2, steps: 4, dataType: "fp32" };

/** Weights of a loss in the shapes of a problem's outputs, deterministic and of both signs. */
function lossWeights(problem: Problem): Record<string, Float64Array> {
  const { cell, headDim, heads, batch, steps, stateOutput } = problem;
  const units = batch * heads * headDim;
  const weights = (count: number, phase: number): Float64Array =>
    Float64Array.from({ length: count }, (_, index) => Math.sin(1 + 2.3 * index + phase));
  return Object.fromEntries(
    cell.states.flatMap(({ name }, s) => {
      const kept = s === 0 || stateOutput === "sequence" ? steps : 1;
      return [
        [`d_${name}`, weights(units * kept, s)],
        [`d_${name}_last`, weights(units, 10 + s)],
      ];
    }),
  );
}

/** Σ weight · value over the outputs as they are kept, and over the last step, by the plain layer. */
function plainLoss(problem: Problem, inputs: TensorValues, weights: TensorValues, fixed: TensorValues): number {
  const { headDim, heads, batch, steps } = problem;
  const row = heads * headDim;
  let loss = 0;
  for (const [name, values] of Object.entries(plainLayer(problem, inputs, fixed))) {
    const kept = weights[`d_${name}`]!.length / (batch * row);
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < steps; t++) {
        for (let i = 0; i < row; i++) {
          const value = values[(b * steps + t) * row + i]!;
          const keptStep = t - (steps - kept);
          if (keptStep >= 0) loss += weights[`d_${name}`]![(b * kept + keptStep) * row + i]! * value;
          if (t === steps - 1) loss += weights[`d_${name}_last`]![b * row + i]! * value;
        }
      }
    }
  }
  return loss;
}

/** The central difference of the loss by one element of an input; what the cell detaches keeps the values that it has without it. */
function difference(
  problem: Problem,
  inputs: TensorValues,
  weights: TensorValues,
  name: string,
  index: number,
): number {
  const step = 1e-5;
  const states = plainLayer(problem, inputs);
  const detached = problem.cell.states.filter(({ isDetached }) => isDetached);
  const fixed = Object.fromEntries(detached.map(({ name }) => [name, states[name]!]));
  const [above, below] = [step, -step].map((change) => {
    const changed = inputs[name]!.slice();
    changed[index]! += change;
    return plainLoss(problem, { ...inputs, [name]: changed }, weights, fixed);
  });
  return (above! - below!) / (2 * step);
}

describe("referenceBackward", () => {
  it.for([...cells.keys()].flatMap((cell) => ["sequence", "last"].map((stateOutput) => [cell, stateOutput] as const)))(
    "of %s, states: %s, is the finite difference of the plain layer in every element",
    ([cell, stateOutput]) => {
      // Half of the cases with clipped states.
      const clip = stateOutput === "sequence" ? {} : { forwardClip: 0.4 };
      const problem = defineProblem({ ...sizes, cell, stateOutput, ...clip });
      const inputs = randomInputs(problem, 5);
      const weights = lossWeights(problem);
      const gradients = referenceBackward(problem, inputs, weights);
      const ofGates = problem.cell.gates.filter(({ input }) => input === false).map(({ name }) => `d_u_${name}`);
      expect(Object.keys(gradients)).toEqual([...Object.keys(inputs).map((name) => `d_${name}`), ...ofGates]);
      for (const [name, values] of Object.entries(inputs)) {
        expect(gradients[`d_${name}`]).toHaveLength(values.length);
        values.forEach((value, index) => {
          // An sLSTM jumps where a normaliser leaves 0.
          if (name === "n_initial" && value === 0) return;
          const expected = difference(problem, inputs, weights, name, index);
          const error = Math.abs(gradients[`d_${name}`]![index]! - expected) / Math.max(1, Math.abs(expected));
          expect(error, `${name}[${index}]`).toBeLessThan(1e-7);
        });
      }
    },
  );

  it.for([
    ["as it is", {}],
    ["clipped", { recurrentGradientClip: 0.25 }],
    ["cut", { recurrentGradientCut: true }],
  ] as const)("passes through R of an Elman cell of one unit what the formula says, %s", ([, option]) => {
    const problem = defineProblem({
      cell: "elman",
      headDim: 1,
      steps: 12,
      dataType: "fp32",
      pass: "backward",
      ...option,
    });
    const inputs: TensorValues = { ...randomInputs(problem, 3), recurrent: Float64Array.of(0.9) };
    const { d_h } = lossWeights(problem);
    const h = plainLayer(problem, inputs).h!;
    const hold = (value: number): number => Math.max(-0.25, Math.min(0.25, value));
    const passed = { "as it is": (value: number) => value, clipped: hold, cut: () => 0 };
    const through =
      passed["recurrentGradientClip" in option ? "clipped" : "recurrentGradientCut" in option ? "cut" : "as it is"];
    let later = 0;
    const expected = Array.from(d_h!.keys())
      .toReversed()
      .map((t) => {
        const du = (d_h![t]! + later) * (1 - h[t]! ** 2);
        later = through(0.9 * du);
        return du;
      });
    const gradients = referenceBackward(problem, inputs, { d_h: d_h! });
    expect([...gradients.d_wx!].toReversed()).toEqual(expected.map((du) => expect.closeTo(du, 12)));
    expect(gradients.d_h_initial![0]).toBeCloseTo(later, 12);
    const previous = [inputs.h_initial![0]!, ...h];
    const ofMatrix = expected.toReversed().reduce((sum, du, t) => sum + du * previous[t]!, 0);
    expect(gradients.d_recurrent![0]).toBeCloseTo(ofMatrix, 12);
  });

  it("of sequences with lengths is that of each by itself", () => {
    const problem = defineProblem({ ...sizes, cell: "lstm", batch: 3, steps: 5, stateOutput: "last", lengths: true });
    const inputs = { ...randomInputs(problem, 5), lengths: Float64Array.of(2, 5, 1) };
    const weights = lossWeights(problem);
    const outputs = referenceForward(problem, inputs);
    const gradients = referenceBackward(problem, inputs, weights);
    const sums: Record<string, Float64Array> = {};
    inputs.lengths.forEach((steps, b) => {
      const { lengths: _, ...all } = problem;
      const alone = { ...all, batch: 1, steps };
      /** A sequence's part of tensors of the whole batch, by their names; weights as they are. */
      const part = (values: TensorValues): TensorValues =>
        Object.fromEntries(
          Object.entries(values).map(([name, all]) => {
            if (/recurrent|bias/.test(name)) return [name, all];
            const sequence = all.subarray((b * all.length) / 3, ((b + 1) * all.length) / 3);
            const perStep = /^(d_)?(wx|h)$/.test(name);
            return [name, perStep ? sequence.slice(0, (sequence.length / 5) * steps) : sequence.slice()];
          }),
        );
      const own = part(Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "lengths")));
      expect(part(outputs)).toEqual(referenceForward(alone, own));
      const expected = referenceBackward(alone, own, part(weights));
      for (const [name, values] of Object.entries(expected)) {
        const weight = /recurrent|bias/.test(name);
        if (!weight) expect(part(gradients)[name], name).toEqual(values);
        else sums[name] = values.map((value, index) => value + (sums[name]?.[index] ?? 0));
      }
      for (const [name, values] of [
        ["h", outputs.h!],
        ["d_wx", gradients.d_wx!],
      ] as const) {
        const rest = values
          .slice((b * values.length) / 3, ((b + 1) * values.length) / 3)
          .slice((values.length / 15) * steps);
        expect(
          rest.every((value) => value === 0),
          name,
        ).toBe(true);
      }
    });
    for (const [name, values] of Object.entries(sums)) {
      for (const [index, value] of values.entries()) expect(gradients[name]![index]).toBeCloseTo(value, 12);
    }
  });

  it("takes gradients that are left out as zero", () => {
    const problem = defineProblem({ ...sizes, cell: "lstm" });
    const inputs = randomInputs(problem, 5);
    const { d_h } = lossWeights(problem);
    const zeros = Object.fromEntries(
      Object.entries(lossWeights(problem)).map(([name, values]) => [name, new Float64Array(values.length)]),
    );
    expect(referenceBackward(problem, inputs, { d_h: d_h! })).toEqual(
      referenceBackward(problem, inputs, { ...zeros, d_h: d_h! }),
    );
    for (const values of Object.values(referenceBackward(problem, inputs, {}))) {
      expect(values.every((value) => value === 0)).toBe(true);
    }
  });
});

describe("weightGradients", () => {
  it.for([...cells.keys()])("of %s: products of du and h give the gradients of R and of the bias", (cell) => {
    const problem = defineProblem({ ...sizes, cell });
    const inputs = randomInputs(problem, 5);
    const gradients = referenceBackward(problem, inputs, lossWeights(problem));
    const found = weightGradients(problem, gradients, { ...inputs, ...referenceForward(problem, inputs) });
    expect(Object.keys(found)).toEqual(["d_recurrent", "d_bias"]);
    for (const [name, values] of Object.entries(found)) {
      expect(values).toHaveLength(gradients[name]!.length);
      for (const [index, value] of values.entries()) expect(value).toBeCloseTo(gradients[name]![index]!, 10);
    }
  });
});

/** The sLSTM as its paper first states it, without stabiliser: c' = f·c + e^i·z, n' = f·n + e^i, h' = o·c'/n'. */
const unstabilised: CellDefinition = {
  ...slstm,
  name: "unstabilised",
  states: slstm.states.filter(({ name }) => name !== "m"),
  step(u, previous) {
    const [i, f] = [exp(u.i!), sigmoid(u.f!)];
    const c = add(multiply(f, previous.c!), multiply(i, tanh(u.z!)));
    const n = add(multiply(f, previous.n!), i);
    return { h: divide(multiply(sigmoid(u.o!), c), n), c, n };
  },
};

describe("the sLSTM's stabiliser", () => {
  it("changes no gradient of a loss of h: they are those of the formula without it", () => {
    const problem = defineProblem({ ...sizes, cell: "slstm", steps: 6 });
    const drawn = randomInputs(problem, 8);
    // States that a sequence can be in: nothing seen, or a normaliser of at least 1.
    const n_initial = drawn.n_initial!.map((n) => (n === 0 ? 0 : 1 + n));
    const c_initial = drawn.c_initial!.map((c, index) => (n_initial[index] === 0 ? 0 : c));
    expect(new Set(n_initial.map(Math.sign))).toEqual(new Set([0, 1]));
    const inputs: TensorValues = { ...drawn, n_initial, c_initial };
    const scaled = (values: Float64Array): Float64Array =>
      values.map((value, index) => value * Math.exp(inputs.m_initial![index]!));
    const { m_initial: _, ...others } = inputs;
    const plain: TensorValues = { ...others, c_initial: scaled(c_initial), n_initial: scaled(n_initial) };
    const { d_h, d_h_last } = lossWeights(problem);
    const loss = { d_h: d_h!, d_h_last: d_h_last! };
    const stabilised = referenceBackward(problem, inputs, loss);
    const without = referenceBackward({ ...problem, cell: unstabilised }, plain, loss);
    for (const name of ["d_wx", "d_recurrent", "d_bias", "d_h_initial"]) {
      expect(without[name]!.some((value) => Math.abs(value) > 1e-3)).toBe(true);
      for (const [index, value] of without[name]!.entries()) {
        expect(stabilised[name]![index], `${name}[${index}]`).toBeCloseTo(value, 11);
      }
    }
    // What reaches the first m cancels with what c and n get: scaling them all changes nothing.
    n_initial.forEach((n, index) => {
      if (n === 0) return;
      const [dc, dn, dm] = ["c", "n", "m"].map((state) => stabilised[`d_${state}_initial`]![index]!);
      expect(c_initial[index]! * dc! + n * dn!).toBeCloseTo(dm!, 11);
    });
  });
});
