import fc from "fast-check";
import { describe, test } from "vitest";
import { Circuit } from "../../../packages/constrint/src/propagators/global/circuit.js";
import { checkPropagator, forAllStores } from "./harness.js";

const successor = fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });

describe("circuit", () => {
  test("against brute force", () => {
    forAllStores(
      Array(5).fill(successor),
      fc.constantFrom([0, 0, 0, 0, 0], [0, 1, -1, 0, 0]),
      (testCase, shifts) => checkPropagator(testCase, () => new Circuit([0, 1, 2, 3, 4], shifts)),
      500,
    );
  });

  test("with repeated variables, and of one and two", () => {
    forAllStores(
      [successor, successor, successor],
      fc.constantFrom([0], [1, 0], [0, 0], [0, 1, 1], [2, 1, 0], [0, 1, 0, 2]),
      (testCase, scope) =>
        checkPropagator(
          testCase,
          () =>
            new Circuit(
              scope,
              scope.map(() => 0),
            ),
        ),
    );
  });
});
