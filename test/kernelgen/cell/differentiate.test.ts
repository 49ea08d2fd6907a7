import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differentiate } from "../../../packages/kernelgen/src/cell/differentiate.js";
import { compileScalars } from "../../../packages/kernelgen/src/cell/evaluate.js";
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
  topologicalOrder,
} from "../../../packages/kernelgen/src/cell/scalar.js";
import { propertySeed } from "../../support/property-seed.js";
import { graphFrom, graphRecipe, inputNames } from "./random-graph.js";

const [x, y] = [input("x"), input("y")];
const one = constant(1);

function valueAt(root: Scalar, names: readonly string[], values: readonly number[]): number {
  const result = new Float64Array(1);
  compileScalars([root], names)(values, result);
  return result[0]!;
}

describe("differentiate", () => {
  const closedForms: readonly [string, Scalar, (x: number, y: number) => number][] = [
    ["x", x, () => 1],
    ["y", y, () => 0],
    ["3 - x y", subtract(constant(3), multiply(x, y)), (_, y) => -y],
    ["y / x", divide(y, x), (x, y) => -y / x ** 2],
    ["x / y", divide(x, y), (_, y) => 1 / y],
    ["x x x", multiply(multiply(x, x), x), (x) => 3 * x * x],
    ["sigmoid(x)", sigmoid(x), (x) => 1 / (2 + 2 * Math.cosh(x))],
    ["tanh(x)", tanh(x), (x) => 1 / Math.cosh(x) ** 2],
    ["exp(x y)", exp(multiply(x, y)), (x, y) => y * Math.exp(x * y)],
    ["log(1 + x x)", log(add(one, multiply(x, x))), (x) => (2 * x) / (1 + x * x)],
    ["logSigmoid(x)", logSigmoid(x), (x) => 1 / (1 + Math.exp(x))],
    ["max(x, y)", maximum(x, y), (x, y) => (x >= y ? 1 : 0)],
    ["max(y, x)", maximum(y, x), (x, y) => (x > y ? 1 : 0)],
    ["x >= y ? 2 x : x x", select(x, "atLeast", y, add(x, x), multiply(x, x)), (x, y) => (x >= y ? 2 : 2 * x)],
    ["y = 0.5 ? x : 3", select(y, "equal", constant(0.5), x, constant(3)), (_, y) => (y === 0.5 ? 1 : 0)],
  ];
  const points = [
    [0.5, 0.5],
    [-1.5, 0.25],
    [2, -2],
  ] as const;

  it.for(closedForms)("%s by x", ([, root, derivative]) => {
    const [gradient] = differentiate([root], [one], ["x"]);
    for (const [x, y] of points) expect(valueAt(gradient!, ["x", "y"], [x, y])).toBeCloseTo(derivative(x, y), 13);
  });

  it("weighs each root by its adjoint", () => {
    const [byX, byY] = differentiate([multiply(x, y), x], [input("a"), input("b")], ["x", "y"]);
    expect(valueAt(byX!, ["x", "y", "a", "b"], [2, 3, 5, 7])).toBe(5 * 3 + 7);
    expect(valueAt(byY!, ["x", "y", "a", "b"], [2, 3, 5, 7])).toBe(5 * 2);
  });

  it("keeps the slope of logSigmoid where the function itself is 0 or its argument", () => {
    const [gradient] = differentiate([logSigmoid(x)], [one], ["x"]);
    expect(valueAt(gradient!, ["x"], [50])).toBeCloseTo(Math.exp(-50), 30);
    expect(valueAt(gradient!, ["x"], [-50])).toBe(1);
  });

  it("uses the nodes that are there, and makes none for zeros and ones", () => {
    const root = sigmoid(x);
    const [byX, byY] = differentiate([root], [one], ["x", "y"]);
    expect(byY).toEqual(constant(0));
    const nodes = topologicalOrder([byX!]);
    expect(nodes).toContain(root);
    // x, sigmoid, 1, 1 - sigmoid, and their product.
    expect(nodes).toHaveLength(5);
  });

  it("is the difference quotient of every random graph where that exists", () => {
    const unit = fc.double({ min: -1, max: 1, noNaN: true });
    let compared = 0;
    fc.assert(
      fc.property(graphRecipe, fc.tuple(unit, unit, unit), (recipe, point) => {
        const roots = graphFrom(recipe);
        const adjoints = roots.map((_, index) => constant(index + 0.5));
        const gradients = differentiate(roots, adjoints, inputNames);
        const loss = roots.reduce<Scalar>(
          (sum, root, index) => add(sum, multiply(adjoints[index]!, root)),
          constant(0),
        );
        const evaluate = compileScalars([loss, ...gradients], inputNames);
        const results = new Float64Array(1 + gradients.length);
        evaluate(point, results);
        const [here, ...slopes] = [...results];
        const changed = (axis: number, change: number): number => {
          evaluate(
            point.map((value, index) => (index === axis ? value + change : value)),
            results,
          );
          return results[0]!;
        };
        slopes.forEach((slope, axis) => {
          const step = 1e-5;
          const [above, below] = [changed(axis, step), changed(axis, -step)];
          const scale = Math.max(1, Math.abs(here!), Math.abs(slope));
          // Not at a corner, nor where the curve is too steep for the quotient to be near the slope.
          if (!(Math.abs(above + below - 2 * here!) < 1e-8 * scale)) return;
          compared++;
          expect(Math.abs((above - below) / (2 * step) - slope) / scale).toBeLessThan(1e-5);
        });
      }),
      { seed: propertySeed, numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
