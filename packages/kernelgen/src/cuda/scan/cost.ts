import { constant, type IntExpr, max, min } from "constrint";
import type { CudaDevice } from "hwmodels";
import { linearGraph } from "../../cell/linear.js";
import { type Scalar, topologicalOrder } from "../../cell/scalar.js";
import { stepGradient } from "../../cell/step-gradient.js";
import { plus, times } from "../../plan/integer-expressions.js";
import type { Problem } from "../../plan/problem.js";
import { scanTensors } from "../../plan/scan-tensors.js";
import { tensorBytes } from "../../plan/tensors.js";
import { linearCellOf } from "./column-source.js";

/**
 * Constants of a scan's predicted time, fitted to the times of 111 tilings on an H200 (root mean square error 15 %). Times are of that
 * device; on others they are taken to be the same.
 */
const fitted = {
  /** Part of the vendor's bandwidth that a kernel reaches that reads and writes side by side. */
  bandwidthShare: 0.9,
  /** Time of a loop over chunks in that of a chain of blocks: its blocks drift apart, and with them the rows of memory that they read. */
  loopShare: 1.12,
  /** A launch, with the first loads and the last stores: of a loop over chunks, and of a chain of blocks. */
  loopStartNanoseconds: 4000,
  chainStartNanoseconds: 5500,
  /** From one chunk of a sequence to the next: in a loop, and in a chain through L2, there with a part for each warp whose span is joined. */
  loopChunkNanoseconds: 700,
  chainChunkNanoseconds: 250,
  chainWarpNanoseconds: 14,
  /** Percent of the time of reading and writing that a block alone on its multiprocessor adds: it waits while nobody else loads. */
  alonePercent: 25,
  /** What a tile of a chain costs beside its bytes, with all multiprocessors at work on tiles. */
  tilePicoseconds: 1000,
  /** What a tile takes from its loads to its stores, when a block has one in flight. */
  tileLatencyNanoseconds: 3500,
  /** Instructions of an element beside its cell: loads, conversions, joining and advancing, stores. */
  elementInstructions: 10,
  /** Instructions of a thread's channel for each round of the scan over lanes, and for each warp of the scan over warps. */
  laneRoundInstructions: 12,
  warpInstructions: 5,
  /**
   * The part of the instructions' time that memory does not hide, in percent: this much over the blocks on a multiprocessor, whose threads
   * wait for each other, and this much over its warps.
   */
  exposedOverBlocks: 40,
  exposedOverWarps: 600,
} as const;

const picosecondsPerNanosecond = 1000;

/** Instructions of the operations that take several, those of the special function unit counted by its lower rate. */
const instructions: Partial<Record<Scalar["kind"], number>> = {
  input: 0,
  constant: 0,
  sigmoid: 8,
  tanh: 8,
  exp: 4,
  log: 4,
  divide: 4,
  logSigmoid: 10,
};

const instructionCount = (roots: readonly Scalar[]): number =>
  topologicalOrder(roots).reduce((count, { kind }) => count + (instructions[kind] ?? 1), 0);

/** What the predicted time needs to know of a tiling. */
export interface ScanTile {
  readonly stepsPerThread: IntExpr;
  readonly warps: IntExpr;
  readonly stages: IntExpr;
  /** 1 for a chain of blocks, 0 for a loop over chunks. */
  readonly chained: IntExpr;
  /** `rowPercent` of the bytes of a block's row. */
  readonly rowPercent: IntExpr;
  /** Blocks of all sequences and channels. */
  readonly columns: IntExpr;
  readonly chunks: IntExpr;
  readonly blocksPerMultiprocessor: IntExpr;
  /** log2 of `timeLanes`. */
  readonly laneRounds: IntExpr;
}

/**
 * Time of reading and writing rows of so many adjacent bytes, in that of long rows, in percent: memory moves 32 bytes at once, and several of
 * these from one open page.
 */
export const rowPercent = (rowBytes: number): number => {
  if (rowBytes >= 128) return 100;
  return rowBytes === 64 ? 112 : Math.round((150 * 32) / Math.min(rowBytes, 32));
};

/** The time in which device memory reads and writes all sequences, each once. */
export function memoryNanoseconds(problem: Problem, device: CudaDevice): number {
  const bytes = scanTensors(problem).reduce((total, tensor) => total + tensorBytes(tensor), 0);
  return (bytes * 1e9) / (device.timing.memoryBytesPerSecond * fitted.bandwidthShare);
}

/** A scan's predicted time for a whole pass, in nanoseconds. */
export function scanNanoseconds(problem: Problem, device: CudaDevice, tile: ScanTile): IntExpr {
  const { batch, heads, headDim, steps, pass } = problem;
  const cell = linearCellOf(problem);
  const elements = batch * heads * headDim * steps;
  const sharedMultiprocessor = min([tile.blocksPerMultiprocessor.minus(1), constant(1)]);
  const memory = times(
    constant(100 + fitted.alonePercent).minus(sharedMultiprocessor.times(fitted.alonePercent)),
    tile.rowPercent,
    Math.ceil(memoryNanoseconds(problem, device)),
  ).dividedBy(100 * 100);

  const { decay, forget, update } = linearGraph(cell);
  const cellInstructions =
    instructionCount([forget ?? decay, update]) +
    (pass === "forward" ? 0 : instructionCount(stepGradient(cell).gateGradients));
  const lanesPerMicrosecond =
    device.warpAllocationGranularity * device.warpSize * device.multiprocessorCount * device.timing.clockMegahertz;
  const nanosecondsOf = (instructionsOfElement: number): number =>
    Math.ceil((elements * instructionsOfElement * 1000) / lanesPerMicrosecond);
  const overhead = plus(
    tile.laneRounds.times(nanosecondsOf(fitted.laneRoundInstructions)),
    tile.warps.times(nanosecondsOf(fitted.warpInstructions)),
  ).dividedBy(tile.stepsPerThread);
  const issue = overhead.plus(nanosecondsOf(fitted.elementInstructions + cellInstructions));

  const exposedPercent = plus(tile.warps.times(fitted.exposedOverBlocks), fitted.exposedOverWarps).dividedBy(
    times(tile.warps, tile.blocksPerMultiprocessor, min([tile.stages, constant(1)]).plus(1)),
  );
  const work = max([issue, memory]).plus(times(issue, exposedPercent).dividedBy(100));

  // In a loop, a multiprocessor with one more block than others takes longer; the tiles of a chain spread evenly.
  const blocksOfOne = tile.columns.plus(device.multiprocessorCount - 1).dividedBy(device.multiprocessorCount);
  const unevenWork = times(work, blocksOfOne, Math.round(fitted.loopShare * device.multiprocessorCount)).dividedBy(
    tile.columns,
  );
  const tiles = tile.columns.times(tile.chunks);
  const residentBlocks = tile.blocksPerMultiprocessor.times(device.multiprocessorCount);
  const latencyOf = (blocks: IntExpr): IntExpr =>
    tiles.times(fitted.tileLatencyNanoseconds).dividedBy(times(min([blocks, residentBlocks]), tile.stages.plus(1)));
  const loop = max([unevenWork, latencyOf(tile.columns), tile.chunks.times(fitted.loopChunkNanoseconds)]).plus(
    fitted.loopStartNanoseconds,
  );
  const chainChunk = tile.warps.times(fitted.chainWarpNanoseconds).plus(fitted.chainChunkNanoseconds);
  const chain = plus(
    max([work, latencyOf(tiles), tile.chunks.times(chainChunk)]),
    tiles.times(fitted.tilePicoseconds).dividedBy(picosecondsPerNanosecond),
    fitted.chainStartNanoseconds,
  );
  return plus(times(constant(1).minus(tile.chained), loop), times(tile.chained, chain));
}
