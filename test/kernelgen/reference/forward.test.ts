import { describe, expect, it } from "vitest";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { defineProblem } from "../../../packages/kernelgen/src/plan/problem.js";
import { referenceForward } from "../../../packages/kernelgen/src/reference/forward.js";
import { randomInputs } from "../../../packages/kernelgen/src/reference/random-case.js";
import { plainCells, plainLayer } from "./plain-cells.js";

const sizes = { cell: "lstm", headDim: 5, heads: 3, batch: 2, steps: 6, dataType: "fp32" };

describe("referenceForward", () => {
  const problem = defineProblem(sizes);
  const inputs = randomInputs(problem, 3);
  const outputs = referenceForward(problem, inputs);

  it.for([...cells.keys()])("is a layer of %s written from the equations", (cell) => {
    const problem = defineProblem({ ...sizes, cell });
    const inputs = randomInputs(problem, 3);
    const expected = plainLayer(problem, inputs);
    const actual = referenceForward(problem, inputs);
    expect(Object.keys(actual)).toEqual(plainCells[cell]!.states);
    for (const [name, values] of Object.entries(expected)) {
      expect(actual[name]).toHaveLength(values.length);
      for (const [index, value] of values.entries()) {
        expect(actual[name]![index], `${name}[${index}]`).toBeCloseTo(value, 12);
      }
    }
  });

  it("follows the sLSTM's rule of a first step unit by unit", () => {
    const problem = defineProblem({ ...sizes, cell: "slstm" });
    const inputs = randomInputs(problem, 3);
    const isFirst = [...inputs.n_initial!].map((n) => n === 0);
    expect(new Set(isFirst)).toEqual(new Set([false, true]));
    // The old m is of no account where nothing has been seen, and only there.
    const other = { ...inputs, m_initial: inputs.m_initial!.map((m) => m + 3) };
    const [first, second] = [inputs, other].map((given) => referenceForward({ ...problem, steps: 1 }, given).m!);
    isFirst.forEach((isFirst, index) => {
      const same = first![index] === second![index];
      if (isFirst) expect(same).toBe(true);
      else expect(second![index]).toBeGreaterThanOrEqual(first![index]!);
    });
    expect(first).not.toEqual(second);
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

  it.for(["lstm", "gru"])("in training gives values that make the same states: %s", (cell) => {
    const problem = defineProblem({ ...sizes, cell, training: true });
    const inputs = randomInputs(problem, 3);
    const all = referenceForward(problem, inputs);
    const { h, c } = referenceForward(defineProblem({ ...sizes, cell }), inputs);
    expect([all.h, all.c]).toEqual([h, c]);
    // From the second step on: of each sequence, the step before lies as many units before.
    const unitsOfStep = 3 * 5;
    for (const [index, value] of h!.entries()) {
      if (Math.floor(index / unitsOfStep) % 6 === 0) continue;
      const [i, f, z, o, r, n, g] = ["i", "f", "z", "o", "r", "n", "u_g"].map((name) => all[`saved_${name}`]?.[index]);
      const previous = index - unitsOfStep;
      const expected =
        cell === "lstm" ? o! * Math.tanh(f! * c![previous]! + i! * z!) : z! * h![previous]! + (1 - z!) * n!;
      expect(value).toBeCloseTo(expected, 14);
      if (cell === "gru") expect([r! > 0 && r! < 1, Number.isFinite(g)]).toEqual([true, true]);
    }
  });

  it("leaves its inputs as they were", () => {
    const copies = Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, values.slice()]));
    referenceForward(problem, inputs);
    expect(inputs).toEqual(copies);
  });
});
