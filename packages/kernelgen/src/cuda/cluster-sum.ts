import { type IntExpr, type Model, max } from "constrint";
import { ceilQuotient, isAny, plus, times } from "../plan/integer-expressions.js";
import type { ProductTiling } from "./matrix-product.js";

const wordBytes = 16;
const lanes = 32;
const barrierBytes = 8;
/** Partial sums of a step arrive while a slower thread still reads those of the step before. */
const buffers = 2;

/** What the sum over the blocks of a cluster is made of. */
export interface ClusterSumContext {
  readonly blocksAlongInner: IntExpr;
  /** Slots of a warp that hold sums over the block's part of the inner dimension. */
  readonly summedSlots: IntExpr;
  readonly slotWords: IntExpr;
  readonly product: ProductTiling;
}

/** The tiling of the sum over the blocks of a cluster that share the inner dimension. */
export interface ClusterSum {
  /** Slots of a warp after the slots of all warps have been dealt to the blocks, and within a block to its warps. */
  readonly ownSlots: IntExpr;
  readonly sharedBytes: IntExpr;
  /** Bytes that arrive in a block in a step. */
  readonly receivedBytes: IntExpr;
  /** 1 if there are several blocks, else 0. */
  readonly splits: IntExpr;
  readonly derived: Readonly<Record<string, IntExpr>>;
}

/** States the sum over the blocks of a cluster: each sends its partial sums of a slot to the block that the slot is dealt to. */
export function tileClusterSum(model: Model, context: ClusterSumContext): ClusterSum {
  const { blocksAlongInner, summedSlots, slotWords, product } = context;
  const warps = times(product.warpsAlongUnits, product.warpsAlongInner);
  const blockSlots = max([times(warps, summedSlots), product.tileSlots]);
  model.add(blockSlots.ge(blocksAlongInner), "every block of a cluster has a slot");
  const dealtSlots = ceilQuotient(blockSlots, blocksAlongInner);
  const dealtToWarp = ceilQuotient(dealtSlots, warps);
  const splits = isAny(blocksAlongInner.minus(1));
  const receivedBytes = times(splits, blocksAlongInner, dealtSlots, slotWords, lanes * wordBytes);
  const sharedBytes = plus(receivedBytes.times(buffers), splits.times(buffers * barrierBytes));
  return {
    ownSlots: dealtToWarp,
    sharedBytes,
    receivedBytes,
    splits,
    derived: { dealtSlots },
  };
}
