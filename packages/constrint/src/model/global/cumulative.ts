import { type IntExpr, type Operand, toExpression } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** A task of {@link cumulative}: under way at the times start ≤ time < start + duration, it uses `demand` of the resource. */
export interface Task<T = Operand> {
  readonly start: T;
  readonly duration: T;
  readonly demand: T;
}

/** At no time do the demands of the tasks under way exceed the capacity. */
export class Cumulative extends GlobalNode {
  readonly kind = "cumulative";
  readonly operands: readonly IntExpr[];

  /** @internal Use {@link cumulative}. */
  constructor(
    readonly tasks: readonly Task<IntExpr>[],
    readonly capacity: IntExpr,
  ) {
    super();
    this.operands = Object.freeze([
      ...tasks.flatMap(({ start, duration, demand }) => [start, duration, demand]),
      capacity,
    ]);
    Object.freeze(tasks);
    Object.freeze(this);
  }
}

/**
 * The constraint that tasks share a resource: at no time are the demands of those under way more than the capacity. Durations,
 * demands and the capacity are not negative.
 */
export function cumulative(tasks: readonly Task[], capacity: Operand): Cumulative {
  const frozen = tasks.map(({ start, duration, demand }) =>
    Object.freeze({
      start: toExpression(start),
      duration: toExpression(duration),
      demand: toExpression(demand),
    }),
  );
  return new Cumulative(frozen, toExpression(capacity));
}
