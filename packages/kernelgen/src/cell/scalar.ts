/**
 * A scalar graph: what a cell computes for one unit of one sequence in one step. Nodes are frozen; a node that is used twice is
 * computed once. The same graph is evaluated in float64 (the reference), differentiated, and rendered to CUDA and WGSL.
 */
export type Scalar =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: BinaryOperation; readonly left: Scalar; readonly right: Scalar; readonly label?: string }
  | { readonly kind: UnaryOperation; readonly operand: Scalar; readonly label?: string }
  | SelectScalar;

/** `whenTrue` where left and right compare so, else `whenFalse`. Both are computed: what is not chosen must not trap. */
export interface SelectScalar {
  readonly kind: "select";
  readonly comparison: Comparison;
  readonly left: Scalar;
  readonly right: Scalar;
  readonly whenTrue: Scalar;
  readonly whenFalse: Scalar;
  readonly label?: string;
}

export type BinaryOperation = "add" | "subtract" | "multiply" | "divide" | "maximum" | "clip";
export type UnaryOperation = "sigmoid" | "tanh" | "exp" | "log" | "logSigmoid";
export type Comparison = "equal" | "atLeast";

const unary = (kind: UnaryOperation, operand: Scalar): Scalar => Object.freeze({ kind, operand });
const binary = (kind: BinaryOperation, left: Scalar, right: Scalar): Scalar => Object.freeze({ kind, left, right });

/** A value from outside the graph: a gate's pre-activation or a previous state. */
export const input = (name: string): Scalar => Object.freeze({ kind: "input", name });
/** A fixed number. */
export const constant = (value: number): Scalar => Object.freeze({ kind: "constant", value });
/** left + right. */
export const add = (left: Scalar, right: Scalar): Scalar => binary("add", left, right);
/** left − right. */
export const subtract = (left: Scalar, right: Scalar): Scalar => binary("subtract", left, right);
/** left · right. */
export const multiply = (left: Scalar, right: Scalar): Scalar => binary("multiply", left, right);
/** left / right. On GPUs through a reciprocal: the magnitude of `right` must lie between 2^-126 and 2^126. */
export const divide = (left: Scalar, right: Scalar): Scalar => binary("divide", left, right);
/** The larger of two numbers; not a number if one of them is not. */
export const maximum = (left: Scalar, right: Scalar): Scalar => binary("maximum", left, right);
/** `value` held between −limit and limit; not a number if the value is not. */
export const clip = (value: Scalar, limit: Scalar): Scalar => binary("clip", value, limit);
/** The logistic function 1 / (1 + e^-x). */
export const sigmoid = (operand: Scalar): Scalar => unary("sigmoid", operand);
/** The hyperbolic tangent. */
export const tanh = (operand: Scalar): Scalar => unary("tanh", operand);
/** e^x. */
export const exp = (operand: Scalar): Scalar => unary("exp", operand);
/** The natural logarithm of a positive number. */
export const log = (operand: Scalar): Scalar => unary("log", operand);
/** log(1 / (1 + e^-x)), without the overflow that the formula would have. */
export const logSigmoid = (operand: Scalar): Scalar => unary("logSigmoid", operand);
/** `whenTrue` where left = right ("equal") or left ≥ right ("atLeast"), else `whenFalse`. */
export const select = (
  left: Scalar,
  comparison: Comparison,
  right: Scalar,
  whenTrue: Scalar,
  whenFalse: Scalar,
): Scalar => Object.freeze({ kind: "select", comparison, left, right, whenTrue, whenFalse });

/** The same value under a name, which generated source then uses for its variable. */
export function labelled(label: string, node: Scalar): Scalar {
  if (node.kind === "input" || node.kind === "constant") return node;
  return Object.freeze({ ...node, label });
}

/** The nodes that a node reads. */
export function operands(node: Scalar): readonly Scalar[] {
  switch (node.kind) {
    case "input":
    case "constant":
      return [];
    case "sigmoid":
    case "tanh":
    case "exp":
    case "log":
    case "logSigmoid":
      return [node.operand];
    case "select":
      return [node.left, node.right, node.whenTrue, node.whenFalse];
    default:
      return [node.left, node.right];
  }
}

/** All nodes that the roots reach, each once, operands before their users. */
export function topologicalOrder(roots: Iterable<Scalar>): readonly Scalar[] {
  const seen = new Set<Scalar>();
  const visit = (node: Scalar): void => {
    if (seen.has(node)) return;
    for (const operand of operands(node)) visit(operand);
    seen.add(node);
  };
  for (const root of roots) visit(root);
  return [...seen];
}
