/**
 * Sets of integers as ascending intervals, both ends included, with at least one integer between neighbours. The first one may
 * begin at −∞ and the last one end at ∞.
 *
 * @internal
 */
export type Ranges = readonly Range[];

/** One interval. @internal */
export type Range = readonly [low: number, high: number];

/** All integers. @internal */
export const ALL: Ranges = [[-Infinity, Infinity]];

/** The integers that lie in at least one of the intervals, which may overlap and come in any order. @internal */
export function unionOf(intervals: readonly Range[]): Ranges {
  const sorted = intervals.filter(([low, high]) => low <= high).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const merged: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

/** The integers that are not in a set. @internal */
export function complementOf(ranges: Ranges): Ranges {
  const gaps: Range[] = [];
  let low = -Infinity;
  for (const [from, to] of ranges) {
    if (low < from) gaps.push([low, from - 1]);
    low = to + 1;
  }
  if (low < Infinity) gaps.push([low, Infinity]);
  return gaps;
}

/** The integers that lie in every one of the sets. Cost: O(n log n) for n intervals altogether. @internal */
export function intersectionOf(sets: readonly Ranges[]): Ranges {
  return complementOf(unionOf(sets.flatMap(complementOf)));
}
