import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { lacks } from "./premises.js";

/** Whether a value of the consequence's variable would violate it. @internal */
export function violates({ kind, value }: Consequence, candidate: number): boolean {
  if (kind === LiteralKind.atLeast) return candidate < value;
  if (kind === LiteralKind.atMost) return candidate > value;
  return candidate === value;
}

/**
 * Explains a table: every row that violates the consequence has an entry that its variable lacks. For each row one such entry
 * is a premise, rather one that another row needs too.
 *
 * @returns false, without premises, if a row is possible that violates the consequence
 * @internal
 */
export function explainByRows(
  scope: readonly number[],
  rows: readonly (readonly number[])[],
  consequence: Consequence,
  before: DomainView,
  premises: Premises,
): boolean {
  const lost = new Map<number, Set<number>>(scope.map((x) => [x, new Set()]));
  const isViolating = (row: readonly number[]): boolean =>
    consequence.kind === undefined ||
    scope.every((x, i) => x !== consequence.variable || violates(consequence, row[i]!));
  for (const row of rows) {
    if (!isViolating(row) || scope.some((x, i) => lost.get(x)!.has(row[i]!))) continue;
    const place = scope.findIndex((x, i) => !before.has(x, row[i]!));
    if (place < 0) return false;
    lost.get(scope[place]!)!.add(row[place]!);
  }
  for (const [x, values] of lost) lacks(x, values, before, premises);
  return true;
}
