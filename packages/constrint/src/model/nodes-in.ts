import type { Constraint } from "./constraint.js";
import type { IntExpr, IntVar } from "./expression.js";

/** A part of a model: an expression or a constraint. @internal */
export type ModelNode = Constraint | IntExpr;

/**
 * All nodes of an expression or a constraint, each once even where it is shared.
 *
 * @param known nodes that are left out, with all that is in them
 * @internal
 */
export function nodesIn(node: ModelNode, known: ReadonlySet<ModelNode> = NONE): ReadonlySet<ModelNode> {
  const nodes = new Set<ModelNode>();
  // Without recursion: a sum built by adding one term after the other nests as deep as it is long.
  const waiting = [node];
  for (let current = waiting.pop(); current !== undefined; current = waiting.pop()) {
    if (nodes.has(current) || known.has(current)) continue;
    nodes.add(current);
    const parts = partsOf(current);
    for (let i = parts.length - 1; i >= 0; i--) waiting.push(parts[i]!);
  }
  return nodes;
}

const NONE: ReadonlySet<ModelNode> = new Set();

/** The variables that occur in an expression or a constraint, each once. @internal */
export function variablesIn(node: ModelNode): IntVar[] {
  return [...nodesIn(node)].filter((part) => part.kind === "variable");
}

/** The expressions by which an expression divides, each once. @internal */
export function divisorsIn(expression: IntExpr): IntExpr[] {
  const divisors = new Set<IntExpr>();
  for (const node of nodesIn(expression)) {
    if (node.kind === "quotient" || node.kind === "remainder") divisors.add(node.divisor);
  }
  return [...divisors];
}

function partsOf(node: ModelNode): readonly ModelNode[] {
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
    case "abs":
      return [node.operand];
    case "quotient":
    case "remainder":
      return [node.dividend, node.divisor];
    case "max":
    case "min":
      return node.operands;
    case "comparison":
      return [node.left, node.right];
    case "divides":
      return [node.divisor, node.dividend];
    case "and":
    case "or":
    case "xor":
      return node.constraints;
    default:
      return node.operands;
  }
}
