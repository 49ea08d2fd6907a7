import { constant, largest, max, smallest, table } from "constrint";
import { ceilQuotient, isAny, plus, times } from "../../plan/integer-expressions.js";
import { calibratedTerm, sharedMemoryTerm } from "../cost.js";
import { fmaSource } from "./fma-source.js";
import { adjacentUnits, isAlone, type MatrixProduct, warpsPerPart } from "./matrix-product.js";
import { productShape } from "./product-shape.js";
import { streamAddressRegisters, streamedMatrixTerm } from "./streamed-matrix.js";

/** Inner indices that a thread reads at once: one 16-byte word of h. */
const chunk = 4;
const elementBytes = 4;
/** Chunks of R on their way from device memory at once: a chunk is multiplied by all sequences, which takes longer than the trip. */
const streamDepth = 1;
/** Rows of R, of all warps of a part of a multiprocessor, whose multiply-adds hide what a word of h takes from shared memory. */
const hidingRows = 4;
/** Lanes that exchange partial sums: 2 to the number of rounds. */
const exchangeSizes = [1, 2, 4, 8, 16, 32];

/**
 * R·h in fp32 by plain multiply-adds.
 *
 * The lanes of a warp form a grid: L lanes split the inner dimension, 32/L lanes hold different units. A lane holds the recurrent rows of all gates of P
 * adjacent units over its inner indices, computes partial sums for all sequences of the block, and the L lanes then exchange them so
 * that each ends with the whole sums of its own V = batchTile/L sequences.
 */
export const fmaProduct: MatrixProduct = {
  tile(problem, device, model, { blocksAlongInner, evenLaneUnits, streams }) {
    const { headDim, batch } = problem;
    const { sumCount, innerDim, hasBias } = productShape(problem);
    const maxWarps = device.maxThreadsPerBlock / device.warpSize;
    const chunkCount = Math.ceil(innerDim / chunk);

    const unitsPerThread = model.int("unitsPerThread", adjacentUnits(headDim));
    const lanesAlongInner = model.int("lanesAlongInner", exchangeSizes);
    const sequencesPerLane = model.int("sequencesPerLane", 1, batch);
    const warpsAlongUnits = model.int("warpsAlongUnits", 1, maxWarps);
    const warpsAlongInner = model.int("warpsAlongInner", 1, maxWarps);
    const chunksInRegisters = model.int("chunksInRegisters", 1, chunkCount);

    const lanesAlongUnits = constant(device.warpSize).dividedBy(lanesAlongInner);
    const innerParts = times(lanesAlongInner, warpsAlongInner);
    // Without streaming it is no unknown, and the plan does not name it.
    const chunksStreamed = streams ? model.int("chunksStreamed", 0, chunkCount) : undefined;
    const streamedChunks = chunksStreamed ?? constant(0);
    const innerChunks = ceilQuotient(chunkCount, times(innerParts, blocksAlongInner));
    // Chunks cover the inner dimension: the second is never the larger one, and bounds the first (`ProductUse.evenLaneUnits`).
    const splitChunks = max([innerChunks.times(innerParts), ceilQuotient(chunkCount, blocksAlongInner)]);
    const chunksOnChip = innerChunks.minus(streamedChunks);
    model.add(chunksOnChip.ge(chunksInRegisters), "no more chunks in registers than on chip");
    // The constraint already says that it is not negative; so said, sums of it are known not to be.
    const chunksInShared = max([chunksOnChip.minus(chunksInRegisters), 0]);
    const matrixIsSplit = isAny(chunksInShared);
    const isStreamed = isAny(streamedChunks);
    // Padding the batch by a whole sequence per lane would only add work.
    model.add(lanesAlongInner.times(sequencesPerLane.minus(1)).lt(batch), "no idle sequence in every lane");

    const exchangeRounds = model.int("exchangeRounds", 0, exchangeSizes.length - 1);
    model.add(
      table(
        [lanesAlongInner, exchangeRounds],
        exchangeSizes.map((lanes, rounds) => [lanes, rounds]),
      ),
      "each round of an exchange halves the lanes",
    );

    const rows = times(unitsPerThread, sumCount);
    const batchTile = times(lanesAlongInner, sequencesPerLane);
    const warps = times(warpsAlongUnits, warpsAlongInner);
    const laneUnits = max([times(unitsPerThread, warpsAlongUnits, sequencesPerLane), evenLaneUnits]);
    const tileSlots = laneUnits.dividedBy(unitsPerThread);
    const sharedChunks = times(warps, rows, chunksInShared);
    const streamedWarpChunks = times(warps, rows, streamedChunks);
    const partWarps = warpsPerPart(device, warps);
    // A lane multiplies its units' rows by a chunk at a time; the parts of a multiprocessor share the warps.
    const partMultiplyAdds = max([
      times(partWarps, rows, batchTile, innerChunks, chunk),
      ceilQuotient(times(laneUnits, sumCount, splitChunks, chunk), device.warpAllocationGranularity),
    ]);
    const warpChunkBytes = device.warpSize * chunk * elementBytes;
    return {
      unknowns: [
        unitsPerThread,
        lanesAlongInner,
        sequencesPerLane,
        warpsAlongUnits,
        warpsAlongInner,
        chunksInRegisters,
        ...(chunksStreamed === undefined ? [] : [chunksStreamed]),
      ],
      searchOrder: [
        largest(lanesAlongInner),
        ...[unitsPerThread, warpsAlongUnits, sequencesPerLane, warpsAlongInner].map(smallest),
        ...(chunksStreamed === undefined ? [] : [smallest(chunksStreamed)]),
        largest(chunksInRegisters),
      ],
      unitsPerThread,
      warpsAlongUnits,
      warpsAlongInner,
      warpsPerPart: partWarps,
      unitTile: times(unitsPerThread, lanesAlongUnits, warpsAlongUnits),
      batchTile,
      innerPadded: splitChunks.times(chunk),
      warpSlots: sequencesPerLane,
      tileSlots,
      slotUnits: times(unitsPerThread, lanesAlongUnits),
      slotSequences: lanesAlongInner,
      slotSequenceStride: sequencesPerLane,
      matrixRegisters: times(rows, chunksInRegisters, chunk),
      workRegisters: plus(
        times(rows, batchTile), // partial sums
        times(rows, hasBias ? 1 : 0),
        constant(2 * chunk), // h, two sequences at a time
        times(matrixIsSplit, rows), // R from shared memory: the compiler fetches little ahead, seen in ptxas
        times(isStreamed, rows, streamDepth * chunk), // R on its way from device memory
        times(isStreamed, streamAddressRegisters),
      ),
      matrixSharedBytes: times(sharedChunks, warpChunkBytes),
      landingBytes: constant(0), // it is sent for to registers
      matrixStreamedBytes: times(streamedWarpChunks, warpChunkBytes),
      derived: {
        innerChunks,
        chunksOnChip,
        lanesAlongUnits,
        ...(streams && { streamDepth: constant(streamDepth) }),
      },
      costTerms: [
        calibratedTerm(device, "multiplyAddInstructions", partMultiplyAdds),
        calibratedTerm(
          device,
          "loneMultiplyAddInstructions",
          times(rows, batchTile, innerChunks, isAlone(partWarps), chunk),
        ),
        calibratedTerm(
          device,
          "multiplyAddLatencyCycles",
          times(batchTile, innerChunks, max([constant(hidingRows).minus(rows.times(partWarps)), 0])),
        ),
        // The loop over them is not unrolled: each waits.
        calibratedTerm(device, "sharedTileCycles", chunksInShared),
        // A warp reads as many different words of h at once as lanes split the inner dimension.
        sharedMemoryTerm(device, times(tileSlots, splitChunks, lanesAlongInner), chunk * elementBytes),
        sharedMemoryTerm(device, sharedChunks, warpChunkBytes),
        ...(streams ? [streamedMatrixTerm(problem, device, streamedWarpChunks, warpChunkBytes)] : []),
        // The first exchange of lanes halves all sums, the last leaves the lane's own.
        calibratedTerm(device, "shuffleCycles", times(partWarps, rows, sequencesPerLane, lanesAlongInner.minus(1))),
        calibratedTerm(device, "shuffleLatencyCycles", exchangeRounds),
      ],
    };
  },
  source: (_, __, streams) => fmaSource(streams),
};
