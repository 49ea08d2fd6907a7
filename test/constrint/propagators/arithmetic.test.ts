import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Outcome } from "../../../packages/constrint/src/engine/propagator.js";
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
import {
  buildStore,
  checkPropagator,
  forAllStores,
  type PropagatorCase,
  resultDomain,
  runToFixpoint,
  smallDomain,
  valuesOf,
} from "./harness.js";

const coefficient = fc.integer({ min: -7, max: 7 }).filter((a) => a !== 0);
const linear = fc.record({
  coefficients: fc.array(coefficient, { minLength: 1, maxLength: 4 }),
  constant: fc.integer({ min: -40, max: 60 }),
});
const pair = [smallDomain, smallDomain];
const variables = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A range of integers without gaps, on which bounds consistency is what the bounds' own supports say. */
const range = (low: number, high: number): fc.Arbitrary<readonly number[]> =>
  fc
    .tuple(fc.integer({ min: low, max: high }), fc.nat(12))
    .map(([from, size]) => Array.from({ length: Math.min(size, high - from) + 1 }, (_, i) => from + i));

/** Decisions that leave ranges ranges. */
const keepingRanges = (testCase: PropagatorCase): PropagatorCase => ({
  ...testCase,
  decisions: testCase.decisions.filter(({ side }) => side !== "hole"),
});

describe("propagators of bounds are bounds consistent on ranges", () => {
  const nothing = fc.constant(undefined);

  test("absolute value", () => {
    forAllStores([range(-12, 12), range(-3, 15)], nothing, (testCase) =>
      checkPropagator(keepingRanges(testCase), () => new Absolute(0, 1), "bounds"),
    );
  });

  test("power", () => {
    forAllStores([range(-6, 6), range(-70, 70)], fc.constantFrom(2, 3), (testCase, exponent) =>
      checkPropagator(keepingRanges(testCase), () => new Power(0, exponent, 1), "bounds"),
    );
  });

  test.each([Maximum, Minimum])("%o", (Extremum) => {
    forAllStores([range(-5, 5), range(-5, 5), range(-5, 5)], nothing, (testCase) =>
      checkPropagator(keepingRanges(testCase), () => new Extremum([0, 1], 2), "bounds"),
    );
  });

  test("product, over the reals", () => {
    const domains = [range(-6, 8), range(-6, 8), range(-6, 8), range(-60, 60)];
    forAllStores(domains, nothing, (testCase) => {
      const store = buildStore({ ...testCase, explicit: false });
      const propagator = new Product([0, 1, 2], 3);
      if (runToFixpoint(store, propagator) === Outcome.failed) return;
      const interval = (x: number): [number, number] => [store.min(x), store.max(x)];
      for (const x of [0, 1, 2, 3]) {
        for (const bound of interval(x)) {
          // With x at its bound and the others anywhere between theirs, factors and result still meet.
          const ends = [0, 1, 2].map((y) => (y === x ? [bound] : interval(y)));
          const products = ends.reduce((all, factors) => all.flatMap((a) => factors.map((b) => a * b)), [1]);
          const [low, high] = x === 3 ? [bound, bound] : interval(3);
          expect(Math.min(...products)).toBeLessThanOrEqual(high);
          expect(Math.max(...products)).toBeGreaterThanOrEqual(low);
        }
      }
    });
  });
});

describe("linear = with two open variables whose domains have gaps", () => {
  const gapped = fc
    .uniqueArray(fc.integer({ min: -8, max: 9 }), { minLength: 3, maxLength: 7 })
    .map((roots) => [...new Set(roots.map((root) => root * root))])
    .filter((squares) => squares.length >= 3 && new Set(squares.slice(1).map((v, i) => v - squares[i]!)).size > 1);
  const coefficients = fc.tuple(fc.constantFrom(1, -1, 2), fc.constantFrom(1, -1, -3));

  test("is domain consistent below the root", () => {
    let removed = 0;
    forAllStores([gapped, gapped, smallDomain], coefficients, (testCase, [a, b]) => {
      const store = buildStore({ ...testCase, explicit: true });
      fc.pre(store.hasGaps(0) && store.hasGaps(1));
      const [xs, ys] = [valuesOf(store, 0), valuesOf(store, 1)];
      // A total that some pair reaches.
      const fixed = store.min(2);
      const total = a * xs[1]! + b * ys[1]! + fixed;
      const propagator = new LinearEqual([0, 1, 2], [a, b, 1], total);
      store.push();
      store.assign(2, fixed);
      expect(runToFixpoint(store, propagator)).not.toBe(Outcome.failed);
      const partnered = xs.filter((x) => ys.some((y) => a * x + b * y + fixed === total));
      expect(valuesOf(store, 0)).toEqual(partnered);
      expect(valuesOf(store, 1)).toEqual(ys.filter((y) => xs.some((x) => a * x + b * y + fixed === total)));
      removed += xs.length - partnered.length;
    });
    expect(removed).toBeGreaterThan(100);
  });
});

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

  test("linear = with coefficients 1 and −1, such as x + y = z + c", () => {
    const sign = fc.constantFrom(1, -1);
    const sum = fc.record({ signs: fc.tuple(sign, sign, sign), constant: fc.integer({ min: -12, max: 12 }) });
    forAllStores([...pair, smallDomain], sum, (testCase, { signs, constant }) =>
      checkPropagator(testCase, () => new LinearEqual([0, 1, 2], signs, constant)),
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
