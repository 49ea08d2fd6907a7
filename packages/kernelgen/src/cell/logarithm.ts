import { add, constant, log, logSigmoid, type Scalar, select, subtract } from "./scalar.js";

/**
 * log of a graph that is positive, as a graph that does not pass through numbers too small or too large for a float:
 *
 *     log σ(x) = logSigmoid(x)   log(1 − σ(x)) = logSigmoid(−x)   log eˣ = x   log(x·y) = log x + log y   log(x / y) = log x − log y
 *
 * A select takes the logarithm of what it chooses from; of anything else it is the plain logarithm.
 */
export function logarithm(node: Scalar): Scalar {
  switch (node.kind) {
    case "constant":
      return constant(Math.log(node.value));
    case "sigmoid":
      return logSigmoid(node.operand);
    case "exp":
      return node.operand;
    case "multiply":
      return add(logarithm(node.left), logarithm(node.right));
    case "divide":
      return subtract(logarithm(node.left), logarithm(node.right));
    case "select":
      return select(node.left, node.comparison, node.right, logarithm(node.whenTrue), logarithm(node.whenFalse));
    case "subtract":
      return node.left.kind === "constant" && node.left.value === 1 && node.right.kind === "sigmoid"
        ? logSigmoid(subtract(constant(0), node.right.operand))
        : log(node);
    default:
      return log(node);
  }
}
