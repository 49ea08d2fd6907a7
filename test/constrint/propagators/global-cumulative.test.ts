import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Premises } from "../../../packages/constrint/src/engine/explanation.js";
import { Outcome } from "../../../packages/constrint/src/engine/propagator.js";
import { Cumulative } from "../../../packages/constrint/src/propagators/global/cumulative.js";
import { buildStore, checkPropagator, forAllStores } from "./harness.js";

const start = fc.uniqueArray(fc.integer({ min: -2, max: 4 }), { minLength: 1, maxLength: 4 });
const size = fc.oneof(
  fc.integer({ min: 1, max: 3 }).map((value) => [value]),
  fc.uniqueArray(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 2 }),
);
const capacity = fc.oneof(
  fc.integer({ min: 1, max: 3 }).map((value) => [value]),
  fc.uniqueArray(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 3 }),
);
const nothing = fc.constant(undefined);

describe("cumulative", () => {
  test("against brute force", () => {
    forAllStores(
      [start, start, start, size, size, size, size, size, size, capacity],
      nothing,
      (testCase) => checkPropagator(testCase, () => new Cumulative([0, 1, 2], [3, 4, 5], [6, 7, 8], 9)),
      400,
    );
  });

  test("every narrowing of fixed tasks has an explanation by full times", () => {
    class Explained extends Cumulative {
      override explain(...[consequence, before, premises]: Parameters<Cumulative["explain"]>): void {
        const precise: Premises = {
          atLeast: (x, value) => premises.atLeast(x, value),
          atMost: (x, value) => premises.atMost(x, value),
          equal: (x, value) => premises.equal(x, value),
          notEqual: (x, value) => premises.notEqual(x, value),
          domain: () => {
            throw new Error("no full time explains the narrowing");
          },
        };
        super.explain(consequence, before, precise);
      }
    }
    const window = fc
      .tuple(fc.integer({ min: -2, max: 5 }), fc.integer({ min: 1, max: 5 }))
      .map(([first, length]) => Array.from({ length }, (_, i) => first + i));
    const fixed = (min: number, max: number) => fc.integer({ min, max }).map((value) => [value]);
    const tasks = <T>(one: T): T[] => [one, one, one, one];
    forAllStores(
      [...tasks(window), ...tasks(fixed(0, 4)), ...tasks(fixed(0, 3)), fixed(2, 4)],
      nothing,
      (testCase) => checkPropagator(testCase, () => new Explained([0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], 12)),
      300,
    );
  });

  test("with repeated variables", () => {
    forAllStores(
      [start, start, size, size],
      fc.constantFrom(
        { starts: [0, 0, 1], durations: [2, 3, 2], demands: [3, 3, 2], limit: 3 },
        { starts: [0, 1, 2], durations: [2, 1, 3], demands: [3, 3, 3], limit: 2 },
        { starts: [0, 1, 0], durations: [0, 1, 2], demands: [2, 3, 1], limit: 1 },
      ),
      (testCase, { starts, durations, demands, limit }) =>
        checkPropagator(testCase, () => new Cumulative(starts, durations, demands, limit)),
    );
  });

  test("a task moves past the certain parts of the others", () => {
    const range = (low: number, high: number) => Array.from({ length: high - low + 1 }, (_, i) => low + i);
    const store = buildStore({
      domains: [range(2, 4), range(0, 9), [5], [3], [2], [3]],
      explicit: false,
      decisions: [],
    });
    // The first task is certainly under way from 4 to 7; the second, of length 3, starts after 1 and cannot end by 4.
    const propagator = new Cumulative([0, 1], [2, 3], [4, 4], 5);
    store.setMin(1, 2);
    expect(propagator.propagate(store)).toBe(Outcome.changed);
    expect([store.min(1), store.max(1)]).toEqual([7, 9]);
  });
});
