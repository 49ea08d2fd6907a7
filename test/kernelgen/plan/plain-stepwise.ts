import type { CudaDevice } from "hwmodels";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import type { Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { type Parameters, pointwiseValues, sumsOfUnit } from "./plain-tiling.js";

// The tiling of a stepwise kernel by plain arithmetic, from what the kernel does: nothing of the model's expressions is used here.

const up = (numerator: number, denominator: number): number => Math.ceil(numerator / denominator);

const [mostUnits, mostColumnGroups, mostWarps, mostChunks] = [128, 16, 16, 6] as const;

const isMatrixProduct = ({ dataType, tf32 }: Problem): boolean => dataType !== "fp32" || tf32;

/** What a plan of the family stepwise must state. */
export function plainStepwise({ problem, parameters }: Pick<Plan, "problem" | "parameters">, device: CudaDevice) {
  const { headDim, heads, batch } = problem;
  const { unitTile, columnGroups, warpCount, warpsAlongUnits, warpsAlongColumns, chunksInFlight } =
    parameters as Record<
      "unitTile" | "columnGroups" | "warpCount" | "warpsAlongUnits" | "warpsAlongColumns" | "chunksInFlight",
      number
    >;
  // Warps share the rows and columns of all chunks, or the chunks.
  const sharing = warpsAlongUnits * warpsAlongColumns;
  const warpsAlongInner = sharing > 1 ? 1 : warpCount;
  const isMatrix = isMatrixProduct(problem);
  // Rows come in sixteens of a matrix instruction, sequences in eights.
  const warpRowTiles = up(unitTile * sumsOfUnit(problem), 16 * warpsAlongUnits);
  const rowTiles = warpRowTiles * warpsAlongUnits;
  const warpColumnGroups = columnGroups / warpsAlongColumns;
  const batchTile = 8 * columnGroups;
  const [unitBlocks, batchBlocks] = [up(headDim, unitTile), up(batch, batchTile)];
  const threads = 32 * warpCount;
  const ownUnits = up(unitTile * batchTile, threads);
  // Of a column group, a lane multiplies a word of one column, or of two.
  const wordsOfColumn = isMatrix ? 1 : 2;
  // Sums; two rows of R and a warp's columns of a chunk, a word of four registers each; what the pointwise part reads, of four units at a time
  // where there are many sums.
  const heldUnits = sharing > 1 ? Math.min(ownUnits, 4) : ownUnits;
  const registersPerThread =
    4 * warpRowTiles * warpColumnGroups +
    4 * (2 + warpColumnGroups * wordsOfColumn) +
    heldUnits * pointwiseValues(problem) +
    // Addresses, counters and what else there is; where a warp copies rows for itself, also from where.
    (sharing > 1 ? 44 : 9 * warpRowTiles + (isMatrix ? 28 : 58));
  // Chunks have a word of 16 bytes a lane for each row and column; the sums take their place.
  const chunkBytes = warpsAlongInner * chunksInFlight * (2 * rowTiles + columnGroups) * 32 * 16;
  const sumBytes = warpsAlongInner * batchTile * (16 * rowTiles + 4) * 4;
  // A warp's registers come in pieces of 256, and warps are dealt to four parts of a multiprocessor.
  const registersPerBlock = up(registersPerThread, 8) * 8 * 32 * 4 * up(warpCount, 4);
  const sharedBytes = Math.max(chunkBytes, sumBytes);
  return {
    // The unknowns are numbers that a kernel can have.
    sound:
      [unitTile, columnGroups, warpCount, warpsAlongUnits, warpColumnGroups, chunksInFlight - 1].every(
        (unknown) => Number.isInteger(unknown) && unknown >= 1,
      ) &&
      (sharing === 1 || (sharing === warpCount && sharing >= 8 && chunksInFlight >= 4 && chunksInFlight % 2 === 0)),
    launch: {
      blockCount: unitBlocks * batchBlocks * heads,
      threadsPerBlock: threads,
      sharedBytesPerBlock: sharedBytes,
    },
    /** The values of the model's auxiliary unknowns, by name. */
    auxiliaries: { warpsAlongInner, hasOwnChunks: sharing > 1 ? 0 : 1 },
    derived: { rowTiles, batchTile, unitBlocks, batchBlocks, ownUnits, estimatedRegisters: registersPerThread },
    budgets: {
      "registers per thread": [registersPerThread, device.maxRegistersPerThread],
      "registers per block": [registersPerBlock * 4, device.registersPerBlock * 4],
      "threads per block": [threads, device.maxThreadsPerBlock],
      "shared memory per block": [sharedBytes, device.sharedBytesPerBlockOptin],
    },
  };
}

/** Every choice of parameters, sound or not. */
export function* everyStepwiseChoice(problem: Problem): Generator<Parameters> {
  const alongWarps = isMatrixProduct(problem) ? [1, 2, 4] : [1];
  for (let unitTile = 1; unitTile <= Math.min(mostUnits, problem.headDim); unitTile++) {
    for (let columnGroups = 1; columnGroups <= Math.min(mostColumnGroups, up(problem.batch, 8)); columnGroups++) {
      for (let warpCount = 1; warpCount <= mostWarps; warpCount++) {
        for (const warpsAlongUnits of alongWarps) {
          for (const warpsAlongColumns of alongWarps) {
            for (let chunksInFlight = 2; chunksInFlight <= mostChunks; chunksInFlight++) {
              yield { unitTile, columnGroups, warpCount, warpsAlongUnits, warpsAlongColumns, chunksInFlight };
            }
          }
        }
      }
    }
  }
}
