import type { IntExpr } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { Problem } from "../../plan/problem.js";
import type { InnerBlocksSum } from "../exchange/inner-blocks-sum.js";
import type { ExchangeTiling, StateExchange } from "../exchange/state-exchange.js";
import type { ProductTiling } from "../product/matrix-product.js";
import type { OperandPath } from "../product/operand-path.js";
import type { StepTraffic } from "../step-traffic.js";

/** The parts of a kernel with their tilings stated: what its shared memory, its registers and its time are counted from. */
export interface KernelParts {
  readonly problem: Problem;
  readonly device: CudaDevice;
  readonly traffic: StepTraffic;
  readonly exchange: StateExchange;
  /** The exchange's tiling. */
  readonly exchanged: ExchangeTiling;
  readonly product: ProductTiling;
  /** How the operand reaches registers. */
  readonly operand: OperandPath;
  /** Whether a part of R may be read from device memory in every step. */
  readonly streams: boolean;
  /** The sum over the blocks that share the inner dimension, where blocks may. */
  readonly blocksSum: InnerBlocksSum | undefined;
  readonly blocksAlongInner: IntExpr;
  /** 1 where warps share the inner dimension, else 0. */
  readonly splitsInner: IntExpr;
  /** Bytes of a lane's sums of a slot. */
  readonly bytesOfSlot: IntExpr;
  /** Bytes of the partial sums that the warps of a block leave for one another in a step; none where none share the inner dimension. */
  readonly summedBytes: IntExpr;
  /** Slots of a warp that its own pointwise part computes. */
  readonly ownSlots: IntExpr;
  readonly prefetchSteps: IntExpr;
}

/** Whether what is sent for of R lands where the partial sums of warps meet at the end of the step. */
export const landsInPartials = ({ streams, operand }: KernelParts): boolean => streams && operand === "fragments";
