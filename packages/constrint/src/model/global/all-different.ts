import { SolverError } from "../../error.js";
import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

const CONSISTENCIES = ["value", "bounds", "domain"] as const;

/**
 * How much of {@link allDifferent} is propagated: `value` takes the value of a fixed variable from the others, `bounds` keeps
 * the bounds consistent too, `domain` every value. Each is stronger and dearer than the one before.
 */
export type AllDifferentConsistency = (typeof CONSISTENCIES)[number];

/** No two operands are equal. */
export class AllDifferent extends GlobalNode {
  readonly kind = "all-different";

  /** @internal Use {@link allDifferent}. */
  constructor(
    readonly operands: readonly IntExpr[],
    readonly consistency: AllDifferentConsistency,
  ) {
    super();
    Object.freeze(operands);
    Object.freeze(this);
  }
}

/**
 * The constraint that no two of these are equal.
 *
 * @throws SolverError `invalid-option` for an unknown consistency.
 */
export function allDifferent(
  operands: readonly Operand[],
  { consistency = "bounds" }: { readonly consistency?: AllDifferentConsistency } = {},
): AllDifferent {
  if (!CONSISTENCIES.includes(consistency)) {
    throw new SolverError(
      "invalid-option",
      `allDifferent: consistency ${String(consistency)} is none of ${CONSISTENCIES.join(", ")}`,
    );
  }
  return new AllDifferent(toExpressions(operands), consistency);
}
