import { type Scalar, topologicalOrder } from "./scalar.js";
import { SimplifyingBuilder } from "./simplify.js";

/**
 * Reverse-mode differentiation: the gradients of L = Σ_r adjoint_r · root_r with respect to inputs, as graphs over the same nodes.
 *
 *     dL/dx = Σ_r adjoint_r · ∂root_r/∂x
 *
 * A gradient graph reads the inputs of the roots, those of the adjoints, and nodes of the graph itself, such as σ(x) for σ'(x). The
 * gradient with respect to an input that no root reads is the constant 0. Where left = right, a maximum's gradient goes to the left; a
 * select's goes to the chosen value, none to what is compared. A clipped value's gradient goes on where it lies within the limits, which the
 * clipped value itself shows; none goes to the limit.
 *
 * @param adjoints one for each root
 * @param inputNames the inputs to differentiate by, in the order of the result
 * @param constants nodes that are taken for constants: no gradient passes through them
 */
export function differentiate(
  roots: readonly Scalar[],
  adjoints: readonly Scalar[],
  inputNames: readonly string[],
  constants: ReadonlySet<Scalar> = new Set(),
): readonly Scalar[] {
  const order = topologicalOrder(roots);
  const build = new SimplifyingBuilder([...order, ...adjoints]);
  const zero = build.constant(0);
  const gradients = new Map<Scalar, Scalar>();
  const gradientOf = (node: Scalar): Scalar => gradients.get(node) ?? zero;
  const accumulate = (node: Scalar, gradient: Scalar): void => {
    gradients.set(node, build.add(gradientOf(node), gradient));
  };
  for (const [index, root] of roots.entries()) accumulate(root, adjoints[index]!);
  // Users before operands: the gradient of a node is complete when it is passed on.
  for (const node of order.toReversed()) {
    const gradient = gradientOf(node);
    if (gradient === zero || constants.has(node)) continue;
    for (const [operand, share] of shares(node, gradient, build)) accumulate(operand, share);
  }
  return inputNames.map((name) => {
    const reads = order.filter((node) => node.kind === "input" && node.name === name);
    return reads.map(gradientOf).reduce((sum, gradient) => build.add(sum, gradient), zero);
  });
}

/** What a node passes of its gradient to each of its operands: the gradient times the partial derivative. */
function shares(node: Scalar, gradient: Scalar, build: SimplifyingBuilder): readonly (readonly [Scalar, Scalar])[] {
  const [zero, one] = [build.constant(0), build.constant(1)];
  const negative = (value: Scalar): Scalar => build.subtract(zero, value);
  switch (node.kind) {
    case "input":
    case "constant":
      return [];
    case "add":
      return [
        [node.left, gradient],
        [node.right, gradient],
      ];
    case "subtract":
      return [
        [node.left, gradient],
        [node.right, negative(gradient)],
      ];
    case "multiply":
      return [
        [node.left, build.multiply(gradient, node.right)],
        [node.right, build.multiply(gradient, node.left)],
      ];
    case "divide": {
      const share = build.divide(gradient, node.right);
      return [
        [node.left, share],
        [node.right, negative(build.multiply(share, node))],
      ];
    }
    case "maximum": {
      const comparison = { left: node.left, comparison: "atLeast", right: node.right } as const;
      return [
        [node.left, build.select(comparison, gradient, zero)],
        [node.right, build.select(comparison, zero, gradient)],
      ];
    }
    case "clip": {
      // No clip of what it clipped: the value at a limit was held there.
      const below = { left: node, comparison: "atLeast", right: node.right } as const;
      const above = { left: negative(node.right), comparison: "atLeast", right: node } as const;
      return [[node.left, build.select(below, zero, build.select(above, zero, gradient))]];
    }
    case "select":
      return [
        [node.whenTrue, build.select(node, gradient, zero)],
        [node.whenFalse, build.select(node, zero, gradient)],
      ];
    case "sigmoid":
      return [[node.operand, build.multiply(gradient, build.multiply(node, build.subtract(one, node)))]];
    case "tanh":
      return [[node.operand, build.multiply(gradient, build.subtract(one, build.multiply(node, node)))]];
    case "exp":
      return [[node.operand, build.multiply(gradient, node)]];
    case "log":
      return [[node.operand, build.divide(gradient, node.operand)]];
    case "logSigmoid":
      // 1 − σ(x), without cancellation.
      return [[node.operand, build.multiply(gradient, build.sigmoid(negative(node.operand)))]];
  }
}
