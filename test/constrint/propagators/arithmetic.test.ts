import fc from "fast-check";
import { describe, test } from "vitest";
import { Absolute } from "../../../packages/constrint/src/propagators/arithmetic/absolute.js";
import { Divides } from "../../../packages/constrint/src/propagators/arithmetic/divides.js";
import { Division } from "../../../packages/constrint/src/propagators/arithmetic/division.js";
import { LinearEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-equal.js";
import { LinearLessEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-less-equal.js";
import { LinearNotEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-not-equal.js";
import { Maximum } from "../../../packages/constrint/src/propagators/arithmetic/maximum.js";
import { Minimum } from "../../../packages/constrint/src/propagators/arithmetic/minimum.js";
import { Power } from "../../../packages/constrint/src/propagators/arithmetic/power.js";
import { Product } from "../../../packages/constrint/src/propagators/arithmetic/product.js";
import { checkPropagator, forAllStores, resultDomain, smallDomain } from "./harness.js";

const coefficient = fc.integer({ min: -7, max: 7 }).filter((a) => a !== 0);
const linear = fc.record({
  coefficients: fc.array(coefficient, { minLength: 1, maxLength: 4 }),
  constant: fc.integer({ min: -40, max: 60 }),
});
const pair = [smallDomain, smallDomain];
const variables = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("propagators against brute force", () => {
  test("linear ≤ is bounds consistent", () => {
    forAllStores([...pair, ...pair], linear, (testCase, { coefficients, constant }) =>
      checkPropagator(
        testCase,
        () => new LinearLessEqual(variables(coefficients.length), coefficients, constant),
        "bounds",
      ),
    );
  });

  test("linear =", () => {
    forAllStores([...pair, ...pair], linear, (testCase, { coefficients, constant }) =>
      checkPropagator(testCase, () => new LinearEqual(variables(coefficients.length), coefficients, constant)),
    );
  });

  test("linear ≠", () => {
    forAllStores([...pair, ...pair], linear, (testCase, { coefficients, constant }) =>
      checkPropagator(testCase, () => new LinearNotEqual(variables(coefficients.length), coefficients, constant)),
    );
  });

  const nothing = fc.constant(undefined);

  test("product of two", () => {
    forAllStores(
      [...pair, resultDomain],
      nothing,
      (testCase) => checkPropagator(testCase, () => new Product([0, 1], 2)),
      500,
    );
  });

  test("product of three", () => {
    const domains = [...pair, smallDomain, resultDomain];
    forAllStores(domains, nothing, (testCase) => checkPropagator(testCase, () => new Product([0, 1, 2], 3)), 150);
  });

  test("product with repeated variables", () => {
    forAllStores(
      pair,
      fc.constantFrom(
        { factors: [0, 0], result: 1 },
        { factors: [0, 1], result: 0 },
        { factors: [0, 0, 1], result: 1 },
      ),
      (testCase, { factors, result }) => checkPropagator(testCase, () => new Product(factors, result)),
    );
  });

  test("absolute value", () => {
    forAllStores([smallDomain, resultDomain], nothing, (testCase) =>
      checkPropagator(testCase, () => new Absolute(0, 1)),
    );
    forAllStores([smallDomain], nothing, (testCase) => checkPropagator(testCase, () => new Absolute(0, 0)));
  });

  test("division", () => {
    forAllStores(
      [resultDomain, smallDomain, smallDomain, smallDomain],
      fc.constantFrom("truncate" as const, "euclid" as const),
      (testCase, rounding) => checkPropagator(testCase, () => new Division(0, 1, 2, 3, rounding)),
    );
  });

  test("power", () => {
    const exponents = fc.integer({ min: 2, max: 4 });
    forAllStores([smallDomain, resultDomain], exponents, (testCase, exponent) =>
      checkPropagator(testCase, () => new Power(0, exponent, 1)),
    );
    forAllStores([smallDomain], exponents, (testCase, exponent) =>
      checkPropagator(testCase, () => new Power(0, exponent, 0)),
    );
  });

  test("divides", () => {
    forAllStores(
      [smallDomain, resultDomain],
      nothing,
      (testCase) => checkPropagator(testCase, () => new Divides(0, 1)),
      600,
    );
    forAllStores([smallDomain], nothing, (testCase) => checkPropagator(testCase, () => new Divides(0, 0)));
  });

  test.each([Maximum, Minimum])("%o", (Extremum) => {
    forAllStores([...pair, ...pair], nothing, (testCase) =>
      checkPropagator(testCase, () => new Extremum([0, 1, 2], 3)),
    );
    forAllStores(pair, nothing, (testCase) => checkPropagator(testCase, () => new Extremum([0, 1, 0], 1)));
  });
});
