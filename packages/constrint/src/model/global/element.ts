import { SolverError } from "../../error.js";
import { type IntExpr, type Operand, toExpression, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** array[index] = result. */
export class Element extends GlobalNode {
  readonly kind = "element";
  readonly operands: readonly IntExpr[];

  /** @internal Use {@link element}. */
  constructor(
    readonly array: readonly IntExpr[],
    readonly index: IntExpr,
    readonly result: IntExpr,
  ) {
    super();
    if (array.length === 0) throw new SolverError("invalid-expression", "element: the array is empty");
    this.operands = Object.freeze([index, result, ...array]);
    Object.freeze(array);
    Object.freeze(this);
  }
}

/**
 * The constraint array[index] = result; the first entry has the index 0, and an index outside of the array is not allowed.
 *
 * @throws SolverError `invalid-expression` for an empty array.
 */
export function element(array: readonly Operand[], index: Operand, result: Operand): Element {
  return new Element(toExpressions(array), toExpression(index), toExpression(result));
}
