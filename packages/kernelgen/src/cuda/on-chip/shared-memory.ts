import { constant, type IntExpr, max } from "constrint";
import { dataTypeBytes } from "../../plan/data-type.js";
import { plus, times } from "../../plan/integer-expressions.js";
import { wordBytes } from "../word-bytes.js";
import { type KernelParts, landsInPartials } from "./kernel-parts.js";

/** The shared memory of a block: the tiles of the operand, the partial sums of warps, what the exchange needs, and R as far as it lies there. */
export interface SharedMemory {
  /** Elements from a row of the operand to the next. */
  readonly stateStride: IntExpr;
  /** Bytes of the operand's tiles. */
  readonly stateBytes: IntExpr;
  readonly partialBuffers: number;
  /** Bytes of the partial sums of a warp, or of what lands in their place; of all warps. */
  readonly warpPartialBytes: IntExpr;
  readonly partialBytes: IntExpr;
  readonly bytesPerBlock: IntExpr;
}

/** Counts the shared memory of a block. */
export function sharedMemory(parts: KernelParts): SharedMemory {
  const { problem, device, exchange, exchanged, product, operand, blocksSum, splitsInner, bytesOfSlot, summedBytes } =
    parts;
  const elementBytes = dataTypeBytes[problem.dataType];
  // A row of h is one word longer than its elements, which spreads rows over the banks.
  const stateStride = exchanged.stateElements.plus(wordBytes / elementBytes);
  const stateBytes = times(exchanged.stateBuffers, product.batchTile, stateStride, elementBytes);
  // Where warps could go on to the next step while others still read the sums of this one, a barrier keeps them (emit-kernel.ts).
  const partialBuffers = exchange.receivesTogether || operand === "fragments" ? 1 : 2;
  const warpPartialBytes = max([
    times(splitsInner, product.warpSlots, bytesOfSlot, device.warpSize),
    product.landingBytes,
  ]);
  const partialBytes = landsInPartials(parts)
    ? times(warpPartialBytes, product.warpsAlongUnits, product.warpsAlongInner)
    : summedBytes.times(partialBuffers);
  const bytesPerBlock = plus(
    stateBytes,
    partialBytes,
    exchanged.sharedBytes,
    blocksSum?.sharedBytes ?? constant(0),
    product.matrixSharedBytes,
  );
  return { stateStride, stateBytes, partialBuffers, warpPartialBytes, partialBytes, bytesPerBlock };
}
