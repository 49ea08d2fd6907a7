import type { Consequence, DomainView, Premises } from "../../engine/explanation.js";
import { LiteralKind } from "../../engine/literal.js";
import type { LinearTerms } from "./linear.js";
import type { RootBounds } from "./root-bounds.js";

/**
 * Explains a narrowing, or the failure, of sign·Σ aᵢ·xᵢ ≤ limit: the lower ends of the other terms sign·aᵢ·xᵢ leave too little
 * room. Where they exceed what is needed, the slack is spent on premises that are then not needed at all, and what is left of it
 * on making others weaker. Returns false, and writes nothing, where the bounds in `before` do not imply the consequence.
 *
 * All sums must be exact in doubles.
 *
 * @internal
 */
export function explainUpperBound(
  terms: LinearTerms,
  sign: 1 | -1,
  limit: number,
  consequence: Consequence,
  before: DomainView,
  root: RootBounds,
  premises: Premises,
): boolean {
  const { variables, coefficients } = terms;
  const own = consequence.kind === undefined ? -1 : variables.indexOf(consequence.variable);
  // What the sum must exceed, less the own term's least value where the consequence does not hold.
  let slack = -(limit + 1);
  if (own >= 0) {
    const a = sign * coefficients[own]!;
    if (consequence.kind === (a > 0 ? LiteralKind.atLeast : LiteralKind.atMost)) return false; // that is the other side's
    slack += a * nearestViolation(consequence);
  }
  for (let i = 0; i < variables.length; i++) {
    if (i !== own) slack += lowerEnd(sign * coefficients[i]!, before.min(variables[i]!), before.max(variables[i]!));
  }
  if (!(slack >= 0)) return false;
  let rest = slack;
  for (let i = 0; i < variables.length; i++) {
    const gap = i === own ? 0 : gapToRoot(terms, sign, i, before, root);
    if (gap <= rest) rest -= gap;
  }
  let budget = slack;
  for (let i = 0; i < variables.length; i++) {
    if (i === own) continue;
    const gap = gapToRoot(terms, sign, i, before, root);
    if (gap <= budget) {
      // The same decisions as in the loop above: the premise is true at the root, or the slack makes up for it.
      budget -= gap;
      continue;
    }
    const a = sign * coefficients[i]!;
    const x = variables[i]!;
    const steps = Math.floor(rest / Math.abs(a));
    rest -= steps * Math.abs(a);
    if (a > 0) premises.atLeast(x, before.min(x) - steps);
    else premises.atMost(x, before.max(x) + steps);
  }
  return true;
}

/** The value that comes closest to a literal without satisfying it. */
function nearestViolation({ kind, value }: Consequence): number {
  return kind === LiteralKind.atLeast ? value - 1 : kind === LiteralKind.atMost ? value + 1 : value;
}

/** The least value of a·x. */
function lowerEnd(a: number, min: number, max: number): number {
  return a > 0 ? a * min : a * max;
}

/** By how much the lower end of term i lies above the one that it has at the root. */
function gapToRoot(terms: LinearTerms, sign: 1 | -1, i: number, before: DomainView, root: RootBounds): number {
  const a = sign * terms.coefficients[i]!;
  const x = terms.variables[i]!;
  return a > 0 ? a * (before.min(x) - root.min(i)) : a * (before.max(x) - root.max(i));
}
