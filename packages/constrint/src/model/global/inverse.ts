import { SolverError } from "../../error.js";
import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** forward[i] = j exactly where backward[j] = i. */
export class Inverse extends GlobalNode {
  readonly kind = "inverse";
  readonly operands: readonly IntExpr[];

  /** @internal Use {@link inverse}. */
  constructor(
    readonly forward: readonly IntExpr[],
    readonly backward: readonly IntExpr[],
  ) {
    super();
    if (forward.length !== backward.length) {
      throw new SolverError(
        "invalid-expression",
        `inverse: ${forward.length} operands one way, ${backward.length} the other`,
      );
    }
    this.operands = Object.freeze([...forward, ...backward]);
    Object.freeze(forward);
    Object.freeze(backward);
    Object.freeze(this);
  }
}

/**
 * The constraint that two arrays of n entries in 0 … n − 1 are inverse permutations: forward[i] = j exactly where
 * backward[j] = i.
 *
 * @throws SolverError `invalid-expression` for arrays of different lengths.
 */
export function inverse(forward: readonly Operand[], backward: readonly Operand[]): Inverse {
  return new Inverse(toExpressions(forward), toExpressions(backward));
}
