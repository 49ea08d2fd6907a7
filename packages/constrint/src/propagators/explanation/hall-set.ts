import type { DomainView, Premises } from "../../engine/explanation.js";
import type { ValueIndex } from "../global/value-index.js";

/**
 * Explains by a Hall set why some variables cannot all have different values while one value is taken: a set of k variables that
 * have fewer than k values together. It is what alternating paths reach from a variable that no matching covers.
 *
 * @param places the variables' places that compete for values
 * @param values the numbered values of all variables, shifted
 * @param taken a value that none of them gets, or undefined
 * @returns false, without premises, if the variables can all have different values
 * @internal
 */
export function explainByHallSet(
  scope: readonly number[],
  shifts: readonly number[],
  places: readonly number[],
  values: ValueIndex,
  taken: number | undefined,
  before: DomainView,
  premises: Premises,
): boolean {
  const has = (i: number, v: number): boolean => before.has(scope[i]!, values.values[v]! - shifts[i]!);
  const without = taken === undefined ? -1 : values.of(taken);
  const owner = new Int32Array(values.count).fill(-1);
  const matched = new Int32Array(scope.length).fill(-1);
  const cameFrom = new Int32Array(values.count);
  for (const start of places) {
    // Breadth-first search for a free value, along places that can move on to others.
    cameFrom.fill(-1);
    const path = [start];
    let free = -1;
    for (let head = 0; head < path.length && free < 0; head++) {
      const i = path[head]!;
      for (let v = 0; v < values.count && free < 0; v++) {
        if (v === without || cameFrom[v]! >= 0 || !has(i, v)) continue;
        cameFrom[v] = i;
        if (owner[v]! < 0) free = v;
        else path.push(owner[v]!);
      }
    }
    if (free < 0) {
      // The places on the path share the values that were reached, and the one that is taken.
      const shared = [...values.values].filter((_, v) => cameFrom[v]! >= 0 || v === without);
      for (const i of path) isAmong(i, shared);
      return true;
    }
    while (free >= 0) {
      const place = cameFrom[free]!;
      const left = matched[place]!;
      matched[place] = free;
      owner[free] = place;
      free = left;
    }
  }
  return false;

  /** Place i has none but these values, ascending. */
  function isAmong(i: number, allowed: readonly number[]): void {
    const x = scope[i]!;
    const shift = shifts[i]!;
    const low = allowed[0]! - shift;
    const high = allowed.at(-1)! - shift;
    premises.atLeast(x, low);
    premises.atMost(x, high);
    for (const value of values.values) {
      const lost = value - shift;
      if (lost > low && lost < high && !allowed.includes(value)) premises.notEqual(x, lost);
    }
  }
}
