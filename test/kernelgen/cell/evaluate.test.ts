import { describe, expect, it } from "vitest";
import { compileScalars } from "../../../packages/kernelgen/src/cell/evaluate.js";
import {
  add,
  constant,
  input,
  multiply,
  type Scalar,
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
  ];
  const formulas: readonly [string, Scalar, (x: number, y: number) => number][] = [
    ["x", x, (x) => x],
    ["7", constant(7), () => 7],
    ["x + y", add(x, y), (x, y) => x + y],
    ["x - y", subtract(x, y), (x, y) => x - y],
    ["x * y", multiply(x, y), (x, y) => x * y],
    ["sigmoid(x), by (1 + tanh(x / 2)) / 2", sigmoid(x), (x) => (1 + Math.tanh(x / 2)) / 2],
    ["tanh(y), by exponentials", tanh(y), (_, y) => (Math.exp(y) - Math.exp(-y)) / (Math.exp(y) + Math.exp(-y))],
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
