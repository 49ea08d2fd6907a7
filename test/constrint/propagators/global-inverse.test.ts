import fc from "fast-check";
import { describe, test } from "vitest";
import { Inverse } from "../../../packages/constrint/src/propagators/global/inverse.js";
import { checkPropagator, forAllStores } from "./harness.js";

const indices = fc.uniqueArray(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 4 });
const shifts = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 3, maxLength: 3 });

describe("inverse", () => {
  test("against brute force", () => {
    forAllStores(Array(6).fill(indices), fc.tuple(shifts, shifts), (testCase, [a, b]) =>
      checkPropagator(testCase, () => new Inverse([0, 1, 2], a, [3, 4, 5], b)),
    );
  });

  test("of itself, and with repeated variables", () => {
    const scopes = fc.constantFrom(
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
      [
        [0, 1, 2],
        [2, 0, 1],
      ],
      [
        [0, 0, 1],
        [2, 1, 0],
      ],
    );
    forAllStores(
      [indices, indices, indices],
      fc.tuple(shifts, shifts, scopes),
      (testCase, [a, b, [forward, backward]]) =>
        checkPropagator(testCase, () => new Inverse(forward!, a, backward!, b)),
    );
  });
});
