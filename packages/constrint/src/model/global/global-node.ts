import type { IntExpr } from "../expression.js";

/** What the nodes of all global constraints share. @internal */
export abstract class GlobalNode {
  /** Tells the constraints apart. */
  abstract readonly kind: string;
  /** All expressions that the constraint relates. */
  abstract readonly operands: readonly IntExpr[];
}
