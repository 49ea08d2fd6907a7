import fc from "fast-check";
import { describe, test } from "vitest";
import { Table } from "../../../packages/constrint/src/propagators/global/table.js";
import { checkPropagator, forAllStores } from "./harness.js";

const tinyDomain = fc.uniqueArray(fc.integer({ min: -3, max: 4 }), { minLength: 1, maxLength: 5 });

describe("table", () => {
  const rows = fc.oneof(
    fc.array(fc.array(fc.integer({ min: -3, max: 4 }), { minLength: 3, maxLength: 3 }), {
      minLength: 1,
      maxLength: 12,
    }),
    // More than one word of rows.
    fc.array(fc.array(fc.integer({ min: -2, max: 3 }), { minLength: 3, maxLength: 3 }), {
      minLength: 40,
      maxLength: 90,
    }),
  );
  const three = [tinyDomain, tinyDomain, tinyDomain];

  test("on any domains", () => {
    forAllStores(three, rows, (testCase, table) => checkPropagator(testCase, () => new Table([0, 1, 2], table)));
  });

  test("is domain consistent on explicit domains, with repeated variables too", () => {
    const scopes = fc.constantFrom([0, 1, 2], [2, 0, 2], [1, 1, 1]);
    forAllStores(three, fc.tuple(rows, scopes), (testCase, [table, scope]) =>
      checkPropagator({ ...testCase, explicit: true }, () => new Table(scope, table), "domain"),
    );
  });
});
