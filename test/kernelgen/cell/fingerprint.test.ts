import { expect, it } from "vitest";
import type { CellDefinition } from "../../../packages/kernelgen/src/cell/definition.js";
import { cellFingerprint } from "../../../packages/kernelgen/src/cell/fingerprint.js";
import { type LinearCoefficients, linearCell } from "../../../packages/kernelgen/src/cell/linear.js";
import { constant, multiply, type Scalar, sigmoid, subtract } from "../../../packages/kernelgen/src/cell/scalar.js";

type Gates = Readonly<Record<string, Scalar>>;

const of = (coefficients: (u: Gates) => LinearCoefficients, state = "h", bias = false): CellDefinition =>
  linearCell({ name: "own", description: "", gates: [{ name: "r", bias }, "x"], state, coefficients });
const forgetting = ({ r, x }: Gates): LinearCoefficients => {
  const rate = sigmoid(r!);
  return { decay: subtract(constant(1), rate), forget: rate, update: multiply(rate, x!) };
};

it("tells cells apart by all that their kernels depend on, and no others", () => {
  const cells = [
    of(forgetting),
    of((u) => ({ ...forgetting(u), update: u.x! })),
    of((u) => ({ ...forgetting(u), decay: subtract(constant(0.5), sigmoid(u.r!)) })),
    // Computed as a·h + b.
    of((u) => ({ decay: forgetting(u).decay, update: forgetting(u).update })),
    of(forgetting, "s"),
    of(forgetting, "h", true),
    of(({ r, x }) => forgetting({ r: x!, x: r! })),
  ];
  const prints = cells.map((cell) => JSON.stringify(cellFingerprint(cell)));
  expect(new Set(prints).size).toBe(cells.length);
  expect(JSON.stringify(cellFingerprint(of((u) => forgetting({ ...u }))))).toBe(prints[0]);
});

it("is small for a graph whose nodes are shared again and again", () => {
  let x: Scalar = constant(1);
  for (let i = 0; i < 60; i++) x = multiply(x, x);
  expect(JSON.stringify(cellFingerprint(of((u) => ({ decay: u.r!, update: x })))).length).toBeLessThan(10_000);
});
