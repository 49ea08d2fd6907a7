// The consistency levels that the documentation of a propagator promises, where they are neither bounds nor domain consistency of the whole
// constraint (those are checked beside its other tests): at a fixpoint, what the rule says holds, found again from the domains alone.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Outcome, type Propagator } from "../../../packages/constrint/src/engine/propagator.js";
import type { Store } from "../../../packages/constrint/src/engine/store.js";
import { Divides } from "../../../packages/constrint/src/propagators/arithmetic/divides.js";
import { Division, divisionRemainder } from "../../../packages/constrint/src/propagators/arithmetic/division.js";
import { LinearEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-equal.js";
import { LinearNotEqual } from "../../../packages/constrint/src/propagators/arithmetic/linear-not-equal.js";
import { BinPacking } from "../../../packages/constrint/src/propagators/global/bin-packing.js";
import { Circuit } from "../../../packages/constrint/src/propagators/global/circuit.js";
import { Cumulative } from "../../../packages/constrint/src/propagators/global/cumulative.js";
import { ElementVariable } from "../../../packages/constrint/src/propagators/global/element-variable.js";
import { GlobalCardinality } from "../../../packages/constrint/src/propagators/global/global-cardinality.js";
import { Inverse } from "../../../packages/constrint/src/propagators/global/inverse.js";
import { buildStore, checkPropagator, forAllStores, runToFixpoint, smallDomain, valuesOf } from "./harness.js";

const nothing = fc.constant(undefined);
const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** All integers from one to another. */
const range = (low: number, high: number, size = 10): fc.Arbitrary<readonly number[]> =>
  fc
    .tuple(fc.integer({ min: low, max: high }), fc.nat(size))
    .map(([from, more]) => Array.from({ length: Math.min(more, high - from) + 1 }, (_, i) => from + i));

/** Runs the property at the fixpoint of many stores, and sees to it that most have one. */
function atFixpoints<Extra>(
  domains: readonly fc.Arbitrary<readonly number[]>[],
  extra: fc.Arbitrary<Extra>,
  isExplicit: boolean,
  build: (extra: Extra) => Propagator,
  check: (store: Store, extra: Extra) => void,
): void {
  let settled = 0;
  forAllStores(domains, extra, (testCase, drawn) => {
    const store = buildStore({ ...testCase, explicit: isExplicit });
    if (runToFixpoint(store, build(drawn)) === Outcome.failed) return;
    settled++;
    check(store, drawn);
  });
  expect(settled).toBeGreaterThan(30);
}

const interval = (store: Store, x: number): readonly [number, number] => [store.min(x), store.max(x)];

describe("at a fixpoint", () => {
  test("linear =: each bound has real values of the others that complete it", () => {
    const coefficient = fc.integer({ min: -5, max: 5 }).filter((a) => a !== 0);
    const linear = fc.record({
      coefficients: fc.tuple(coefficient, coefficient, coefficient, coefficient),
      total: fc.integer({ min: -20, max: 30 }),
    });
    atFixpoints(
      Array(4).fill(range(-8, 12)),
      linear,
      false,
      ({ coefficients, total }) => new LinearEqual(indices(4), coefficients, total),
      (store, { coefficients, total }) => {
        for (const x of indices(4)) {
          for (const bound of interval(store, x)) {
            const others = indices(4).filter((y) => y !== x);
            const ends = others.map((y) => interval(store, y).map((end) => coefficients[y]! * end));
            const rest = total - coefficients[x]! * bound;
            expect(ends.reduce((sum, pair) => sum + Math.min(...pair), 0)).toBeLessThanOrEqual(rest);
            expect(ends.reduce((sum, pair) => sum + Math.max(...pair), 0)).toBeGreaterThanOrEqual(rest);
          }
        }
      },
    );
  });

  test("linear ≠ is domain consistent on explicit domains", () => {
    const linear = fc.record({
      coefficients: fc.tuple(fc.constantFrom(1, -1, 2), fc.constantFrom(1, -2, 3), fc.constantFrom(1, -1)),
      total: fc.integer({ min: -10, max: 10 }),
    });
    forAllStores(
      [smallDomain, smallDomain, smallDomain],
      linear,
      (testCase, { coefficients, total }) =>
        checkPropagator(
          { ...testCase, explicit: true },
          () => new LinearNotEqual(indices(3), coefficients, total),
          "domain",
        ),
      100,
    );
  });

  test("divides is domain consistent on explicit domains once either side is fixed", () => {
    const fixed = fc.integer({ min: -30, max: 60 }).map((value) => [value]);
    for (const domains of [
      [smallDomain, fixed],
      [fixed, range(-40, 60, 60)],
    ]) {
      forAllStores(
        domains,
        nothing,
        (testCase) => checkPropagator({ ...testCase, explicit: true }, () => new Divides(0, 1), "domain"),
        100,
      );
    }
  });

  test("division: the quotient's bounds are those of all quotients, where the divisor's sign is known", () => {
    const divisor = fc.oneof(
      range(1, 9),
      range(1, 9).map((values) => values.map((value) => -value)),
    );
    const wide = Array.from({ length: 201 }, (_, i) => i - 100);
    atFixpoints(
      [range(-30, 40, 30), divisor, fc.constant(wide), fc.constant(wide)],
      fc.constantFrom("truncate" as const, "euclid" as const),
      false,
      (rounding) => new Division(0, 1, 2, 3, rounding),
      (store, rounding) => {
        const quotients = valuesOf(store, 0).flatMap((n) =>
          valuesOf(store, 1).map((d) => (n - divisionRemainder(n, d, rounding)) / d + 0),
        );
        // Euclid's quotient of a real division rounds away from what is not a bound by at most 1.
        const slack = rounding === "truncate" ? 0 : 1;
        expect(Math.min(...quotients) - store.min(2)).toBeLessThanOrEqual(slack);
        expect(store.max(2) - Math.max(...quotients)).toBeLessThanOrEqual(slack);
      },
    );
  });

  test("element of variables: the result lies among the possible entries, and each of these can be the result", () => {
    const entry = range(-5, 9, 4);
    atFixpoints(
      [range(-1, 5, 5), range(-4, 8), entry, entry, entry],
      nothing,
      true,
      () => new ElementVariable(0, 0, [2, 3, 4], 1),
      (store) => {
        const entries = valuesOf(store, 0).map((i) => interval(store, 2 + i));
        expect(store.min(1)).toBeGreaterThanOrEqual(Math.min(...entries.map(([low]) => low)));
        expect(store.max(1)).toBeLessThanOrEqual(Math.max(...entries.map(([, high]) => high)));
        for (const [low, high] of entries) {
          expect(low).toBeLessThanOrEqual(store.max(1));
          expect(high).toBeGreaterThanOrEqual(store.min(1));
        }
        if (store.isFixed(0)) expect(valuesOf(store, 1)).toEqual(valuesOf(store, 2 + store.min(0)));
      },
    );
  });

  test("inverse: i may lead to j exactly where j may lead back to i", () => {
    const entry = fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 4 });
    atFixpoints(
      Array(8).fill(entry),
      nothing,
      true,
      () => new Inverse([0, 1, 2, 3], [0, 0, 0, 0], [4, 5, 6, 7], [0, 0, 0, 0]),
      (store) => {
        for (const i of indices(4)) for (const j of indices(4)) expect(store.has(i, j)).toBe(store.has(4 + j, i));
      },
    );
  });

  test("global cardinality: counts lie between what must and what may have a value, and what is settled is settled for the items", () => {
    const item = fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 });
    atFixpoints(
      [item, item, item, item, range(0, 4, 3), range(0, 4, 3)],
      nothing,
      true,
      () => new GlobalCardinality([0, 1, 2, 3], [0, 0, 0, 0], [1, 2], [4, 5]),
      (store) => {
        for (const [count, value] of [
          [4, 1],
          [5, 2],
        ] as const) {
          const may = indices(4).filter((x) => store.has(x, value));
          const must = may.filter((x) => store.isFixed(x));
          expect(store.min(count)).toBeGreaterThanOrEqual(must.length);
          expect(store.max(count)).toBeLessThanOrEqual(may.length);
          if (store.max(count) === must.length || store.min(count) === may.length) {
            expect(may.length).toBe(must.length);
          }
        }
      },
    );
  });

  test("bin packing: loads lie between what must and what may be in a bin, and every open item may be in and out", () => {
    const bin = fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 });
    atFixpoints(
      [bin, bin, bin, bin, range(0, 9, 6), range(0, 9, 6), range(0, 9, 6)],
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 }),
      true,
      (sizes) => new BinPacking([0, 1, 2, 3], [0, 0, 0, 0], sizes, [4, 5, 6]),
      (store, sizes) => {
        const total = (items: readonly number[]): number => items.reduce((sum, i) => sum + sizes[i]!, 0);
        for (const load of [4, 5, 6]) {
          const may = indices(4).filter((x) => store.has(x, load - 4));
          const must = may.filter((x) => store.isFixed(x));
          expect(store.min(load)).toBeGreaterThanOrEqual(total(must));
          expect(store.max(load)).toBeLessThanOrEqual(total(may));
          for (const x of may.filter((item) => !store.isFixed(item))) {
            expect(total(must) + sizes[x]!).toBeLessThanOrEqual(store.max(load));
            expect(total(may) - sizes[x]!).toBeGreaterThanOrEqual(store.min(load));
          }
        }
      },
    );
  });

  test("cumulative: no task can only begin where the parts of others that are certain leave too little", () => {
    const fixed = (low: number, high: number) => fc.integer({ min: low, max: high }).map((value) => [value]);
    atFixpoints(
      [...Array(3).fill(range(0, 8, 4)), ...Array(3).fill(fixed(1, 5)), ...Array(3).fill(fixed(1, 3)), fixed(3, 4)],
      nothing,
      false,
      () => new Cumulative([0, 1, 2], [3, 4, 5], [6, 7, 8], 9),
      (store) => {
        const duration = (task: number): number => store.min(3 + task);
        const demand = (task: number): number => store.min(6 + task);
        const certainUse = (time: number, except: number): number =>
          [0, 1, 2]
            .filter((task) => task !== except && store.max(task) <= time && time < store.min(task) + duration(task))
            .reduce((sum, task) => sum + demand(task), 0);
        for (const task of [0, 1, 2]) {
          for (const start of interval(store, task)) {
            for (let time = start; time < start + duration(task); time++) {
              expect(certainUse(time, task) + demand(task)).toBeLessThanOrEqual(store.min(9));
            }
          }
        }
      },
    );
  });

  test("circuit: no chain may close early, and every index reaches every other one", () => {
    const size = 5;
    const successor = fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { minLength: 1, maxLength: 4 });
    atFixpoints(
      Array(size).fill(successor),
      nothing,
      true,
      () => new Circuit(indices(size), Array(size).fill(0)),
      (store) => {
        // That no two are equal is another propagator's.
        const fixed = indices(size).filter((x) => store.isFixed(x));
        const successors = fixed.map((x) => store.min(x));
        const isInjective = new Set(successors).size === fixed.length;
        for (const start of indices(size)) {
          // Along fixed successors: the last one of the chain must not lead back to its first.
          let end = start;
          let length = 1;
          while (store.isFixed(end) && length < size) {
            end = store.min(end);
            length++;
          }
          const isFirst = !successors.includes(start);
          if (isInjective && isFirst && length < size) expect(store.has(end, start)).toBe(false);
          const reached = new Set([start]);
          for (const at of reached) for (const next of valuesOf(store, at)) reached.add(next);
          expect(reached.size).toBe(size);
        }
      },
    );
  });
});
