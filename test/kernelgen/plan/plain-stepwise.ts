import type { CudaDevice } from "hwmodels";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { pointwiseValues, sumsOfUnit } from "./plain-tiling.js";

// The tiling of a stepwise kernel by plain arithmetic, from what the kernel does: nothing of the model's expressions is used here.

const up = (numerator: number, denominator: number): number => Math.ceil(numerator / denominator);

/** What a plan of the family stepwise must state. */
export function plainStepwise({ problem, parameters }: Plan, device: CudaDevice) {
  const { headDim, heads, batch } = problem;
  const { unitTile, columnGroups, warpCount, chunksInFlight } = parameters as Record<
    "unitTile" | "columnGroups" | "warpCount" | "chunksInFlight",
    number
  >;
  const isMatrix = problem.dataType !== "fp32" || problem.tf32;
  // Rows come in sixteens of a matrix instruction, sequences in eights.
  const rowTiles = up(unitTile * sumsOfUnit(problem), 16);
  const batchTile = 8 * columnGroups;
  const [unitBlocks, batchBlocks] = [up(headDim, unitTile), up(batch, batchTile)];
  const threads = 32 * warpCount;
  const ownUnits = up(unitTile * batchTile, threads);
  const words = columnGroups * (isMatrix ? 1 : 2);
  // Sums; two rows of R and all columns of a chunk, a word of four registers each; what the pointwise part reads.
  const registersPerThread = 4 * rowTiles * columnGroups + 4 * (2 + words) + ownUnits * pointwiseValues(problem) + 56;
  // A warp has its own chunks, a word of 16 bytes a lane for each row and column; the sums take their place.
  const chunkBytes = warpCount * chunksInFlight * (2 * rowTiles + words) * 32 * 16;
  const sumBytes = warpCount * batchTile * (16 * rowTiles + 4) * 4;
  // A warp's registers come in pieces of 256, and warps are dealt to four parts of a multiprocessor.
  const registersPerBlock = up(registersPerThread, 8) * 8 * 32 * 4 * up(warpCount, 4);
  const sharedBytes = Math.max(chunkBytes, sumBytes);
  return {
    // The unknowns are numbers that a kernel can have.
    sound: [unitTile, columnGroups, warpCount, chunksInFlight - 1].every(
      (unknown) => Number.isInteger(unknown) && unknown >= 1,
    ),
    launch: {
      blockCount: unitBlocks * batchBlocks * heads,
      threadsPerBlock: threads,
      sharedBytesPerBlock: sharedBytes,
    },
    derived: { rowTiles, batchTile, unitBlocks, batchBlocks, ownUnits, estimatedRegisters: registersPerThread },
    budgets: {
      "registers per thread": [registersPerThread, device.maxRegistersPerThread],
      "registers per block": [registersPerBlock * 4, device.registersPerBlock * 4],
      "threads per block": [threads, device.maxThreadsPerBlock],
      "shared memory per block": [sharedBytes, device.sharedBytesPerBlockOptin],
    },
  };
}
