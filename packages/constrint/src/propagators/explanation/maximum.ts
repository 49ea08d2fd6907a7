import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import { allDomains } from "./premises.js";

/**
 * Explains result = max(x₁, …, xₙ): result ≥ v by one xᵢ ≥ v, result ≤ v by all xᵢ ≤ v, xᵢ ≤ v by result ≤ v, and xᵢ ≥ v by
 * result ≥ t and all other xⱼ < t for some t ≥ v.
 *
 * @internal
 */
export function explainMaximum(
  operands: readonly number[],
  result: number,
  consequence: Consequence,
  before: DomainView,
  premises: Premises,
): void {
  const { kind, variable, value } = consequence;
  const explained =
    kind === undefined
      ? explainFailure(operands, result, before, premises)
      : kind === LiteralKind.atLeast
        ? explainAtLeast(operands, result, variable, value, before, premises)
        : kind === LiteralKind.atMost && explainAtMost(operands, result, variable, value, before, premises);
  if (!explained) allDomains([...operands, result], premises);
}

function explainAtLeast(
  operands: readonly number[],
  result: number,
  variable: number,
  value: number,
  before: DomainView,
  premises: Premises,
): boolean {
  if (variable === result) {
    const large = operands.find((x) => before.min(x) >= value);
    if (large !== undefined) {
      premises.atLeast(large, value);
      return true;
    }
  }
  // All others are too small for the result.
  let limit = value;
  for (const x of operands) if (x !== variable) limit = Math.max(limit, before.max(x) + 1);
  if (before.min(result) < limit) return false;
  premises.atLeast(result, limit);
  for (const x of operands) if (x !== variable) premises.atMost(x, limit - 1);
  return true;
}

function explainAtMost(
  operands: readonly number[],
  result: number,
  variable: number,
  value: number,
  before: DomainView,
  premises: Premises,
): boolean {
  if (variable === result && operands.every((x) => before.max(x) <= value)) {
    for (const x of operands) premises.atMost(x, value);
    return true;
  }
  if (before.max(result) > value) return false;
  premises.atMost(result, value);
  return true;
}

function explainFailure(operands: readonly number[], result: number, before: DomainView, premises: Premises): boolean {
  const most = before.max(result);
  const large = operands.find((x) => before.min(x) > most);
  if (large !== undefined) {
    premises.atLeast(large, most + 1);
    premises.atMost(result, most);
    return true;
  }
  const least = before.min(result);
  if (operands.some((x) => before.max(x) >= least)) return false;
  premises.atLeast(result, least);
  for (const x of operands) premises.atMost(x, least - 1);
  return true;
}
