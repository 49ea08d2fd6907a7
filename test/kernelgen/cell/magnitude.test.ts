import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stepGraph } from "../../../packages/kernelgen/src/cell/definition.js";
import { compileScalars } from "../../../packages/kernelgen/src/cell/evaluate.js";
import { lstm } from "../../../packages/kernelgen/src/cell/lstm.js";
import { largestMagnitude } from "../../../packages/kernelgen/src/cell/magnitude.js";
import {
  add,
  constant,
  divide,
  exp,
  input,
  log,
  logSigmoid,
  maximum,
  multiply,
  type Scalar,
  select,
  sigmoid,
  subtract,
  tanh,
} from "../../../packages/kernelgen/src/cell/scalar.js";
import { propertySeed } from "../../support/property-seed.js";
import { graphFrom, graphRecipe, inputNames, inputValues } from "./random-graph.js";

const x = input("x");

describe("largestMagnitude", () => {
  const closedForms: readonly [string, Scalar, number][] = [
    ["x", x, Infinity],
    ["-3", constant(-3), 3],
    ["sigmoid(x)", sigmoid(x), 1],
    ["1 - sigmoid(x)", subtract(constant(1), sigmoid(x)), 1],
    ["sigmoid(x) - 1 - sigmoid(x)", subtract(subtract(sigmoid(x), constant(1)), sigmoid(x)), 2],
    ["3 tanh(x) + 0.5", add(multiply(constant(3), tanh(x)), constant(0.5)), 3.5],
    ["tanh(x) (tanh(x) - 1)", multiply(tanh(x), subtract(tanh(x), constant(1))), 2],
    ["0 x", multiply(constant(0), x), 0],
    ["1 / (1 + 3 sigmoid(x))", divide(constant(1), add(constant(1), multiply(constant(3), sigmoid(x)))), 1],
    ["1 / tanh(x)", divide(constant(1), tanh(x)), Infinity],
    ["max(tanh(x), -0.5) - 1", subtract(maximum(tanh(x), constant(-0.5)), constant(1)), 1.5],
    ["exp(logSigmoid(x))", exp(logSigmoid(x)), 1],
    ["log(1 + sigmoid(x))", log(add(constant(1), sigmoid(x))), Math.log(2)],
    ["x >= 0 ? 3 : -tanh(x)", select(x, "atLeast", constant(0), constant(3), subtract(constant(0), tanh(x))), 3],
    ["x - x, whose operands are not known to be equal", subtract(x, x), Infinity],
  ];

  it.for(closedForms)("%s", ([, root, magnitude]) => expect(largestMagnitude(root)).toBe(magnitude));

  it("bounds an LSTM's h by 1 and its c by nothing", () => {
    expect(stepGraph(lstm).map(largestMagnitude)).toEqual([1, Infinity]);
  });

  it("is reached or undercut by every value", () => {
    let bounded = 0;
    fc.assert(
      fc.property(graphRecipe, fc.array(inputValues, { minLength: 20, maxLength: 20 }), (recipe, points) => {
        const roots = graphFrom(recipe);
        const evaluate = compileScalars(roots, inputNames);
        const results = new Float64Array(roots.length);
        const largest = roots.map(largestMagnitude);
        // A constant is its own bound.
        bounded += roots.filter(({ kind }, number) => kind !== "constant" && largest[number]! < Infinity).length;
        for (const point of points) {
          evaluate(point, results);
          for (const [number, bound] of largest.entries()) {
            expect(Math.abs(results[number]!)).toBeLessThanOrEqual(bound);
          }
        }
      }),
      { seed: propertySeed, numRuns: 300 },
    );
    expect(bounded).toBeGreaterThan(100);
  });
});
