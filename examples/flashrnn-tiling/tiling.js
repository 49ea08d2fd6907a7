// The tiling of FlashRNN's fused recurrent kernels (Pöppel, Beck, Hochreiter: FlashRNN, ICLR 2025) as a model of `constrint`.
//
// The recurrent matrix of a head, (gates · headDim) × headDim, stays on the chip for the whole sequence: cut into tiles, and spread
// over warps, thread blocks and the grid. The forward kernel keeps the hidden dimension in a warp and loops over the gates; the
// backward kernel multiplies by the transposed matrix, so that the two dimensions change places. Both are one system here:
// `kept` is the dimension whose tiles a warp keeps in registers, `looped` the other one.

import { largest, Model, product, smallest, sum } from "constrint";

/** Bytes of a barrier and the like that a kernel needs beside its tiles. */
const RESERVED_SHARED_BYTES = 64;
/** Elements by which a row in shared memory is lengthened, against bank conflicts. */
const SHARED_PADDING = 8;
const WARP_SIZE = 32;
const ACCUMULATOR_BYTES = 4;
/** Elements of an accumulator tile (batch × looped), fixed by the matrix instruction. */
const ACCUMULATOR_TILE = 256;

/**
 * What one direction's kernel has to fit.
 *
 * @typedef {object} TilingProblem
 * @property {"forward" | "backward"} direction
 * @property {number} headDim
 * @property {number} heads
 * @property {number} gates
 * @property {number} batch
 * @property {"bfloat16" | "float32"} dtype
 * @property {{ streamingMultiprocessors: number, sharedBytes: number, registersPerMultiprocessor: number,
 *   threadsPerBlock: number }} device
 */

/**
 * The model of one direction and the order in which its tilings are preferred.
 *
 * @param {TilingProblem} problem
 */
export function tilingModel({ direction, headDim, heads, gates, batch, dtype, device }) {
  const isForward = direction === "forward";
  const isHalf = dtype === "bfloat16";
  const elementBytes = isHalf ? 2 : 4;
  const gateDim = gates * headDim;
  const keptDim = isForward ? headDim : gateDim;
  const loopedDim = isForward ? gateDim : headDim;
  const batchGranularity = isHalf ? 8 : 16;
  const paddedBatch = Math.ceil(batch / batchGranularity) * batchGranularity;
  const multiprocessors = device.streamingMultiprocessors;
  // Register capacity in elements, not in 32-bit registers.
  const registers = (device.registersPerMultiprocessor * 4) / elementBytes;
  const maxWarps = Math.floor(device.threadsPerBlock / 4 / WARP_SIZE);

  const m = new Model();
  const tileBatch = m.int("tileBatch", isHalf ? [8, 16, 32] : [16]);
  const tileLooped = m.int("tileLooped", isHalf ? [8, 16, 32] : [16]);
  const tileKept = isHalf ? 16 : 8;
  const parallelHeads = m.int("parallelHeads", 1, heads);
  const gridLooped = m.int("gridLooped", 1, multiprocessors);
  const gridKept = m.int("gridKept", 1, multiprocessors);
  const gridBatch = m.int("gridBatch", 1, multiprocessors);
  const loopBatch = m.int("loopBatch", 1, 4);
  const loopLooped = m.int("loopLooped", 1, loopedDim);
  const warpsKept = m.int("warpsKept", 1, keptDim);
  const warpsBatch = m.int("warpsBatch", 1, paddedBatch);
  const cachedKept = m.int("cachedKept", 1, keptDim);
  const warps = m.int("warps", 1, maxWarps);
  const cachedElements = m.int("cachedElements", 1, registers);

  const batchPerGrid = product([gridBatch, warpsBatch, loopBatch, tileBatch]);
  const keptPerGrid = product([gridKept, warpsKept]);
  const blocks = product([gridLooped, gridKept, gridBatch]);

  m.add(tileBatch.times(tileLooped).eq(ACCUMULATOR_TILE), "accumulator tile");
  m.add(
    warps.times(product([gridLooped, loopLooped, tileLooped])).eq(product([warpsKept, warpsBatch, loopedDim])),
    "warps",
  );
  m.add(keptPerGrid.times(tileKept).divides(keptDim), "kept dimension is tiled");
  m.add(product([loopLooped, gridLooped, tileLooped]).divides(loopedDim), "looped dimension is tiled");
  m.add(batchPerGrid.divides(paddedBatch), "batch is tiled");
  m.add(parallelHeads.divides(heads), "heads are tiled");
  m.add(blocks.times(parallelHeads).le(multiprocessors), "one block a multiprocessor");
  m.add(keptPerGrid.times(cachedKept).times(tileKept).le(keptDim), "no more cached than there is");

  // Registers: the cached matrix, the accumulators and the input fragment.
  m.add(cachedElements.times(warpsBatch).eq(product([tileKept, tileLooped, cachedKept, warps])), "cached elements");
  const accumulators = product([warps, ACCUMULATOR_TILE, loopBatch, ACCUMULATOR_BYTES / elementBytes]);
  const fragments = product([warps, tileBatch, tileKept]);
  m.add(sum([cachedElements, accumulators, fragments]).le(registers), "registers");

  // Shared memory of the whole grid: what of the matrix is not in registers, and the partial sums.
  const matrixBytes = gridBatch
    .times(elementBytes * (gates * headDim ** 2 + SHARED_PADDING * loopedDim))
    .plus(RESERVED_SHARED_BYTES)
    .minus(product([elementBytes, cachedElements, blocks]));
  const partialSumBytes = product([
    ACCUMULATOR_BYTES,
    keptPerGrid,
    batchPerGrid,
    gridLooped.times(SHARED_PADDING).plus(loopedDim),
  ]);
  m.add(matrixBytes.ge(1), "the matrix is not larger than its cache");
  m.add(matrixBytes.plus(partialSumBytes).le(blocks.times(device.sharedBytes)), "shared memory");

  const order = [
    largest(tileBatch),
    largest(tileLooped),
    largest(parallelHeads),
    largest(gridLooped),
    smallest(gridKept),
    largest(gridBatch),
    largest(loopBatch),
    smallest(loopLooped),
    largest(warpsKept),
    largest(warpsBatch),
    largest(cachedKept),
  ];
  return { model: m, order };
}
