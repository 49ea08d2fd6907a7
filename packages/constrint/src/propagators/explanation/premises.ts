import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";

/** x ≥ bound, where that says anything. @internal */
export function atLeast(premises: Premises, x: number, bound: number): void {
  if (bound !== -Infinity) premises.atLeast(x, bound);
}

/** x ≤ bound, where that says anything. @internal */
export function atMost(premises: Premises, x: number, bound: number): void {
  if (bound !== Infinity) premises.atMost(x, bound);
}

/** All that is known of the variables: the explanation that always holds, where none better is found. @internal */
export function allDomains(variables: readonly number[], premises: Premises): void {
  for (const x of new Set(variables)) premises.domain(x);
}

/**
 * x lacks these values, none of which it has in `before`: several beyond a bound as one weakest bound, the others one by one.
 *
 * @internal
 */
export function lacks(x: number, values: Iterable<number>, before: DomainView, premises: Premises): void {
  const min = before.min(x);
  const max = before.max(x);
  const below: number[] = [];
  const above: number[] = [];
  for (const value of values) {
    if (value < min) below.push(value);
    else if (value > max) above.push(value);
    else premises.notEqual(x, value);
  }
  if (below.length === 1) premises.notEqual(x, below[0]!);
  else if (below.length > 1) premises.atLeast(x, Math.max(...below) + 1);
  if (above.length === 1) premises.notEqual(x, above[0]!);
  else if (above.length > 1) premises.atMost(x, Math.min(...above) - 1);
}

/**
 * Explains the consequence from reasons for single values: x ≥ v holds because x was at least its old bound and lost every value
 * from there to v.
 *
 * @param explainLoss writes why x ≠ value, or returns false if it does not know why
 * @returns false if a value that x had was not explained
 * @internal
 */
export function explainByValues(
  { kind, variable: x, value }: Consequence,
  before: DomainView,
  premises: Premises,
  explainLoss: (value: number) => boolean,
): boolean {
  if (kind === undefined) return false;
  if (kind === LiteralKind.notEqual) return explainLoss(value);
  const step = kind === LiteralKind.atLeast ? 1 : -1;
  const start = step > 0 ? before.min(x) : before.max(x);
  for (let lost = start; lost !== value; lost += step) {
    if (!before.has(x, lost)) premises.notEqual(x, lost);
    else if (!explainLoss(lost)) return false;
  }
  if (step > 0) premises.atLeast(x, start);
  else premises.atMost(x, start);
  return true;
}
