import { isExact, MAX_INTEGER } from "../../domain/integers.js";
import { SolverError } from "../../error.js";
import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** The operands are, in this order, one of the rows. */
export class Table extends GlobalNode {
  readonly kind = "table";

  /** @internal Use {@link table}. */
  constructor(
    readonly operands: readonly IntExpr[],
    readonly rows: readonly (readonly number[])[],
  ) {
    super();
    rows.forEach((row, i) => {
      if (row.length !== operands.length) {
        throw new SolverError(
          "invalid-expression",
          `table: row ${i} has ${row.length} numbers for ${operands.length} operands`,
        );
      }
      for (const entry of row) {
        if (!isExact(entry)) {
          throw new SolverError(
            "not-an-integer",
            `table: ${entry} in row ${i} is not an integer within ±${MAX_INTEGER}`,
          );
        }
      }
    });
    Object.freeze(operands);
    Object.freeze(rows);
    Object.freeze(this);
  }
}

/**
 * The constraint that the operands are, in this order, one of the rows.
 *
 * @throws SolverError `invalid-expression` for a row of another length than the operands, `not-an-integer`.
 */
export function table(operands: readonly Operand[], rows: readonly (readonly number[])[]): Table {
  return new Table(
    toExpressions(operands),
    rows.map((row) => Object.freeze(row.map((entry) => entry + 0))),
  );
}
