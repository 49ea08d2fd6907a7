import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** The successors form one cycle through all indices. */
export class Circuit extends GlobalNode {
  readonly kind = "circuit";

  /** @internal Use {@link circuit}. */
  constructor(readonly operands: readonly IntExpr[]) {
    super();
    Object.freeze(operands);
    Object.freeze(this);
  }
}

/** The constraint that going from index i to successors[i], which is in 0 … n − 1, visits all indices once and returns. */
export function circuit(successors: readonly Operand[]): Circuit {
  return new Circuit(toExpressions(successors));
}
