import fc from "fast-check";
import { describe, test } from "vitest";
import { AllDifferentBounds } from "../../../packages/constrint/src/propagators/global/all-different-bounds.js";
import { AllDifferentDomain } from "../../../packages/constrint/src/propagators/global/all-different-domain.js";
import { AllDifferentValues } from "../../../packages/constrint/src/propagators/global/all-different-values.js";
import { checkPropagator, forAllStores, smallDomain } from "./harness.js";

/** Narrow domains, so that values are scarce. */
const tightDomain = fc.oneof(
  fc.uniqueArray(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 5 }),
  fc.uniqueArray(fc.constantFrom(-4, -1, 1, 4), { minLength: 1, maxLength: 3 }),
);
const tightInterval = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 5 }))
  .map(([low, size]) => Array.from({ length: size }, (_, i) => low + i));
const shifts = fc.oneof(
  fc.constant([0, 0, 0, 0]),
  fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 4, maxLength: 4 }),
);

const three = (domain: fc.Arbitrary<readonly number[]>) => [domain, domain, domain];

describe("all different", () => {
  test("by values", () => {
    forAllStores([...three(tightDomain), smallDomain], shifts, (testCase, s) =>
      checkPropagator(testCase, () => new AllDifferentValues([0, 1, 2, 3], s)),
    );
  });

  test("by bounds, on any domains", () => {
    forAllStores([...three(tightDomain), smallDomain], shifts, (testCase, s) =>
      checkPropagator(testCase, () => new AllDifferentBounds([0, 1, 2, 3], s)),
    );
  });

  test("by bounds is bounds consistent on intervals", () => {
    forAllStores(
      [...three(tightInterval), tightInterval],
      shifts,
      (testCase, s) => {
        const decisions = testCase.decisions.filter(({ side }) => side !== "hole");
        checkPropagator({ ...testCase, decisions }, () => new AllDifferentBounds([2, 0, 1, 3], s), "bounds");
      },
      600,
    );
  });

  test("by matching, on any domains", () => {
    forAllStores([...three(tightDomain), smallDomain], shifts, (testCase, s) =>
      checkPropagator(testCase, () => new AllDifferentDomain([0, 1, 2, 3], s)),
    );
  });

  test("by matching is domain consistent on explicit domains", () => {
    forAllStores(
      [...three(tightDomain), tightDomain],
      shifts,
      (testCase, s) =>
        checkPropagator({ ...testCase, explicit: true }, () => new AllDifferentDomain([3, 2, 1, 0], s), "domain"),
      600,
    );
  });

  describe("of variables that occur twice", () => {
    const scope = [0, 1, 0, 2, 1, 3];
    // The second term of a variable is at another distance than the first.
    const distinctShifts = fc
      .tuple(shifts, fc.constantFrom(-2, -1, 1, 3), fc.constantFrom(-1, 1, 2))
      .map(([s, a, b]) => [s[0]!, s[1]!, s[0]! + a, s[2]!, s[1]! + b, s[3]!]);

    test.each([
      ["values", AllDifferentValues],
      ["bounds", AllDifferentBounds],
      ["matching", AllDifferentDomain],
    ] as const)("by %s", (_, AllDifferent) => {
      forAllStores([...three(tightDomain), smallDomain], distinctShifts, (testCase, s) =>
        checkPropagator(testCase, () => new AllDifferent(scope, s)),
      );
    });
  });
});
