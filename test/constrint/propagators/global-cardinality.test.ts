import fc from "fast-check";
import { describe, test } from "vitest";
import { GlobalCardinality } from "../../../packages/constrint/src/propagators/global/global-cardinality.js";
import { checkPropagator, forAllStores } from "./harness.js";

const item = fc.uniqueArray(fc.integer({ min: -2, max: 3 }), { minLength: 1, maxLength: 4 });
const count = fc.uniqueArray(fc.integer({ min: -1, max: 4 }), { minLength: 1, maxLength: 4 });
const extra = fc.record({
  shifts: fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 3, maxLength: 3 }),
  values: fc.uniqueArray(fc.integer({ min: -2, max: 3 }), { minLength: 2, maxLength: 2 }),
});

describe("global cardinality", () => {
  test("against brute force", () => {
    forAllStores([item, item, item, count, count], extra, (testCase, { shifts, values }) =>
      checkPropagator(testCase, () => new GlobalCardinality([0, 1, 2], shifts, values, [3, 4])),
    );
  });

  test("with repeated variables, also among the counts", () => {
    forAllStores([item, count, count], extra, (testCase, { shifts, values }) => {
      checkPropagator(testCase, () => new GlobalCardinality([0, 1, 0], shifts, values, [2, 1]));
      checkPropagator(testCase, () => new GlobalCardinality([0, 0, 1], shifts, values, [2, 2]));
    });
  });
});
