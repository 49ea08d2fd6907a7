import type { Constraint } from "./constraint.js";
import type { IntExpr, IntVar } from "./expression.js";

/** The variables that occur in an expression or a constraint, each once. @internal */
export function variablesIn(node: Constraint | IntExpr): ReadonlySet<IntVar> {
  const variables = new Set<IntVar>();
  const seen = new Set<Constraint | IntExpr>();
  const visit = (current: Constraint | IntExpr): void => {
    if (seen.has(current)) return; // a shared subexpression
    seen.add(current);
    if (current.kind === "variable") variables.add(current);
    else partsOf(current).forEach(visit);
  };
  visit(node);
  return variables;
}

function partsOf(node: Constraint | IntExpr): readonly (Constraint | IntExpr)[] {
  switch (node.kind) {
    case "constant":
    case "variable":
      return [];
    case "sum":
      return node.terms;
    case "product":
      return node.factors;
    case "power":
      return [node.base];
    case "max":
    case "min":
      return node.operands;
    case "comparison":
      return [node.left, node.right];
    case "divides":
      return [node.divisor, node.dividend];
    case "and":
    case "or":
      return node.constraints;
  }
}
