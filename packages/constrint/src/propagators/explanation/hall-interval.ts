import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";

/**
 * Explains x ≥ v or a failure of xᵢ + sᵢ ≠ xⱼ + sⱼ by a Hall interval a … b, in which lie as many other variables as it has values:
 * x + s ≥ a and those variables in a … b imply x + s > b. One variable more in it is a failure.
 *
 * @returns false, without premises, where there is no such interval
 * @internal
 */
export function explainByHallInterval(
  scope: readonly number[],
  shifts: readonly number[],
  consequence: Consequence,
  before: DomainView,
  premises: Premises,
): boolean {
  if (consequence.kind === undefined) return explainAt(-1, scope, shifts, consequence, before, premises);
  return scope.some((x, i) => x === consequence.variable && explainAt(i, scope, shifts, consequence, before, premises));
}

/** Explains for the variable at one place of the scope, or a failure where the place is −1. */
function explainAt(
  subject: number,
  scope: readonly number[],
  shifts: readonly number[],
  { variable, value }: Consequence,
  before: DomainView,
  premises: Premises,
): boolean {
  const isFailure = subject < 0;
  const low = scope.map((x, i) => before.min(x) + shifts[i]!);
  const high = scope.map((x, i) => before.max(x) + shifts[i]!);
  const others = scope
    .map((_, i) => i)
    .filter((i) => i !== subject && Number.isFinite(low[i]!) && Number.isFinite(high[i]!));
  // The interval starts at or below the subject's lower bound and holds the last value to lose.
  const lastStart = isFailure ? Infinity : low[subject]!;
  const lastLost = isFailure ? -Infinity : value + shifts[subject]! - 1;
  const byHigh = others.sort((i, j) => high[i]! - high[j]!);
  const starts = [...new Set(others.map((i) => low[i]!).filter((start) => start <= lastStart))].sort((a, b) => b - a);
  for (const start of starts) {
    const inside: number[] = [];
    for (const i of byHigh) {
      if (low[i]! < start) continue;
      inside.push(i);
      const end = high[i]!;
      const needed = end - start + 1 + (isFailure ? 1 : 0);
      if (end < lastLost || inside.length < needed) continue;
      for (const j of inside.slice(0, needed)) {
        premises.atLeast(scope[j]!, start - shifts[j]!);
        premises.atMost(scope[j]!, end - shifts[j]!);
      }
      if (!isFailure) premises.atLeast(variable, start - shifts[subject]!);
      return true;
    }
  }
  return false;
}
