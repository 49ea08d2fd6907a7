import { and, type Constraint, or } from "../constraint.js";
import { type IntExpr, type Operand, toExpression } from "../expression.js";
import { cumulative } from "./cumulative.js";
import { GlobalNode } from "./global-node.js";

/** A task of {@link disjunctive}: under way at the times start ≤ time < start + duration. */
export interface TimedTask<T = Operand> {
  readonly start: T;
  readonly duration: T;
}

/** Of any two tasks of fixed duration, one ends before the other starts. */
export class Disjunctive extends GlobalNode {
  readonly kind = "disjunctive";
  readonly operands: readonly IntExpr[];

  /** @internal Use {@link disjunctive}. */
  constructor(
    readonly starts: readonly IntExpr[],
    /** Integers ≥ 0. */
    readonly durations: readonly number[],
  ) {
    super();
    this.operands = Object.freeze([...starts]);
    Object.freeze(starts);
    Object.freeze(durations);
    Object.freeze(this);
  }
}

/**
 * The constraint that tasks do not overlap in time. Durations are not negative. A task of duration 0 may be at any time; with
 * `strict` not inside another one.
 */
export function disjunctive(tasks: readonly TimedTask[], { strict = false } = {}): Constraint {
  const given = tasks.map(({ start, duration }) => ({ start: toExpression(start), duration: toExpression(duration) }));
  const fixed = given.flatMap(({ start, duration }) =>
    duration.kind === "constant" ? [{ start, duration: duration.value }] : [],
  );
  if (fixed.length < given.length) return variableDurations(given, strict);
  if (fixed.some(({ duration }) => duration < 0)) return or();
  const lasting = strict ? fixed : fixed.filter(({ duration }) => duration > 0);
  return new Disjunctive(
    lasting.map(({ start }) => start),
    lasting.map(({ duration }) => duration),
  );
}

/** Tasks that share a resource of capacity 1; where those of duration 0 count, also one after the other in pairs. */
function variableDurations(tasks: readonly TimedTask<IntExpr>[], strict: boolean): Constraint {
  const shared = cumulative(
    tasks.map(({ start, duration }) => ({ start, duration, demand: 1 })),
    1,
  );
  if (!strict) return shared;
  const pairs = tasks.flatMap((a, i) =>
    tasks.slice(i + 1).map((b) => or(a.start.plus(a.duration).le(b.start), b.start.plus(b.duration).le(a.start))),
  );
  return and(shared, ...pairs);
}
