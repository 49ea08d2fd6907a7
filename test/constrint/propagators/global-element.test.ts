import fc from "fast-check";
import { describe, test } from "vitest";
import { ElementConstant } from "../../../packages/constrint/src/propagators/global/element-constant.js";
import { ElementVariable } from "../../../packages/constrint/src/propagators/global/element-variable.js";
import { checkPropagator, forAllStores, smallDomain } from "./harness.js";

const tinyDomain = fc.uniqueArray(fc.integer({ min: -3, max: 4 }), { minLength: 1, maxLength: 5 });

describe("element", () => {
  const constants = fc.record({
    array: fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1, maxLength: 7 }),
    shift: fc.integer({ min: -2, max: 3 }),
  });

  test("of numbers", () => {
    forAllStores([smallDomain, smallDomain], constants, (testCase, { array, shift }) =>
      checkPropagator(testCase, () => new ElementConstant(0, shift, array, 1)),
    );
    forAllStores([smallDomain], constants, (testCase, { array, shift }) =>
      checkPropagator(testCase, () => new ElementConstant(0, shift, array, 0)),
    );
  });

  test("of numbers is domain consistent on explicit domains", () => {
    forAllStores([smallDomain, smallDomain], constants, (testCase, { array, shift }) =>
      checkPropagator({ ...testCase, explicit: true }, () => new ElementConstant(0, shift, array, 1), "domain"),
    );
  });

  test("of variables", () => {
    forAllStores([tinyDomain, tinyDomain, tinyDomain, tinyDomain], fc.integer({ min: -2, max: 2 }), (testCase, shift) =>
      checkPropagator(testCase, () => new ElementVariable(0, shift, [2, 3, 2], 1)),
    );
    forAllStores([tinyDomain, tinyDomain], fc.integer({ min: -2, max: 2 }), (testCase, shift) =>
      checkPropagator(testCase, () => new ElementVariable(0, shift, [1, 0, 1, 1], 0)),
    );
  });
});
