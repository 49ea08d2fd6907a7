import fc from "fast-check";
import { describe, test } from "vitest";
import { BinPacking } from "../../../packages/constrint/src/propagators/global/bin-packing.js";
import { checkPropagator, forAllStores } from "./harness.js";

const bin = fc.uniqueArray(fc.integer({ min: -1, max: 2 }), { minLength: 1, maxLength: 4 });
const load = fc.uniqueArray(fc.integer({ min: -1, max: 9 }), { minLength: 1, maxLength: 5 });
const extra = fc.record({
  shifts: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 3, maxLength: 3 }),
  sizes: fc.array(fc.nat(5), { minLength: 3, maxLength: 3 }),
});

describe("bin packing", () => {
  test("against brute force", () => {
    forAllStores([bin, bin, bin, load, load], extra, (testCase, { shifts, sizes }) =>
      checkPropagator(testCase, () => new BinPacking([0, 1, 2], shifts, sizes, [3, 4])),
    );
  });

  test("with repeated variables, also among the loads", () => {
    forAllStores([bin, bin, load], extra, (testCase, { shifts, sizes }) => {
      checkPropagator(testCase, () => new BinPacking([0, 1, 0], shifts, sizes, [2, 2, 1]));
    });
  });
});
