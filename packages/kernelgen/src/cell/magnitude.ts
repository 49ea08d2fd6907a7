import { type Scalar, topologicalOrder } from "./scalar.js";

interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The largest absolute value that a graph can take, whatever its inputs, by interval arithmetic; Infinity if it has no bound.
 *
 * An LSTM's h = sigmoid(u) · tanh(c) gives 1. A family that marks a value's arrival in an unused exponent bit asks for this.
 */
export function largestMagnitude(root: Scalar): number {
  const intervals = new Map<Scalar, Interval>();
  for (const node of topologicalOrder([root]))
    intervals.set(
      node,
      intervalOf(node, (operand) => intervals.get(operand)!),
    );
  const { low, high } = intervals.get(root)!;
  return Math.max(Math.abs(low), Math.abs(high));
}

function intervalOf(node: Scalar, of: (node: Scalar) => Interval): Interval {
  switch (node.kind) {
    case "input":
      return { low: -Infinity, high: Infinity };
    case "constant":
      return { low: node.value, high: node.value };
    case "sigmoid":
      return { low: 0, high: 1 };
    case "tanh":
      return { low: -1, high: 1 };
    case "add": {
      const [left, right] = [of(node.left), of(node.right)];
      return { low: left.low + right.low, high: left.high + right.high };
    }
    case "subtract": {
      const [left, right] = [of(node.left), of(node.right)];
      return { low: left.low - right.high, high: left.high - right.low };
    }
    case "multiply":
      return product(of(node.left), of(node.right));
    case "divide":
      return product(of(node.left), reciprocal(of(node.right)));
    case "maximum": {
      const [left, right] = [of(node.left), of(node.right)];
      return { low: Math.max(left.low, right.low), high: Math.max(left.high, right.high) };
    }
    case "clip": {
      const [value, limit] = [of(node.left), of(node.right).high];
      return { low: Math.max(value.low, -limit), high: Math.min(value.high, limit) };
    }
    case "exp": {
      const { low, high } = of(node.operand);
      return { low: Math.exp(low), high: Math.exp(high) };
    }
    case "log": {
      const { low, high } = of(node.operand);
      return { low: Math.log(Math.max(low, 0)), high: Math.log(Math.max(high, 0)) };
    }
    case "logSigmoid":
      return { low: -Infinity, high: 0 };
    case "select": {
      const [left, right] = [of(node.whenTrue), of(node.whenFalse)];
      return { low: Math.min(left.low, right.low), high: Math.max(left.high, right.high) };
    }
  }
}

function product(left: Interval, right: Interval): Interval {
  const corners = [left.low, left.high].flatMap((a) =>
    [right.low, right.high].map((b) => (a === 0 || b === 0 ? 0 : a * b)),
  );
  return { low: Math.min(...corners), high: Math.max(...corners) };
}

function reciprocal({ low, high }: Interval): Interval {
  return low > 0 || high < 0 ? { low: 1 / high, high: 1 / low } : { low: -Infinity, high: Infinity };
}
