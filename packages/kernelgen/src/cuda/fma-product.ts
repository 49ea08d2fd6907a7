import { constant } from "constrint";
import { ceilQuotient, plus, times } from "../plan/integer-expressions.js";
import { stepCosts } from "./cost.js";
import { fmaSource } from "./fma-source.js";
import type { MatrixProduct } from "./matrix-product.js";

/** Inner indices that a thread reads at once: one 16-byte word of h. */
const chunk = 4;
const elementBytes = 4;

/**
 * R·h in fp32 by plain multiply-adds.
 *
 * The lanes of a warp form a grid: L lanes split the inner dimension, 32/L lanes hold different units. A lane holds all gates of P
 * adjacent units over its inner indices, computes partial sums for all sequences of the block, and the L lanes then exchange them so
 * that each ends with the whole sums of its own V = batchTile/L sequences.
 */
export const fmaProduct: MatrixProduct = {
  tile(problem, device, model) {
    const { headDim, batch } = problem;
    const gates = problem.cell.gates.length;
    const costs = stepCosts(device);
    const maxWarps = device.maxThreadsPerBlock / device.warpSize;
    const chunkCount = Math.ceil(headDim / chunk);

    const unitsPerThread = model.int("unitsPerThread", 1, 2);
    const lanesAlongInner = model.int("lanesAlongInner", [1, 2, 4, 8, 16, 32]);
    const sequencesPerLane = model.int("sequencesPerLane", 1, batch);
    const warpsAlongUnits = model.int("warpsAlongUnits", 1, maxWarps);
    const warpsAlongInner = model.int("warpsAlongInner", 1, maxWarps);
    const chunksInRegisters = model.int("chunksInRegisters", 1, chunkCount);

    model.add(unitsPerThread.divides(constant(headDim)), "adjacent units are aligned words");
    const lanesAlongUnits = model.int("lanesAlongUnits", 1, device.warpSize);
    model.add(lanesAlongUnits.times(lanesAlongInner).eq(device.warpSize), "lanes of a warp");
    const innerParts = times(lanesAlongInner, warpsAlongInner);
    const innerChunks = ceilQuotient(model, "innerChunks", chunkCount, innerParts, chunkCount);
    model.add(chunksInRegisters.le(innerChunks), "no more chunks in registers than there are");
    // Padding the batch by a whole sequence per lane would only add work.
    model.add(lanesAlongInner.times(sequencesPerLane.minus(1)).lt(batch), "no idle sequence in every lane");

    const rows = times(unitsPerThread, gates);
    const batchTile = times(lanesAlongInner, sequencesPerLane);
    const warps = times(warpsAlongUnits, warpsAlongInner);
    const sharedChunks = times(warps, rows, innerChunks.minus(chunksInRegisters));
    const warpChunkBytes = device.warpSize * chunk * elementBytes;
    return {
      unknowns: [
        unitsPerThread,
        lanesAlongInner,
        sequencesPerLane,
        warpsAlongUnits,
        warpsAlongInner,
        chunksInRegisters,
      ],
      unitsPerThread,
      warpsAlongUnits,
      warpsAlongInner,
      unitTile: times(unitsPerThread, lanesAlongUnits, warpsAlongUnits),
      batchTile,
      innerPadded: times(innerChunks, innerParts, chunk),
      warpSlots: sequencesPerLane,
      matrixRegisters: times(rows, chunksInRegisters, chunk),
      workRegisters: plus(times(rows, batchTile), rows, constant(2 * chunk)),
      matrixSharedBytes: times(sharedChunks, warpChunkBytes),
      derived: { innerChunks, lanesAlongUnits },
      cost: plus(
        times(warps, rows, batchTile, innerChunks, chunk * costs.warpMultiplyAdd),
        // A warp reads L different words of h at once.
        times(warps, innerChunks, batchTile, lanesAlongInner, chunk * elementBytes * costs.sharedByte),
        times(sharedChunks, warpChunkBytes * costs.sharedByte),
        // Halving exchanges: the first halves all sums, the last leaves the lane's own.
        times(warps, rows, batchTile.minus(sequencesPerLane), 2 * costs.warpMultiplyAdd),
        times(lanesAlongInner, costs.shuffleLatency),
        constant(costs.sharedLatency),
      ),
    };
  },
  source: fmaSource,
};
