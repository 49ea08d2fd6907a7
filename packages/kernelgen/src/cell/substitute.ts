import { operands, type Scalar, topologicalOrder } from "./scalar.js";

/** The same graphs with some nodes replaced; what lies below a replaced node alone is gone. */
export function substitute(roots: readonly Scalar[], replacements: ReadonlyMap<Scalar, Scalar>): readonly Scalar[] {
  const replaced = new Map<Scalar, Scalar>(replacements);
  const of = (node: Scalar): Scalar => replaced.get(node)!;
  for (const node of topologicalOrder(roots)) {
    if (!replaced.has(node)) replaced.set(node, withOperands(node, of));
  }
  return roots.map(of);
}

/** A node with each operand replaced by `of(operand)`: the node itself where none changes. */
export function withOperands(node: Scalar, of: (operand: Scalar) => Scalar): Scalar {
  if (operands(node).every((operand) => of(operand) === operand)) return node;
  if (node.kind === "select") {
    const { left, right, whenTrue, whenFalse } = node;
    return Object.freeze({
      ...node,
      left: of(left),
      right: of(right),
      whenTrue: of(whenTrue),
      whenFalse: of(whenFalse),
    });
  }
  if ("operand" in node) return Object.freeze({ ...node, operand: of(node.operand) });
  if ("left" in node) return Object.freeze({ ...node, left: of(node.left), right: of(node.right) });
  return node;
}
