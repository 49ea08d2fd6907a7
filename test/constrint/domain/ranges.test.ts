import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  complementOf,
  intersectionOf,
  type Range,
  type Ranges,
  unionOf,
} from "../../../packages/constrint/src/domain/ranges.js";
import { fixedSeed } from "../random-model.js";

const bound = fc.oneof(fc.integer({ min: -8, max: 8 }), fc.constantFrom(-Infinity, Infinity));
const intervals: fc.Arbitrary<Range[]> = fc.array(
  fc.tuple(bound, bound).filter(([low, high]) => low < Infinity && high > -Infinity),
  { maxLength: 5 },
);
const inside = (ranges: readonly Range[], value: number): boolean =>
  ranges.some(([low, high]) => value >= low && value <= high);
const window = Array.from({ length: 31 }, (_, i) => i - 15);
const values = (ranges: readonly Range[]): number[] => window.filter((value) => inside(ranges, value));

/** In order, not empty, and not touching. */
const isCanonical = (ranges: Ranges): boolean =>
  ranges.every(([low, high], i) => low <= high && (i === 0 || ranges[i - 1]![1] + 1 < low));

describe("sets of integers as intervals, against membership value by value", () => {
  test("union, complement and intersection", () => {
    fc.assert(
      fc.property(fc.array(intervals, { minLength: 1, maxLength: 4 }), (lists) => {
        const sets = lists.map(unionOf);
        sets.forEach((set, i) => {
          expect(values(set)).toEqual(values(lists[i]!));
          expect(values(complementOf(set))).toEqual(window.filter((value) => !inside(set, value)));
          expect(complementOf(complementOf(set))).toEqual(set);
        });
        const common = intersectionOf(sets);
        expect(values(common)).toEqual(window.filter((value) => sets.every((set) => inside(set, value))));
        for (const set of [...sets, common]) expect(isCanonical(set)).toBe(true);
      }),
      { ...fixedSeed(), numRuns: 500 },
    );
  });
});
