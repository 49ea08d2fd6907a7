import type { IntExpr } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { CostTerm } from "../../plan/cost-term.js";
import { dataTypeBytes } from "../../plan/data-type.js";
import type { Problem } from "../../plan/problem.js";
import { pricedTerm } from "../cost.js";
import { onChipBytes } from "../on-chip.js";
import { productShape } from "./product-shape.js";

/**
 * The part of R, of what all multiprocessors have on chip, from which on a part of it may be streamed: below it there is room for all of R beside
 * the state, and reading it again in every step would only be slower.
 */
const streamedFrom = 0.2;
/** The part from which on warps that read the operand for themselves, and so need no room for it, have no room for all of R either. */
const filledFrom = 0.55;
/** The part of L2 that a streamed matrix may take and still be found there in the next step. */
const l2Share = 0.8;

/** Registers for where a thread is in what it reads in every step. */
export const streamAddressRegisters = 8;

/** Bytes of R of all heads. */
function matrixBytes(problem: Problem): number {
  const { sumCount, innerDim } = productShape(problem);
  return problem.heads * problem.headDim * sumCount * innerDim * dataTypeBytes[problem.dataType];
}

/** Whether R is so large for the device that a part of it may have to be read from device memory in every step. */
export const mayStream = (problem: Problem, device: CudaDevice): boolean =>
  matrixBytes(problem) > streamedFrom * device.multiprocessorCount * onChipBytes(device);

/** Whether R leaves no room for anything else: a part of it has to be read from device memory in every step. */
export const fillsChip = (problem: Problem, device: CudaDevice): boolean =>
  matrixBytes(problem) > filledFrom * device.multiprocessorCount * onChipBytes(device);

/**
 * The predicted time of reading a block's part of R while all other blocks read theirs. What stays in L2 from step to step is partly hidden behind the product, which
 * the calibration says how much of; what does not fit there comes from device memory, at its rate.
 */
export function streamedMatrixTerm(
  problem: Problem,
  device: CudaDevice,
  pieces: IntExpr,
  pieceBytes: number,
): CostTerm {
  const { l2BytesPerSecond, memoryBytesPerSecond } = device.timing;
  const streamed = matrixBytes(problem) - (device.multiprocessorCount * onChipBytes(device)) / 2;
  const picosecondsAt = (rate: number): number => (pieceBytes * 1e12 * device.multiprocessorCount) / rate;
  return streamed <= l2Share * device.l2Bytes
    ? pricedTerm(device, "streamedMatrixShare", pieces, picosecondsAt(l2BytesPerSecond))
    : { name: "R from device memory", amount: pieces, price: Math.round(picosecondsAt(memoryBytesPerSecond)) };
}
