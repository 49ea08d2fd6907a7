import { constant, type IntExpr, type Model, max, min } from "constrint";
import { ceilQuotient, isAny, plus, times } from "../../plan/integer-expressions.js";
import type { ProductTiling } from "../product/matrix-product.js";
import { wordBytes } from "../word-bytes.js";

const lanes = 32;
const barrierBytes = 8;
/** Partial sums of a step arrive while a slower thread still reads those of the step before. */
const buffers = 2;

/** What the sum over the blocks that share the inner dimension is made of. */
export interface InnerBlocksSumContext {
  readonly blocksAlongInner: IntExpr;
  /** The most blocks that are a cluster and add their sums in its distributed shared memory; more do so through L2. */
  readonly largestCluster: number;
  readonly blockCount: IntExpr;
  /** Slots of a warp that hold sums over the block's part of the inner dimension. */
  readonly summedSlots: IntExpr;
  readonly slotWords: IntExpr;
  /** Bytes of a lane's sums of a slot. */
  readonly slotBytes: IntExpr;
  readonly product: ProductTiling;
}

/** The tiling of the sum over the blocks that share the inner dimension. */
export interface InnerBlocksSum {
  /** Slots of a warp after the slots of all warps have been dealt to the blocks, and within a block to its warps. */
  readonly ownSlots: IntExpr;
  /** Shared memory of a block for the sums of a cluster. */
  readonly sharedBytes: IntExpr;
  /** Device memory of all blocks for sums that travel through L2. */
  readonly gridBytes: IntExpr;
  /** Bytes that arrive in a block of a cluster in a step. */
  readonly clusterBytes: IntExpr;
  /** Words that a lane stores to L2 and reads from there in a step. */
  readonly gridWords: IntExpr;
  /** 1 if there are several blocks, else 0; of these, 1 if they are a cluster, and 1 if they are none. */
  readonly splits: IntExpr;
  readonly inCluster: IntExpr;
  readonly throughGrid: IntExpr;
  readonly derived: Readonly<Record<string, IntExpr>>;
}

/** States the sum over the blocks that share the inner dimension: each sends its partial sums of a slot to the block that the slot is dealt to. */
export function tileInnerBlocksSum(model: Model, context: InnerBlocksSumContext): InnerBlocksSum {
  const { blocksAlongInner, largestCluster, blockCount, summedSlots, slotWords, slotBytes, product } = context;
  const warps = times(product.warpsAlongUnits, product.warpsAlongInner);
  const blockSlots = max([times(warps, summedSlots), product.tileSlots]);
  model.add(blockSlots.ge(blocksAlongInner), "every block that shares the inner dimension has a slot");
  const dealtSlots = ceilQuotient(blockSlots, blocksAlongInner);
  const dealtToWarp = ceilQuotient(dealtSlots, warps);
  const splits = isAny(blocksAlongInner.minus(1));
  const throughGrid = Number.isFinite(largestCluster)
    ? isAny(max([blocksAlongInner.minus(largestCluster), 0]))
    : constant(0);
  const inCluster = min([splits, constant(1).minus(throughGrid)]);
  const clusterBytes = times(inCluster, blocksAlongInner, dealtSlots, slotWords, lanes * wordBytes);
  const receivedGridBytes = times(throughGrid, blocksAlongInner, dealtSlots, slotBytes, lanes);
  return {
    ownSlots: dealtToWarp,
    sharedBytes: plus(clusterBytes.times(buffers), inCluster.times(buffers * barrierBytes)),
    gridBytes: times(receivedGridBytes, blockCount, buffers),
    clusterBytes,
    gridWords: times(throughGrid, slotWords, summedSlots.plus(dealtToWarp.times(blocksAlongInner))),
    splits,
    inCluster,
    throughGrid,
    derived: { dealtSlots },
  };
}
