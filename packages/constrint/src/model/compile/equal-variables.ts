import { type IntDomain, intersection } from "../../domain/int-domain.js";
import type { Constraint, NamedConstraint } from "../constraint.js";
import type { IntVar } from "../expression.js";

/** Variables that must be equal, of which one stands for all, with the values that all of them have. @internal */
export interface EqualVariables {
  readonly first: IntVar;
  readonly domain: IntDomain;
}

/**
 * The variables that constraints of the form x = y make equal: they share one variable of the engine, and the constraint costs
 * nothing. Where no value is left for all of them, they stay apart, for propagation to find that out.
 *
 * @internal
 */
export function equalVariables(constraints: readonly NamedConstraint[]): ReadonlyMap<IntVar, EqualVariables> {
  const groups = new Map<IntVar, { first: IntVar; domain: IntDomain; members: IntVar[] }>();
  const groupOf = (x: IntVar) => groups.get(x) ?? { first: x, domain: x.domain, members: [x] };
  const visit = (constraint: Constraint): void => {
    if (constraint.kind === "and") constraint.constraints.forEach(visit);
    if (constraint.kind !== "comparison" || constraint.relation !== "==") return;
    const { left, right } = constraint;
    if (left.kind !== "variable" || right.kind !== "variable") return;
    const a = groupOf(left);
    const b = groupOf(right);
    const domain = intersection(a.domain, b.domain);
    if (a.first === b.first || domain === undefined) return;
    const group = { first: a.first, domain, members: [...a.members, ...b.members] };
    for (const member of group.members) groups.set(member, group);
  };
  for (const { constraint } of constraints) visit(constraint);
  return groups;
}
