import { SolverError } from "../../error.js";
import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** One array comes before another in lexicographic order, or, unless strict, equals it. */
export class Lexicographic extends GlobalNode {
  readonly kind = "lexicographic";
  readonly operands: readonly IntExpr[];

  /** @internal Use {@link lexLess} or {@link lexLessEqual}. */
  constructor(
    readonly left: readonly IntExpr[],
    readonly right: readonly IntExpr[],
    readonly strict: boolean,
  ) {
    super();
    if (left.length !== right.length) {
      throw new SolverError(
        "invalid-expression",
        `lexicographic order: ${left.length} operands on the left, ${right.length} on the right`,
      );
    }
    this.operands = Object.freeze([...left, ...right]);
    Object.freeze(left);
    Object.freeze(right);
    Object.freeze(this);
  }
}

/**
 * The constraint that `left` comes before `right`, of the same length, in lexicographic order: it is smaller in the first place
 * in which they differ, and there is one.
 *
 * @throws SolverError `invalid-expression` for arrays of different lengths.
 */
export function lexLess(left: readonly Operand[], right: readonly Operand[]): Lexicographic {
  return new Lexicographic(toExpressions(left), toExpressions(right), true);
}

/**
 * The constraint that `left` comes before `right` in lexicographic order or equals it.
 *
 * @throws SolverError `invalid-expression` for arrays of different lengths.
 */
export function lexLessEqual(left: readonly Operand[], right: readonly Operand[]): Lexicographic {
  return new Lexicographic(toExpressions(left), toExpressions(right), false);
}
