import { describe, expect, it } from "vitest";
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
} from "../../../packages/kernelgen/src/cell/scalar.js";

const [x, y] = [input("x"), input("y")];

function evaluateAt(root: Scalar, values: { x: number; y: number }): number {
  const result = new Float64Array(1);
  compileScalars([root], ["x", "y"])([values.x, values.y], result);
  return result[0]!;
}

describe("compileScalars", () => {
  const points = [
    { x: 0, y: 1 },
    { x: -1.5, y: 0.25 },
    { x: 3, y: -2 },
    { x: 0.5, y: 0.5 },
  ];
  const formulas: readonly [string, Scalar, (x: number, y: number) => number][] = [
    ["x", x, (x) => x],
    ["7", constant(7), () => 7],
    ["x + y", add(x, y), (x, y) => x + y],
    ["x - y", subtract(x, y), (x, y) => x - y],
    ["x * y", multiply(x, y), (x, y) => x * y],
    ["sigmoid(x), by (1 + tanh(x / 2)) / 2", sigmoid(x), (x) => (1 + Math.tanh(x / 2)) / 2],
    ["tanh(y), by exponentials", tanh(y), (_, y) => (Math.exp(y) - Math.exp(-y)) / (Math.exp(y) + Math.exp(-y))],
    ["x / y", divide(x, y), (x, y) => x / y],
    ["max(x, y)", maximum(x, y), (x, y) => (x > y ? x : y)],
    ["exp(x)", exp(x), (x) => Math.E ** x],
    ["log(1 + x x)", log(add(constant(1), multiply(x, x))), (x) => Math.log10(1 + x * x) * Math.LN10],
    ["logSigmoid(x)", logSigmoid(x), (x) => -Math.log(1 + Math.exp(-x))],
    ["x = 0 ? y : x", select(x, "equal", constant(0), y, x), (x, y) => (x === 0 ? y : x)],
    ["x >= y ? 1 : -1", select(x, "atLeast", y, constant(1), constant(-1)), (x, y) => (x < y ? -1 : 1)],
    [
      "(x - 2 * y) * (x + y)",
      multiply(subtract(x, multiply(constant(2), y)), add(x, y)),
      (x, y) => (x - 2 * y) * (x + y),
    ],
  ];

  it.for(formulas)("%s", ([, root, formula]) => {
    for (const point of points) expect(evaluateAt(root, point)).toBeCloseTo(formula(point.x, point.y), 14);
  });

  it("saturates at the ends of sigmoid and tanh", () => {
    expect([-1e4, 1e4].map((end) => evaluateAt(sigmoid(x), { x: end, y: 0 }))).toEqual([0, 1]);
    expect([-1e4, 1e4].map((end) => evaluateAt(tanh(x), { x: end, y: 0 }))).toEqual([-1, 1]);
  });

  it("takes the logarithm of the logistic function where the function itself is 0", () => {
    expect([-1e4, 1e4].map((end) => evaluateAt(logSigmoid(x), { x: end, y: 0 }))).toEqual([-1e4, 0]);
  });

  it("has no maximum with what is not a number", () => {
    expect(evaluateAt(maximum(x, y), { x: Number.NaN, y: 1 })).toBeNaN();
    expect(evaluateAt(maximum(x, y), { x: 1, y: Number.NaN })).toBeNaN();
  });

  it("writes the roots in their order and can be called again", () => {
    const evaluate = compileScalars([subtract(x, y), x, add(x, y)], ["y", "x"]);
    const results = new Float64Array(3);
    evaluate([1, 5], results);
    expect([...results]).toEqual([4, 5, 6]);
    evaluate([5, 1], results);
    expect([...results]).toEqual([-4, 1, 6]);
  });

  it("names an input that has no value", () => {
    expect(() => compileScalars([add(x, input("w"))], ["x"])).toThrow(new TypeError("no input is named w"));
  });
});
