import fc from "fast-check";
import { describe, test } from "vitest";
import { Lexicographic } from "../../../packages/constrint/src/propagators/global/lexicographic.js";
import { checkPropagator, forAllStores } from "./harness.js";

const domain = fc.uniqueArray(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 3 });

describe("lexicographic order", () => {
  test("is domain consistent for distinct variables, whether explicit or not", () => {
    forAllStores(
      Array(6).fill(domain),
      fc.boolean(),
      (testCase, strict) => checkPropagator(testCase, () => new Lexicographic([0, 1, 2], [3, 4, 5], strict), "domain"),
      600,
    );
  });

  test("with repeated variables", () => {
    const sides = fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 5 });
    forAllStores([domain, domain, domain], fc.tuple(sides, fc.boolean()), (testCase, [places, strict]) => {
      const left = places.map(([x]) => x);
      const right = places.map(([, y]) => y);
      checkPropagator(testCase, () => new Lexicographic(left, right, strict));
    });
  });
});
