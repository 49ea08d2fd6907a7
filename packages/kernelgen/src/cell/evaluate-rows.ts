import { clipped, logistic, logLogistic } from "./evaluate.js";
import { operands, type Scalar, topologicalOrder } from "./scalar.js";

/** Numbers of either precision. */
export type Numbers = Float32Array | Float64Array;

/** Where the values of an input lie: element i of row r is `values[offset + r · stride + i]`. */
export interface InputRows {
  values: Numbers;
  offset: number;
  readonly stride: number;
}

/** Evaluates graphs for rows of elements at once, node by node: loops over typed arrays, no code made at run time. */
export interface RowEvaluator {
  /** For each root its rows, one after the other; valid until the next call. */
  readonly results: readonly Float64Array[];
  /** Evaluates the graphs for so many rows, from where the inputs' offsets say. */
  evaluate(rowCount: number): void;
}

/**
 * Prepares graphs for evaluation in float64 over up to `capacity` rows of `width` elements.
 *
 * @param inputs what the graphs read, by the names of their inputs; the offsets are read in each call
 * Throws TypeError if the graph reads an input that is not among `inputs`.
 */
export function compileRows(
  roots: readonly Scalar[],
  inputs: Readonly<Record<string, InputRows>>,
  width: number,
  capacity: number,
): RowEvaluator {
  const order = topologicalOrder(roots);
  const rows = new Map(order.map((node) => [node, new Float64Array(width * capacity)]));
  const row = (node: Scalar): Float64Array => rows.get(node)!;
  const steps = order.map((node) => compileNode(node, row(node), operands(node).map(row), inputs, width));
  return {
    results: roots.map(row),
    evaluate(rowCount) {
      for (const step of steps) step(rowCount * width);
    },
  };
}

function compileNode(
  node: Scalar,
  to: Float64Array,
  from: readonly Float64Array[],
  inputs: Readonly<Record<string, InputRows>>,
  width: number,
): (count: number) => void {
  const [a, b, c, d] = [from[0]!, from[1]!, from[2]!, from[3]!];
  switch (node.kind) {
    case "input": {
      const source = inputs[node.name];
      if (source === undefined) throw new TypeError(`no input is named ${node.name}`);
      return (count) => {
        const { values, stride } = source;
        for (let row = 0, from = source.offset; row < count; row += width, from += stride) {
          for (let i = 0; i < width; i++) to[row + i] = values[from + i]!;
        }
      };
    }
    case "constant":
      to.fill(node.value);
      return () => {};
    case "add":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = a[i]! + b[i]!;
      };
    case "subtract":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = a[i]! - b[i]!;
      };
    case "multiply":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = a[i]! * b[i]!;
      };
    case "divide":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = a[i]! / b[i]!;
      };
    case "maximum":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = Math.max(a[i]!, b[i]!);
      };
    case "clip":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = clipped(a[i]!, b[i]!);
      };
    case "select": {
      const isEqual = node.comparison === "equal";
      return (count) => {
        for (let i = 0; i < count; i++) {
          to[i] = (isEqual ? a[i]! === b[i]! : a[i]! >= b[i]!) ? c[i]! : d[i]!;
        }
      };
    }
    case "exp":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = Math.exp(a[i]!);
      };
    case "log":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = Math.log(a[i]!);
      };
    case "logSigmoid":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = logLogistic(a[i]!);
      };
    case "sigmoid":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = logistic(a[i]!);
      };
    case "tanh":
      return (count) => {
        for (let i = 0; i < count; i++) to[i] = Math.tanh(a[i]!);
      };
  }
}
