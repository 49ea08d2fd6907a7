import type { IntExpr, Model } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { CostTerm } from "../../plan/cost-term.js";
import type { Budget } from "../../plan/family.js";
import type { Problem } from "../../plan/problem.js";
import type { ExchangeText } from "../on-chip/kernel-text.js";
import type { ProductTiling } from "../product/matrix-product.js";
import type { OperandPath } from "../product/operand-path.js";

/** What an exchange knows of the tiling around it. */
export interface ExchangeContext {
  readonly product: ProductTiling;
  readonly unitBlocks: IntExpr;
  readonly batchBlocks: IntExpr;
  readonly blockCount: IntExpr;
  /** Blocks that share the inner dimension. */
  readonly blocksAlongInner: IntExpr;
  readonly threadsPerBlock: IntExpr;
  /** Slots of a warp that its own pointwise part computes. */
  readonly ownSlots: IntExpr;
  /** 1 where the sum over warps has a barrier between reading h and sending it, else 0. */
  readonly splitsInner: IntExpr;
  /** Bytes of R that a block holds in registers and shared memory. */
  readonly matrixBytes: IntExpr;
}

/** An exchange with its tiling stated. */
export interface ExchangeTiling {
  readonly derived: Readonly<Record<string, IntExpr>>;
  readonly budgets: readonly Budget[];
  /** Elements of a row of the operand's tile in shared memory, and how many such tiles there are. */
  readonly stateElements: IntExpr;
  readonly stateBuffers: IntExpr;
  /** Shared memory of a block that the exchange needs beside the tiles. */
  readonly sharedBytes: IntExpr;
  /** Registers of a thread for what it sends or receives, where that grows with the tiling. */
  readonly transferRegisters?: IntExpr;
  /** How often the device has to be filled with blocks until all have run. */
  readonly waves: IntExpr;
  /** Blocks of one launch: all, or as many as must be and can be resident at once. */
  readonly launchBlocks: IntExpr;
  /** The predicted time of a step's exchange. */
  readonly costTerms: readonly CostTerm[];
}

/** How the new state reaches the threads that need it in the next step; what makes a family. */
export interface StateExchange {
  /** Why this exchange can't serve the problem on the device whatever the tile; undefined if it might. */
  refuse(problem: Problem, device: CudaDevice): string | undefined;
  /** Bytes of registers and shared memory that R of one head can have; left out where that is the whole device. */
  headBytes?(device: CudaDevice): number;
  /** Units that the blocks of a head cover together: the head, or more where padding must be written too. */
  coveredUnits(problem: Problem): number;
  /** Whether `receive` ends in a barrier of the block, so that no warp is ahead of another by more than what lies between two of them. */
  readonly receivesTogether: boolean;
  /** How the operand reaches the registers that multiply it. */
  operandPath(problem: Problem): OperandPath;
  /** Whether the units of a head may be spread over blocks. */
  readonly spreadsHead: boolean;
  /** Numbers of blocks that may share the inner dimension of the product; none but 1 where this is left out. */
  innerSplits?(device: CudaDevice): readonly number[];
  /** The most of them that are a cluster and add their sums there; more do so through L2. All are clusters where this is left out. */
  largestInnerCluster?(device: CudaDevice): number;
  /** Steps that inputs may be loaded ahead, ascending; the loop over time is unrolled by as many. */
  prefetchSteps(problem: Problem, device: CudaDevice): readonly number[];
  /**
   * Steps before these loads that inputs are brought to L2, so that none waits for device memory; 0 where the steps that registers hold are enough.
   * What a multiprocessor loads comes back in order, so that where the state is polled in L2, a poll after a load from device memory takes as long as it.
   */
  readonly l2PrefetchSteps: number;
  /** Registers of a thread that the exchange needs for itself. */
  readonly registers: number;
  /** Whether a launch needs device memory for itself, SCRATCH_BYTES of it, zero at first. */
  readonly usesScratch: boolean;
  /** Whether blocks may read a part of R from device memory in every step. */
  streamsMatrix(problem: Problem, device: CudaDevice): boolean;
  /** Whether the blocks may be spread over several launches, each a whole number of heads and batch tiles. */
  readonly cutsLaunches: boolean;
  /** Whether all blocks must run at once. */
  readonly cooperative: boolean;
  /** C++ of the blocks of a cluster, where they share the units. */
  readonly clusterBlocks: string;
  /** What the exchange adds to the predicted time of every step, whatever the tile; `tile` may add more. */
  leastTerms(device: CudaDevice): readonly CostTerm[];
  tile(problem: Problem, device: CudaDevice, model: Model, context: ExchangeContext): ExchangeTiling;
  /**
   * C++ of how the operand of the recurrent product (h forward, du backward) travels from the threads that compute it to those that multiply by it.
   * Its `struct Exchange` has `send`, called by whole warps for each of their own slots at the end of a step with the words of a lane's part of it,
   * and `receive`, called by all threads at the start of one: after it all of the operand is in `state_tile(state, step)`, for step 0 what the
   * kernel put there. Where the operand's path is "fragments", warps receive it as they multiply, by a `struct Incoming`.
   */
  source(problem: Problem): string;
  text(problem: Problem): ExchangeText;
}
