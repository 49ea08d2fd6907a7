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

/** The integers that lie in both sets. @internal */
export function intersectionOf(a: Ranges, b: Ranges): Ranges {
  return unionOf(a.flatMap(([low, high]) => b.map(([from, to]) => [Math.max(low, from), Math.min(high, to)] as const)));
}
