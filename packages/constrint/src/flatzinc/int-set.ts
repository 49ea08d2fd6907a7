import type { Constraint } from "../model/constraint.js";
import { and, Or } from "../model/constraint.js";
import type { IntExpr } from "../model/expression.js";
import type { SetLiteral } from "./syntax.js";

/** A set of integers: its maximal runs low … high in ascending order. @internal */
export type IntSet = readonly (readonly [low: number, high: number])[];

/** The set that a literal writes; a range whose upper bound is below the lower one is empty. @internal */
export function intSet(literal: SetLiteral): IntSet {
  if (literal.type === "range") return literal.low <= literal.high ? [[literal.low, literal.high]] : [];
  const runs: [number, number][] = [];
  for (const value of [...literal.values].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && value <= last[1] + 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs;
}

/** How many integers the set holds. @internal */
export function setSize(set: IntSet): number {
  return set.reduce((size, [low, high]) => size + high - low + 1, 0);
}

/** The set's integers in ascending order. @internal */
export function elementsOf(set: IntSet): number[] {
  return set.flatMap(([low, high]) => Array.from({ length: high - low + 1 }, (_, i) => low + i));
}

/** expression ∈ set. @internal */
export function isIn(expression: IntExpr, set: IntSet): Constraint {
  return new Or(
    set.map(([low, high]) => (low === high ? expression.eq(low) : and(expression.ge(low), expression.le(high)))),
  );
}

/** expression ∉ set: below its first run, between two, or above the last. @internal */
export function isNotIn(expression: IntExpr, set: IntSet): Constraint {
  const [first] = set;
  const last = set.at(-1);
  if (first === undefined || last === undefined) return and();
  const gaps = set.slice(1).map(([low], i) => and(expression.gt(set[i]![1]), expression.lt(low)));
  return new Or([expression.lt(first[0]), ...gaps, expression.gt(last[1])]);
}
