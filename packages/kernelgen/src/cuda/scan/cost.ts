import { constant, type IntExpr, max, min } from "constrint";
import type { CudaDevice } from "hwmodels";
import { linearGraph } from "../../cell/linear.js";
import { type Scalar, topologicalOrder } from "../../cell/scalar.js";
import { stepGradient } from "../../cell/step-gradient.js";
import { plus, times } from "../../plan/integer-expressions.js";
import type { Pass, Problem } from "../../plan/problem.js";
import { scanTensors } from "../../plan/scan-tensors.js";
import { tensorBytes } from "../../plan/tensors.js";
import { linearCellOf } from "./column-source.js";

/**
 * Constants of a scan's predicted time, fitted to 2700 times of 665 tilings on an H200 that `bench/scan/tiles.ts` and variants of it wrote: of
 * twelve passes at 256 to 65536 steps, so that the tiling that is chosen takes hardly longer than the fastest that was measured: 2 % on average,
 * at most 20 %, of those that were measured themselves. Times are of that device; on others they are taken to be the same.
 */
const fitted = {
  /** Part of the vendor's bandwidth that a kernel reaches that reads and writes side by side. */
  bandwidthShare: 1,
  /** Time of a loop over chunks in that of a chain of blocks: its blocks drift apart, and with them the rows of memory that they read. */
  loopShare: 1.122,
  /** A launch, with the first loads and the last stores: of a loop over chunks, and of a chain of blocks. */
  loopStartNanoseconds: 2254,
  chainStartNanoseconds: 3771,
  /** From one chunk of a sequence to the next: in a loop, and in a chain through L2, there with a part for each warp whose span is joined. */
  loopChunkNanoseconds: 1036,
  chainChunkNanoseconds: 440,
  chainWarpNanoseconds: 32,
  /** What a tile of a chain costs beside its bytes, with all multiprocessors at work on tiles, and for each instruction of a step of the cell. */
  tilePicoseconds: 480,
  tileInstructionPicoseconds: 8,
  /** What a tile takes from its loads to its stores, when a block has one in flight. */
  tileLatencyNanoseconds: 3300,
  /** Percent of the time that memory takes for the first tiles of a chain that loads ahead: nothing is written yet. */
  firstTilesPercent: 236,
  /** Instructions of an element beside its cell: loads, conversions, joining and advancing, stores. */
  elementInstructions: 18.8,
  /** Instructions of a thread for each of its words that goes through shared memory. */
  aheadWordInstructions: 2.08,
  /** Instructions of a thread's channel for each round of the scan over lanes, and for each warp of the scan over warps. */
  laneRoundInstructions: 6.8,
  warpInstructions: 2.8,
  /**
   * The part of the instructions' time that memory does not hide, in percent: this much over the blocks on a multiprocessor, whose threads
   * wait for each other, and this much over its warps; of blocks that load when they need it, and of those that load ahead.
   */
  exposed: { overBlocks: 42.7, overWarps: 421 },
  exposedAhead: { overBlocks: 4.6, overWarps: 107 },
  /** The same of those that load ahead and look early at the state before a tile (`looksEarly`). */
  exposedEarly: { overBlocks: 2.6, overWarps: 131 },
  /**
   * A multiprocessor takes so many bytes of asynchronous copies before its stores and polls wait behind those; percent of the time that each
   * further 64 KiB cost a chain.
   */
  roomBytes: 52007,
  crowdedPercent: 1.8,
  /** Time of rows of 128 bytes, in percent of longer ones. */
  lineRowPercent: 102,
  /**
   * What a tile of a chain that loads ahead waits for each further tile of the same channels that is on its way: what is polled for comes
   * behind what was loaded before.
   */
  followerNanoseconds: 306,
  /**
   * Time by the warps of a block, in percent of the best: few have little on its way, many wait for each other. A chain is best with 8, a loop
   * with 4; what was not measured is taken from its neighbours.
   */
  chainPercents: { 1: 161, 2: 161, 4: 100, 8: 100, 16: 105, 32: 129 },
  loopPercents: { 1: 115, 2: 129, 4: 100, 8: 103, 16: 143, 32: 143 },
  /**
   * Time by the bytes of a thread's access, in percent of the best: where blocks load when they need it, and of either pass where they load
   * ahead, in a loop over chunks and in a chain.
   */
  wordPercents: { 2: 120, 4: 100, 8: 101, 16: 100 },
  loopAheadPercents: {
    forward: { 2: 150, 4: 101, 8: 100, 16: 100 },
    backward: { 2: 150, 4: 121, 8: 105, 16: 107 },
  },
  chainAheadPercents: {
    forward: { 2: 150, 4: 110, 8: 102, 16: 100 },
    backward: { 2: 150, 4: 121, 8: 105, 16: 107 },
  },
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
  logSigmoid: 18,
};

const instructionCount = (roots: readonly Scalar[]): number =>
  topologicalOrder(roots).reduce((count, { kind }) => count + (instructions[kind] ?? 1), 0);

/** What the predicted time needs to know of a tiling. */
export interface ScanTile {
  readonly channelsPerThread: IntExpr;
  readonly stepsPerThread: IntExpr;
  readonly warps: IntExpr;
  readonly stages: IntExpr;
  /** 1 where blocks load ahead. */
  readonly isAhead: IntExpr;
  /** 1 where they also look early at the state before a tile. */
  readonly looksEarly: IntExpr;
  /** 1 for a chain of blocks, 0 for a loop over chunks. */
  readonly chained: IntExpr;
  /** 1 where a forward pass computes the coefficients of a step a second time. */
  readonly recompute: IntExpr;
  /** `rowPercent` of the bytes of a block's row. */
  readonly rowPercent: IntExpr;
  /** `blockPercents` of the warps, and whether blocks form a chain. */
  readonly blockPercent: IntExpr;
  /** `wordPercents` of the bytes of a thread's access, whether blocks load ahead, and whether they form a chain. */
  readonly wordPercent: IntExpr;
  /** Blocks of all sequences and channels. */
  readonly columns: IntExpr;
  readonly chunks: IntExpr;
  readonly blocksPerMultiprocessor: IntExpr;
  /** Bytes of the chunks that a block has on their way. */
  readonly ringBytes: IntExpr;
  /** log2 of `timeLanes`. */
  readonly laneRounds: IntExpr;
}

/**
 * Time of reading and writing rows of so many adjacent bytes, in that of long rows, in percent: memory moves 32 bytes at once, and several of
 * these from one open page.
 */
export const rowPercent = (rowBytes: number): number => {
  if (rowBytes > 128) return 100;
  if (rowBytes === 128) return fitted.lineRowPercent;
  return rowBytes === 64 ? 112 : Math.round((150 * 32) / Math.min(rowBytes, 32));
};

/** Time by the warps of a block, in percent of the best: rows of warps, 0 for a loop over chunks and 1 for a chain, and the percentage. */
export const blockPercents: readonly (readonly [warps: number, chained: number, percent: number])[] = [
  ...Object.entries(fitted.loopPercents).map(([warps, percent]) => [Number(warps), 0, percent] as const),
  ...Object.entries(fitted.chainPercents).map(([warps, percent]) => [Number(warps), 1, percent] as const),
];

/** Time by the bytes of a thread's access, in percent of the best: rows of bytes, 1 for loading ahead and else 0, 1 for a chain and 0 for a loop, and the percentage. */
export const wordPercents = (
  pass: Pass,
): readonly (readonly [wordBytes: number, isAhead: number, chained: number, percent: number])[] =>
  [0, 1].flatMap((chained) =>
    [fitted.wordPercents, (chained === 1 ? fitted.chainAheadPercents : fitted.loopAheadPercents)[pass]].flatMap(
      (percents, isAhead) =>
        Object.entries(percents).map(([bytes, percent]) => [Number(bytes), isAhead, chained, percent] as const),
    ),
  );

/** The time in which device memory reads and writes all sequences, each once. */
export function memoryNanoseconds(problem: Problem, device: CudaDevice): number {
  const bytes = scanTensors(problem).reduce((total, tensor) => total + tensorBytes(tensor), 0);
  return (bytes * 1e9) / (device.timing.memoryBytesPerSecond * fitted.bandwidthShare);
}

/** Elements that a pass reads and writes of each channel in a step. */
const wordsOfStep = (problem: Problem): number =>
  scanTensors(problem)
    .filter(({ dimensions }) => dimensions.startsWith("B,T,"))
    .reduce((count, { shape }) => count + (shape.length === 5 ? shape[2]! : 1), 0);

/** A scan's predicted time for a whole pass, in nanoseconds. */
export function scanNanoseconds(problem: Problem, device: CudaDevice, tile: ScanTile): IntExpr {
  const { batch, heads, headDim, steps, pass } = problem;
  const cell = linearCellOf(problem);
  const elements = batch * heads * headDim * steps;
  const memory = tile.rowPercent.times(Math.ceil(memoryNanoseconds(problem, device))).dividedBy(100);

  const { decay, forget, update } = linearGraph(cell);
  const cellInstructions =
    instructionCount([forget ?? decay, update]) +
    (pass === "forward" ? 0 : instructionCount(stepGradient(cell).gateGradients));
  const lanesPerMicrosecond =
    device.warpAllocationGranularity * device.warpSize * device.multiprocessorCount * device.timing.clockMegahertz;
  const nanosecondsOf = (instructionsOfElement: number): number =>
    Math.ceil((elements * instructionsOfElement * 1000) / lanesPerMicrosecond);
  const perStep = plus(
    tile.laneRounds.times(nanosecondsOf(fitted.laneRoundInstructions)),
    tile.warps.times(nanosecondsOf(fitted.warpInstructions)),
  ).dividedBy(tile.stepsPerThread);
  const perWord = tile.isAhead
    .times(nanosecondsOf(wordsOfStep(problem) * fitted.aheadWordInstructions))
    .dividedBy(tile.channelsPerThread);
  // A second time: an instruction for each gate that is unpacked, and the cell's.
  const again = tile.recompute.times(nanosecondsOf(cell.gates.length + cellInstructions));
  const issue = plus(perStep, perWord, again, nanosecondsOf(fitted.elementInstructions + cellInstructions));

  const exposedOf = ({ overBlocks, overWarps }: { overBlocks: number; overWarps: number }): IntExpr =>
    tile.warps.times(Math.round(overBlocks * 10)).plus(Math.round(overWarps * 10));
  const exposedPercent = plus(
    times(tile.looksEarly, exposedOf(fitted.exposedEarly)),
    times(tile.isAhead, constant(1).minus(tile.looksEarly), exposedOf(fitted.exposedAhead)),
    times(constant(1).minus(tile.isAhead), exposedOf(fitted.exposed)),
  )
    .times(10)
    .dividedBy(times(tile.warps, tile.blocksPerMultiprocessor));
  const work = times(
    max([issue, memory]).plus(times(issue, exposedPercent).dividedBy(100 * 100)),
    tile.blockPercent,
    tile.wordPercent,
  ).dividedBy(100 * 100);

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
  const busyBlocks = min([residentBlocks, tiles]);
  const ringBytesPerNanosecond = Math.round(
    (device.timing.memoryBytesPerSecond / 1e9) * (100 / fitted.firstTilesPercent),
  );
  // (busy / columns − 1) further tiles of the same channels, for each of the tiles / busy that a block takes.
  const followers = times(
    tile.isAhead,
    max([busyBlocks.minus(tile.columns), constant(0)]),
    tile.chunks,
    Math.round(fitted.followerNanoseconds),
  ).dividedBy(busyBlocks);
  const crowdingKibibytes = max([
    times(tile.ringBytes, tile.blocksPerMultiprocessor).minus(Math.round(fitted.roomBytes)),
    constant(0),
  ]).dividedBy(1024);
  const crowdedWork = work.plus(
    times(work, crowdingKibibytes, Math.round(fitted.crowdedPercent * 1000)).dividedBy(64 * 100 * 1000),
  );
  const chain = plus(
    max([
      plus(crowdedWork, times(busyBlocks, tile.ringBytes).dividedBy(ringBytesPerNanosecond)),
      latencyOf(tiles),
      tile.chunks.times(chainChunk),
    ]),
    followers,
    tiles
      .times(Math.round(fitted.tilePicoseconds + fitted.tileInstructionPicoseconds * cellInstructions))
      .dividedBy(picosecondsPerNanosecond),
    fitted.chainStartNanoseconds,
  );
  return plus(times(constant(1).minus(tile.chained), loop), times(tile.chained, chain));
}
