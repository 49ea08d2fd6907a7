import { operands, type Scalar, topologicalOrder } from "./scalar.js";

/** Reads one number per input name, writes one number per root. */
export type ScalarEvaluator = (inputs: ArrayLike<number>, results: Float64Array) => void;

/** @internal 1 / (1 + e^-x) */
export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
/** @internal log(1 / (1 + e^-x)), which does not overflow. */
export const logLogistic = (x: number): number => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));

/** @internal A number held between −limit and limit. */
export const clipped = (value: number, limit: number): number =>
  value >= limit ? limit : -limit >= value ? -limit : value;

/**
 * Prepares graphs for repeated evaluation in float64. The evaluator's `inputs` are in the order of `inputNames`, its `results` in the
 * order of `roots`. Throws TypeError if the graph reads an input that has no name here.
 */
export function compileScalars(roots: readonly Scalar[], inputNames: readonly string[]): ScalarEvaluator {
  const order = topologicalOrder(roots);
  const slots = new Map(order.map((node, slot) => [node, slot]));
  const slotOf = (node: Scalar): number => slots.get(node)!;
  const values = new Float64Array(order.length);
  const steps = order.map((node, slot) => compileNode(node, slot, operands(node).map(slotOf), inputNames, values));
  const rootSlots = roots.map(slotOf);
  return (inputs, results) => {
    for (const step of steps) step(inputs);
    for (let root = 0; root < rootSlots.length; root++) results[root] = values[rootSlots[root]!]!;
  };
}

function compileNode(
  node: Scalar,
  slot: number,
  from: readonly number[],
  inputNames: readonly string[],
  values: Float64Array,
): (inputs: ArrayLike<number>) => void {
  const [a, b, c, d] = [from[0] ?? -1, from[1] ?? -1, from[2] ?? -1, from[3] ?? -1];
  switch (node.kind) {
    case "input": {
      const index = inputNames.indexOf(node.name);
      if (index < 0) throw new TypeError(`no input is named ${node.name}`);
      return (inputs) => {
        values[slot] = inputs[index]!;
      };
    }
    case "constant":
      return () => {
        values[slot] = node.value;
      };
    case "add":
      return () => {
        values[slot] = values[a]! + values[b]!;
      };
    case "subtract":
      return () => {
        values[slot] = values[a]! - values[b]!;
      };
    case "multiply":
      return () => {
        values[slot] = values[a]! * values[b]!;
      };
    case "divide":
      return () => {
        values[slot] = values[a]! / values[b]!;
      };
    case "maximum":
      return () => {
        values[slot] = Math.max(values[a]!, values[b]!);
      };
    case "clip":
      return () => {
        values[slot] = clipped(values[a]!, values[b]!);
      };
    case "select": {
      const isEqual = node.comparison === "equal";
      return () => {
        const holds = isEqual ? values[a]! === values[b]! : values[a]! >= values[b]!;
        values[slot] = values[holds ? c : d]!;
      };
    }
    case "exp":
      return () => {
        values[slot] = Math.exp(values[a]!);
      };
    case "log":
      return () => {
        values[slot] = Math.log(values[a]!);
      };
    case "logSigmoid":
      return () => {
        values[slot] = logLogistic(values[a]!);
      };
    case "sigmoid":
      return () => {
        values[slot] = logistic(values[a]!);
      };
    case "tanh":
      return () => {
        values[slot] = Math.tanh(values[a]!);
      };
  }
}
