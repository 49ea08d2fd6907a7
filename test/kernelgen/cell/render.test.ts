import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CellDefinition } from "../../../packages/kernelgen/src/cell/definition.js";
import { compileScalars } from "../../../packages/kernelgen/src/cell/evaluate.js";
import { lstm } from "../../../packages/kernelgen/src/cell/lstm.js";
import { renderCellStep, renderScalars, type ScalarDialect } from "../../../packages/kernelgen/src/cell/render.js";
import {
  add,
  constant,
  input,
  labelled,
  multiply,
  sigmoid,
  tanh,
} from "../../../packages/kernelgen/src/cell/scalar.js";
import { propertySeed } from "../../support/property-seed.js";
import { graphFrom, graphRecipe, inputNames, inputValues } from "./random-graph.js";

/** JavaScript, so that the tests can run what is rendered. */
const javascript: ScalarDialect = {
  declare: (name, expression) => `const ${name} = ${expression};`,
  literal: (value) => `${value}`,
  sigmoid: (operand) => `1 / (1 + Math.exp(-(${operand})))`,
  tanh: (operand) => `Math.tanh(${operand})`,
  exp: (operand) => `Math.exp(${operand})`,
  log: (operand) => `Math.log(${operand})`,
  logSigmoid: (operand) => `Math.min(${operand}, 0) - Math.log1p(Math.exp(-Math.abs(${operand})))`,
  divide: (left, right) => `${left} / ${right}`,
  maximum: (left, right) => `Math.max(${left}, ${right})`,
  select: (condition, whenTrue, whenFalse) => `${condition} ? ${whenTrue} : ${whenFalse}`,
};

describe("renderScalars", () => {
  it("means what the graph means, for every random graph", () => {
    fc.assert(
      fc.property(graphRecipe, inputValues, (recipe, values) => {
        const roots = graphFrom(recipe);
        const expected = new Float64Array(roots.length);
        compileScalars(roots, inputNames)(values, expected);
        const { statements, results } = renderScalars(roots, { x: "x", y: "y", z: "z" }, javascript);
        const run = new Function(...inputNames, `${statements.join("\n")}\nreturn [${results}];`);
        expect(run(...values)).toEqual([...expected]);
      }),
      { seed: propertySeed, numRuns: 300 },
    );
  });

  it("computes a shared node once, and writes a node that is used once in place", () => {
    const shared = sigmoid(input("x"));
    const { statements, results } = renderScalars(
      [multiply(add(shared, constant(2)), shared)],
      { x: "in[0]" },
      { ...javascript, sigmoid: (operand) => `sigmoid(${operand})` },
    );
    expect(statements).toEqual(["const value0 = sigmoid(in[0]);", "const value1 = (value0 + 2) * value0;"]);
    expect(results).toEqual(["value1"]);
  });

  it("numbers labels that are taken, words of a language, or another's", () => {
    const [x, y] = [input("x"), input("y")];
    const first = labelled("float", add(x, constant(1)));
    const roots = [
      labelled("float", multiply(first, y)),
      labelled("a", tanh(first)),
      labelled("y", sigmoid(y)),
      labelled("y_2", tanh(y)),
    ];
    const { statements, results } = renderScalars(roots, { x: "a[0]", y: "all.y" }, javascript);
    expect(results).toEqual(["float_3", "a_2", "y", "y_2"]);
    const expected = new Float64Array(roots.length);
    compileScalars(roots, ["x", "y"])([0.25, -0.5], expected);
    const run = new Function("a", "all", `${statements.join("\n")}\nreturn [${results}];`);
    expect(run([0.25], { y: -0.5 })).toEqual([...expected]);
  });

  it("names an input that has no expression", () => {
    expect(() => renderScalars([tanh(input("w"))], { x: "x" }, javascript)).toThrow(
      new TypeError("no expression for the input w"),
    );
  });
});

describe("renderCellStep", () => {
  /** What generated source does with a rendered step: results are written over the states, first to last. */
  function step(cell: CellDefinition, u: readonly number[], states: readonly number[]): number[] {
    const { statements, results } = renderCellStep(
      cell,
      (g) => `u[${g}]`,
      (s) => `states[${s}]`,
      javascript,
    );
    const next = [...states];
    const body = [...statements, ...results.map((result, s) => `states[${s}] = ${result};`)].join("\n");
    new Function("u", "states", body)(u, next);
    return next;
  }
  const logistic = (value: number): number => 1 / (1 + Math.exp(-value));

  it("steps an LSTM by its equations", () => {
    const [i, f, z, o, h, c] = [0.3, -1.2, 0.7, 2.1, -0.4, 1.6] as const;
    const nextC = logistic(f) * c + logistic(i) * Math.tanh(z);
    const [nextH, stepC] = step(lstm, [i, f, z, o], [h, c]);
    expect(stepC).toBeCloseTo(nextC, 15);
    expect(nextH).toBeCloseTo(logistic(o) * Math.tanh(nextC), 15);
  });

  it("keeps states apart that pass through", () => {
    const swap: CellDefinition = {
      name: "swap",
      description: "two states that change places",
      gates: [{ name: "g" }],
      states: [{ name: "a" }, { name: "b" }],
      step: (_, { a, b }) => ({ a: b!, b: a! }),
    };
    expect(step(swap, [0], [3, 5])).toEqual([5, 3]);
  });
});
