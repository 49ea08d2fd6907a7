import { isExact, MAX_INTEGER } from "../../domain/integers.js";
import { SolverError } from "../../error.js";
import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** Each bin's load is the total size of the items in it. */
export class BinPacking extends GlobalNode {
  readonly kind = "bin-packing";
  readonly operands: readonly IntExpr[];

  /** @internal Use {@link binPacking}. */
  constructor(
    readonly bins: readonly IntExpr[],
    readonly sizes: readonly number[],
    readonly loads: readonly IntExpr[],
  ) {
    super();
    if (sizes.length !== bins.length) {
      throw new SolverError("invalid-expression", `binPacking: ${sizes.length} sizes for ${bins.length} items`);
    }
    let total = 0;
    for (const size of sizes) {
      if (!isExact(size) || size < 0) {
        throw new SolverError("not-an-integer", `binPacking: the size ${size} is not an integer in 0 … ${MAX_INTEGER}`);
      }
      total += size;
      if (!isExact(total)) throw new SolverError("overflow", `binPacking: the total size exceeds ${MAX_INTEGER}`);
    }
    this.operands = Object.freeze([...bins, ...loads]);
    Object.freeze(bins);
    Object.freeze(sizes);
    Object.freeze(loads);
    Object.freeze(this);
  }
}

/**
 * The constraint that loads[b] is the total size of the items i with bins[i] = b; every item is in one of the bins
 * 0 … loads.length − 1.
 *
 * @throws SolverError `invalid-expression` for another number of sizes than items, `not-an-integer` for a size that is not an
 *   integer ≥ 0, `overflow` for a total size beyond 2^53 − 1.
 */
export function binPacking(bins: readonly Operand[], sizes: readonly number[], loads: readonly Operand[]): BinPacking {
  return new BinPacking(toExpressions(bins), [...sizes], toExpressions(loads));
}
