import type { PlanJson } from "kernelgen";

/** Where a part of R lies while a kernel runs. */
export type Place = "registers" | "shared" | "memory";

/**
 * How a plan cuts the recurrent matrix of a head, rows out and columns in: forward that of one gate, [D,D]; backward the transposed ones of
 * all gates side by side, [D,G·D].
 */
export interface MatrixTile {
  readonly rows: number;
  readonly columns: number;
  /** Rows of a block. */
  readonly unitTile: number;
  readonly unitBlocks: number;
  /** Columns of a block; fewer than all where the blocks of a cluster share them. */
  readonly blockColumns: number;
  readonly blocksAlongInner: number;
  /** Parts of the columns, one for each warp along the inner dimension, of all blocks along it. */
  readonly parts: readonly { readonly begin: number; readonly end: number }[];
  /** What of a part lies where, in the order of its columns; the last ones of the matrix may be padding. */
  readonly segments: readonly { readonly place: Place; readonly begin: number; readonly end: number }[];
}

/** Inner indices of a tile of the tensor cores and of a chunk elsewhere; the sources of the kernels say the same. */
const matrixTileColumns = 16;
const chunkColumns = 4;

/** The tile of a plan over R; undefined for a family that does not cut it so. */
export function matrixTile({ parameters, derived, target }: PlanJson): MatrixTile | undefined {
  const { headDim, unitTile, innerTiles, innerChunks } = derived;
  if (parameters.warpCount !== undefined) return steppedTile(parameters, derived);
  const perPart = innerTiles ?? innerChunks;
  if (headDim === undefined || unitTile === undefined || perPart === undefined) return undefined;
  const lanes = parameters.lanesAlongInner ?? parameters.innerLanes ?? 1;
  const chunk = innerTiles === undefined ? chunkColumns * lanes : matrixTileColumns;
  const inRegisters = parameters.innerTilesInRegisters ?? parameters.chunksInRegisters ?? 0;
  // A CUDA kernel keeps in shared memory what is not in registers; a WGSL kernel may also read R from storage.
  const inShared = target === "cuda" ? perPart - inRegisters : (parameters.chunksInWorkgroup ?? 0);
  const partColumns = perPart * chunk;
  const columns = derived.innerDim ?? headDim;
  const warps = parameters.warpsAlongInner ?? 1;
  const blocksAlongInner = parameters.blocksAlongInner ?? derived.blocksAlongInner ?? 1;
  const parts = Array.from({ length: warps * blocksAlongInner }, (_, part) => ({
    begin: Math.min(columns, part * partColumns),
    end: Math.min(columns, (part + 1) * partColumns),
  })).filter(({ begin, end }) => end > begin);
  const bounds = [0, inRegisters, inRegisters + inShared, perPart].map((count) => count * chunk);
  const segments = (["registers", "shared", "memory"] as const).flatMap((place, index) =>
    parts
      .map(({ begin, end }) => ({
        place,
        begin: Math.min(end, begin + bounds[index]!),
        end: Math.min(end, begin + bounds[index + 1]!),
      }))
      .filter((segment) => segment.end > segment.begin),
  );
  return {
    rows: headDim,
    columns,
    unitTile,
    unitBlocks: Math.ceil(headDim / unitTile),
    blockColumns: Math.min(columns, warps * partColumns),
    blocksAlongInner,
    parts,
    segments,
  };
}

/** The tile of a kernel that reads R anew in every step: a block's warps take turns with parts of the columns, from memory. */
function steppedTile(
  { unitTile }: PlanJson["parameters"],
  { headDim, innerDim, chunkInner }: PlanJson["derived"],
): MatrixTile {
  const columns = innerDim!;
  const parts = Array.from({ length: Math.ceil(columns / chunkInner!) }, (_, part) => ({
    begin: part * chunkInner!,
    end: Math.min(columns, (part + 1) * chunkInner!),
  }));
  return {
    rows: headDim!,
    columns,
    unitTile: unitTile!,
    unitBlocks: Math.ceil(headDim! / unitTile!),
    blockColumns: columns,
    blocksAlongInner: 1,
    parts,
    segments: parts.map((part) => ({ place: "memory", ...part })),
  };
}
