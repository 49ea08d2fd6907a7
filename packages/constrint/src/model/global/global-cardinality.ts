import { isExact, MAX_INTEGER } from "../../domain/integers.js";
import { SolverError } from "../../error.js";
import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** countₖ of the items equal valueₖ. */
export class GlobalCardinality extends GlobalNode {
  readonly kind = "global-cardinality";
  readonly operands: readonly IntExpr[];

  /** @internal Use {@link globalCardinality}. */
  constructor(
    readonly items: readonly IntExpr[],
    readonly values: readonly number[],
    readonly counts: readonly IntExpr[],
    readonly closed: boolean,
  ) {
    super();
    if (values.length !== counts.length) {
      throw new SolverError(
        "invalid-expression",
        `globalCardinality: ${counts.length} counts for ${values.length} values`,
      );
    }
    const seen = new Set<number>();
    for (const value of values) {
      if (!isExact(value)) {
        throw new SolverError(
          "not-an-integer",
          `globalCardinality: the value ${value} is not an integer within ±${MAX_INTEGER}`,
        );
      }
      if (seen.has(value)) {
        throw new SolverError("invalid-expression", `globalCardinality: the value ${value} occurs twice`);
      }
      seen.add(value);
    }
    this.operands = Object.freeze([...items, ...counts]);
    Object.freeze(items);
    Object.freeze(values);
    Object.freeze(counts);
    Object.freeze(this);
  }
}

/**
 * The constraint that exactly counts[k] of the items equal values[k], for every k. Items may have other values, too, unless
 * `closed`.
 *
 * @throws SolverError `invalid-expression` for another number of counts than values or a value that occurs twice,
 *   `not-an-integer`.
 */
export function globalCardinality(
  items: readonly Operand[],
  values: readonly number[],
  counts: readonly Operand[],
  { closed = false }: { readonly closed?: boolean } = {},
): GlobalCardinality {
  return new GlobalCardinality(
    toExpressions(items),
    values.map((value) => value + 0),
    toExpressions(counts),
    closed,
  );
}
