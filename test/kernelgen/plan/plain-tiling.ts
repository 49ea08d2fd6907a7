import { type CudaDevice, maxActiveClusters, maxClusterBlocks } from "hwmodels";
import type { Problem } from "../../../packages/kernelgen/src/plan/problem.js";

// The CUDA families' tilings by plain arithmetic, from what the kernels do: nothing of the model's expressions is used here.

export type Parameters = Readonly<Record<string, number>>;
export type CudaFamilyName = "resident" | "cluster" | "grid" | "direct";

/** What a choice of parameters comes to. */
export interface PlainTiling {
  /** Whether the kernel works with these parameters, whatever budgets the device has; a cluster must be one that it runs. */
  readonly sound: boolean;
  readonly unitTile: number;
  readonly batchTile: number;
  readonly innerPadded: number;
  readonly unitBlocks: number;
  readonly batchBlocks: number;
  readonly blockCount: number;
  /** Multiprocessors that are taken: by a block each, and by clusters that leave some of them idle. */
  readonly residentNeed: number;
  /** Blocks of one launch. */
  readonly launchBlocks: number;
  readonly threadsPerBlock: number;
  readonly sharedBytes: number;
  /** R of a block that it reads from device memory in every step. */
  readonly matrixStreamedBytes: number;
  readonly registersPerThread: number;
  /** Registers that the multiprocessor sets aside for a block. */
  readonly registersPerBlock: number;
  /** R's elements that the block's registers, shared memory and its part of device memory have room for. */
  readonly matrixRoom: number;
  /** The values of the model's auxiliary unknowns, by name, to evaluate its expressions with. */
  auxiliaries(): Parameters;
  /** What it needs of each budget that a plan states, by the budget's name. */
  needs(): Parameters;
}

const lanes = 32;
/** Registers for where a thread is in what it reads in every step. */
const streamAddresses = 8;
const wordBytes = 16;
/** A warp's registers come in pieces of 256, and warps are dealt to four parts of a multiprocessor. */
const registerPieceOfThread = 256 / lanes;
const parts = 4;

const up = (numerator: number, denominator: number): number => Math.ceil(numerator / denominator);
const isTrue = (value: boolean): number => (value ? 1 : 0);

/** Gates that multiply h, and gates that take an input, by what is known of each cell. */
const recurrentGates = { elman: 1, gru: 3, lstm: 4, cifg: 3, slstm: 4 } as const;
const inputGates = recurrentGates;
/** Values of a unit that a thread keeps from step to step: states that the step reads, and a GRU's bias that is outside of R·h. */
const keptValues = { elman: 0, gru: 2, lstm: 1, cifg: 1, slstm: 3 } as const;
/** Values of a unit and step that training stores: gates, and of a GRU the recurrent part of one; h alone tells an Elman network's. */
const savedValues = { elman: 0, gru: 4, lstm: 4, cifg: 3, slstm: 4 } as const;
/** All gates of a cell: a GRU's candidate is two, its recurrent part and the rest. */
const gateCounts = { elman: 1, gru: 4, lstm: 4, cifg: 3, slstm: 4 } as const;
const otherStates = { elman: 0, gru: 0, lstm: 1, cifg: 1, slstm: 3 } as const;
/** Of these, the ones that a loss has a gradient of: not an sLSTM's m, which only scales c and n. */
const otherGradients = { elman: 0, gru: 0, lstm: 1, cifg: 1, slstm: 2 } as const;
/** Which h a backward step reads: an Elman network tanh' from this step's, a GRU the one before, an sLSTM with c and n its o·c/n. */
const readsH = { elman: 1, gru: 1, lstm: 0, cifg: 0, slstm: 1 } as const;
type CellName = keyof typeof recurrentGates;
export const recurrentGateCount = ({ cell }: Problem): number => recurrentGates[cell.name as CellName];

const isBackward = ({ pass }: Problem): boolean => pass === "backward";
/** Sums of the product that belong to a unit: forward those of its gates, backward the one gradient of h. */
export const sumsOfUnit = (problem: Problem): number => (isBackward(problem) ? 1 : recurrentGateCount(problem));
/** What is multiplied: forward h, of which a unit makes one value; backward du, of which it makes one for each gate. */
const operandsOfUnit = (problem: Problem): number => (isBackward(problem) ? recurrentGateCount(problem) : 1);
/** Length of the sums: units forward, units and their gates backward. */
export const innerLength = (problem: Problem): number => problem.headDim * operandsOfUnit(problem);

export const elementBytes = (problem: Problem): number => (problem.dataType === "fp32" ? 4 : 2);

/** Whether blocks exchange what they multiply through L2. */
export const talksThroughL2 = (family: CudaFamilyName): boolean => family === "grid" || family === "direct";

/** Elements of a sequence's operand on its way through L2: whole words of 16 bytes. */
function exchangedLength(problem: Problem): number {
  const elementsOfWord = wordBytes / elementBytes(problem);
  return up(innerLength(problem), elementsOfWord) * elementsOfWord;
}

/** Units of a sequence that the blocks of a head handle together: all whose operands lie in the words that travel. */
export const coveredUnits = (problem: Problem, family: CudaFamilyName): number =>
  talksThroughL2(family) ? up(exchangedLength(problem), operandsOfUnit(problem)) : problem.headDim;

/** Blocks that share the inner dimension. */
const blocksAlongInner = (p: Parameters): number => p.blocksAlongInner ?? 1;
/** Parts of the inner dimension that warps do not share: blocks take one each. */
export const innerParts = blocksAlongInner;

const isMatrixProduct = ({ dataType, tf32 }: Problem): boolean => dataType !== "fp32" || tf32;
/** Registers of a unit or two in the problem's type. */
const packed = (problem: Problem, units: number): number => (elementBytes(problem) === 2 ? 1 : units);

/** Bytes of registers and shared memory that all multiprocessors have. */
const onChipBytes = (device: CudaDevice): number =>
  device.multiprocessorCount * (device.registersPerBlock * 4 + device.sharedBytesPerBlockOptin);

/** Whether blocks may read a part of R in every step: where R takes more than a fifth of what is on the chip. */
export const mayStream = (problem: Problem, device: CudaDevice, family: CudaFamilyName): boolean =>
  (family === "grid" || (family === "direct" && isMatrixProduct(problem))) &&
  (family === "grid" ? 5 : 1 / 0.55) *
    problem.heads *
    recurrentGateCount(problem) *
    problem.headDim ** 2 *
    elementBytes(problem) >
    onChipBytes(device);

/** What depends on how a warp multiplies. */
interface Multiplication {
  readonly sound: boolean;
  readonly unitTile: number;
  readonly batchTile: number;
  readonly innerPadded: number;
  readonly warpSlots: number;
  readonly matrixRegisters: number;
  readonly workRegisters: number;
  readonly matrixSharedBytes: number;
  /** R of the block that is read from device memory in every step. */
  readonly matrixStreamedBytes: number;
  /** Shared memory of a warp for what comes of it at a time. */
  readonly landingBytes: number;
  auxiliaries(): Parameters;
}

/** `mma.m16n8k16`: 16 rows are the sums of 8 units or halves of them, 8 columns are sequences, 16 inner indices a tile. */
function matrixInstructions(problem: Problem, family: CudaFamilyName, p: Parameters): Multiplication {
  const { headDim, batch } = problem;
  const sums = sumsOfUnit(problem);
  const [units, columns, unitGroups, columnGroups] = [
    p.unitsPerThread!,
    p.columnsPerThread!,
    p.unitGroups!,
    p.columnGroups!,
  ];
  const tileInner = 32 / elementBytes(problem);
  // Warps that read words of L2 straight into fragments get two tiles with each.
  const tilesOfWord = family === "direct" ? 2 : 1;
  const innerTiles =
    tilesOfWord * up(up(innerLength(problem), tileInner * tilesOfWord), p.warpsAlongInner! * innerParts(p));
  const streamed = p.innerTilesStreamed ?? 0;
  const onChip = innerTiles - streamed;
  // A unit's sums lie in one lane, or half of them in each of two, of two sequences, which then exchange.
  const lanesOfUnit = p.lanesPerUnit ?? 1;
  const rowTiles = up(Math.floor((sums * units * unitGroups) / lanesOfUnit), 2);
  const lands = family === "direct" && streamed > 0;
  const kept = p.innerTilesInRegisters!;
  const isSplit = kept < onChip;
  const warps = p.warpsAlongUnits! * p.warpsAlongInner!;
  return {
    sound:
      headDim % units === 0 &&
      kept <= onChip &&
      kept % tilesOfWord === 0 &&
      streamed % tilesOfWord === 0 &&
      (lanesOfUnit === 1 || (columns === 2 && units === 1)) &&
      unitGroups <= up(headDim, 8) &&
      columnGroups <= up(batch, 4),
    unitTile: (8 * units * unitGroups * p.warpsAlongUnits!) / lanesOfUnit,
    batchTile: 4 * columns * columnGroups,
    innerPadded: tileInner * innerTiles * p.warpsAlongInner!,
    warpSlots: Math.floor((unitGroups * columnGroups * columns) / lanesOfUnit),
    // Of the part that is read in every step a word's tiles come at a time.
    landingBytes: lands ? tilesOfWord * rowTiles * 16 * 16 * 2 : 0,
    matrixRegisters: 4 * rowTiles * kept,
    // Sums, bias where it is not read in each step, two tiles of h or the words that they come in, R on its way from shared memory and, two tiles of it, from L2.
    workRegisters:
      4 * rowTiles * columnGroups +
      (isBackward(problem) || family === "direct" ? 0 : 2 * rowTiles) +
      (family === "direct" ? 13 : 4 * columnGroups) +
      (isSplit ? 2 * rowTiles : 0) +
      (streamed > 0 ? (lands ? 8 : 8 * rowTiles) + streamAddresses : 0) +
      (lanesOfUnit - 1) * 20,
    matrixSharedBytes: warps * rowTiles * (onChip - kept) * 16 * 16 * 2,
    matrixStreamedBytes: warps * rowTiles * streamed * 16 * 16 * 2,
    auxiliaries: () => ({
      innerTiles,
      innerTilePairs: innerTiles / 2,
      rowTiles,
      matrixIsSplit: isTrue(isSplit),
      isStreamed: isTrue(streamed > 0),
      slotColumns: columns - lanesOfUnit + 1,
    }),
  };
}

/** Plain multiply-adds: lanes along the inner dimension take four indices at a time, the others take units. */
function multiplyAdds(problem: Problem, p: Parameters): Multiplication {
  const { headDim, batch } = problem;
  const [units, along, sequences] = [p.unitsPerThread!, p.lanesAlongInner!, p.sequencesPerLane!];
  const rows = units * sumsOfUnit(problem);
  const batchTile = along * sequences;
  const innerChunks = up(up(innerLength(problem), 4), along * p.warpsAlongInner! * innerParts(p));
  const kept = p.chunksInRegisters!;
  const streamed = p.chunksStreamed ?? 0;
  const onChip = innerChunks - streamed;
  const isSplit = kept < onChip;
  const warps = p.warpsAlongUnits! * p.warpsAlongInner!;
  return {
    sound: headDim % units === 0 && kept <= onChip && along * (sequences - 1) < batch,
    unitTile: units * (lanes / along) * p.warpsAlongUnits!,
    batchTile,
    innerPadded: 4 * innerChunks * along * p.warpsAlongInner!,
    warpSlots: sequences,
    landingBytes: 0,
    matrixRegisters: 4 * rows * kept,
    // Sums, bias, h of two sequences, R on its way from shared memory and, a chunk of it, from L2.
    workRegisters:
      rows * batchTile +
      (isBackward(problem) ? 0 : rows) +
      8 +
      (isSplit ? rows : 0) +
      (streamed > 0 ? 4 * rows + streamAddresses : 0),
    matrixSharedBytes: warps * lanes * rows * (onChip - kept) * 4 * 4,
    matrixStreamedBytes: warps * lanes * rows * streamed * 4 * 4,
    auxiliaries: () => ({
      innerChunks,
      lanesAlongUnits: lanes / along,
      matrixIsSplit: isTrue(isSplit),
      isStreamed: isTrue(streamed > 0),
      exchangeRounds: Math.log2(along),
    }),
  };
}

/** Whether what the adjacent units of a warp make for one sequence is whole words. */
function sendsWholeWords(problem: Problem, p: Parameters): boolean {
  const lanesOfSequence = isMatrixProduct(problem) ? 8 : lanes / p.lanesAlongInner!;
  return (lanesOfSequence * p.unitsPerThread! * operandsOfUnit(problem) * elementBytes(problem)) % wordBytes === 0;
}

/**
 * Clusters that run at once, of blocks that have a multiprocessor each; of those that only an estimate promises, one in 16 less where they are
 * larger than a pair.
 */
export function activeClusters(device: CudaDevice, clusterBlocks: number): number {
  if (clusterBlocks > maxClusterBlocks(device, true)) return 0;
  const least = { threadsPerBlock: lanes, registersPerThread: 1, dynamicSharedBytes: 0 };
  const { clusters, kind } = maxActiveClusters({ ...device, maxBlocksPerMultiprocessor: 1 }, least, clusterBlocks);
  const missing = kind === "reported" || clusterBlocks <= 2 || clusters < 2 ? 0 : up(clusters, 16);
  return Math.min(clusters - missing, Math.floor(device.multiprocessorCount / clusterBlocks));
}

/** Blocks of the largest cluster that runs. */
const largestCluster = (device: CudaDevice): number =>
  Array.from({ length: maxClusterBlocks(device, true) }, (_, index) => index + 1).findLast(
    (blocks) => activeClusters(device, blocks) > 0,
  )!;

/** Registers for each unit that a lane sends to each block: of three values, the places of words are no multiples of a power of two. */
const sendRegisters = (problem: Problem): number =>
  operandsOfUnit(problem) === 3 ? (elementBytes(problem) === 2 ? 2 : 3) : 0;

/**
 * Values of a unit that a backward step reads: what was saved, the gradient of h, and h or not in the problem's type; in fp32 each other state
 * before it, which the step before takes over as what came after it, and its gradient where the loss reads all steps.
 */
function backwardReads(problem: Problem): { readonly elements: number; readonly floats: number } {
  const name = problem.cell.name as CellName;
  const gradients = problem.stateOutput === "sequence" ? otherGradients[name] : 0;
  return { elements: savedValues[name] + 1 + readsH[name], floats: otherStates[name] + gradients };
}

/** Values of a unit that a pass reads in a step beside the product, and those that pass from step to step: all states. */
export function pointwiseValues(problem: Problem): number {
  const name = problem.cell.name as CellName;
  const { elements, floats } = isBackward(problem) ? backwardReads(problem) : { elements: inputGates[name], floats: 0 };
  return elements + floats + 1 + otherStates[name];
}

/** Registers of a thread for its slots of the pointwise part: inputs on their way, what is kept, what is stored, and addresses. */
function pointwiseRegisters(
  problem: Problem,
  family: CudaFamilyName,
  ownSlots: number,
  parameters: Parameters,
  streams: boolean,
): number {
  // What is stored after the product takes the place of its sums, as far as a kernel counts on it that reads R in every step.
  const held = (stored: number): number => (family === "direct" && streams ? Math.ceil(stored / 2) : stored);
  const name = problem.cell.name as CellName;
  const unitsPerThread = parameters.unitsPerThread!;
  const stepsAhead = parameters.prefetchSteps ?? (family === "direct" && streams ? 1 : talksThroughL2(family) ? 2 : 4);
  const values = packed(problem, unitsPerThread);
  const temporaries = { resident: 37, cluster: 45, grid: 49, direct: 49 }[family];
  if (!isBackward(problem)) {
    const stored = problem.training ? savedValues[name] * values : 0;
    const ofSlot = stepsAhead * inputGates[name] * values + keptValues[name] * unitsPerThread + 6;
    return ownSlots * ofSlot + held(ownSlots * stored) + temporaries;
  }
  const { elements, floats } = backwardReads(problem);
  const reads = elements * values + floats * unitsPerThread;
  const kept = (1 + 2 * otherStates[name]) * unitsPerThread;
  return ownSlots * (stepsAhead * reads + kept + 6) + held(ownSlots * gateCounts[name] * values) + temporaries;
}

/** The tiling that the parameters make. */
export function plainTiling(problem: Problem, device: CudaDevice, family: CudaFamilyName, p: Parameters): PlainTiling {
  const { batch, heads } = problem;
  const multiplication = isMatrixProduct(problem) ? matrixInstructions(problem, family, p) : multiplyAdds(problem, p);
  const { unitTile, batchTile, innerPadded, warpSlots, matrixRegisters } = multiplication;
  const warps = p.warpsAlongUnits! * p.warpsAlongInner!;
  const threadsPerBlock = warps * lanes;

  const covered = coveredUnits(problem, family);
  const unitBlocks = up(covered, unitTile);
  const batchBlocks = up(batch, batchTile);
  const blocks = blocksAlongInner(p);
  const blockCount = unitBlocks * batchBlocks * heads * blocks;

  // The operand twice, or once where the sum over warps has a barrier of its own, unless other blocks of a cluster write it; there all units that
  // the cluster covers have a place, and each warp one for what it sends. A lane's sums of all gates in whole words.
  const sumsInner = p.warpsAlongInner! > 1;
  const isCluster = family === "cluster";
  const isDirect = family === "direct";
  const sentLength = unitBlocks * unitTile * operandsOfUnit(problem);
  const stateLength = isCluster ? Math.max(innerPadded, sentLength) : innerPadded;
  const stateBuffers = isDirect ? 0 : sumsInner && (family === "resident" || family === "grid") ? 1 : 2;
  const stateBytes = stateBuffers * batchTile * (stateLength * elementBytes(problem) + wordBytes);
  const slotSums = p.unitsPerThread! * sumsOfUnit(problem);
  const slotWords = up(slotSums, 4);
  const slotBytes = sumsOfUnit(problem) < 3 ? 4 * slotSums : slotWords * wordBytes;
  // Without a barrier of the block between two sums, they have two buffers in turn.
  const sumBytes = sumsInner ? threadsPerBlock * warpSlots * slotBytes : 0;
  // What comes of R in a step lies there, too.
  const warpBytes = Math.max(sumBytes / warps, multiplication.landingBytes);
  const partialBytes =
    isDirect && mayStream(problem, device, family) ? warps * warpBytes : (isCluster ? 2 : 1) * sumBytes;
  // Where blocks share the inner dimension, the slots that the warps have summed are dealt to the blocks and again to their warps. Each
  // block gets its slots' sums from all of them, twice over, in a cluster counted by a barrier each, else in device memory.
  const summedSlots = up(warpSlots, p.warpsAlongInner!);
  const dealtSlots = up(warps * summedSlots, blocks);
  const ownSlots = up(dealtSlots, warps);
  const isInnerCluster = blocks > 1 && blocks <= (isDirect ? Math.min(2, maxClusterBlocks(device, true)) : Infinity);
  const dealtBytes = isInnerCluster ? 2 * (blocks * dealtSlots * slotWords * lanes * wordBytes + 8) : 0;
  const barrierBytes = 2 * 8;
  const sentBytes = isCluster
    ? threadsPerBlock * ownSlots * p.unitsPerThread! * operandsOfUnit(problem) * elementBytes(problem) + barrierBytes
    : 0;
  const sharedBytes = stateBytes + partialBytes + sentBytes + dealtBytes + multiplication.matrixSharedBytes;
  // Warps along the units that read for themselves read the same words.
  const readers = isDirect ? p.warpsAlongUnits! : 1;
  const words =
    (batchTile * readers * Math.min(innerPadded, exchangedLength(problem)) * elementBytes(problem)) / wordBytes;
  const threadWords = up(words, threadsPerBlock);
  // Where there is a tile, up to eight of them are on their way at once; for four the sums' registers are free.
  const freeWords = elementBytes(problem) < 4 ? 4 : 2;
  const wordRegisters = family === "grid" ? 4 * Math.max(0, Math.min(threadWords, 8) - freeWords) : 0;
  const registersPerThread =
    matrixRegisters +
    multiplication.workRegisters +
    pointwiseRegisters(problem, family, ownSlots, p, mayStream(problem, device, family)) +
    (blocks > 1 ? 10 : 0) +
    wordRegisters +
    (isCluster ? ownSlots * p.unitsPerThread! * unitBlocks * sendRegisters(problem) : 0);
  const registerPieces = up(registersPerThread, registerPieceOfThread);
  const warpsPerPart = up(warps, parts);

  const idle =
    blocks > 1 && !isDirect ? Math.max(0, device.multiprocessorCount - blocks * activeClusters(device, blocks)) : 0;
  // Blocks of a head and batch tile talk to each other, so they run at once; as many such groups as fit, in equal launches.
  const groups = batchBlocks * heads;
  const groupBlocks = unitBlocks * blocks;
  const groupsAtOnce = Math.max(1, Math.floor((device.multiprocessorCount - idle) / groupBlocks));
  const launchCount = up(groups, groupsAtOnce);
  const launchGroups = up(groups, launchCount);
  const launchBlocks = talksThroughL2(family) ? launchGroups * groupBlocks : blockCount;
  const residentNeed = launchBlocks + idle;
  const registersPerBlock = registerPieces * registerPieceOfThread * lanes * warpsPerPart * parts;
  // A bound from below: the half fragments of zeros are in what is streamed alone.
  const matrixElements = sumsOfUnit(problem) * unitTile * innerPadded;
  const blockMatrixBytes = Math.max(0, matrixElements * elementBytes(problem) - multiplication.matrixStreamedBytes);
  return {
    sound:
      multiplication.sound &&
      warps * summedSlots >= blocks &&
      (family !== "resident" || unitBlocks === 1) &&
      (family !== "cluster" ||
        (sendsWholeWords(problem, p) && unitBlocks >= 2 && activeClusters(device, unitBlocks) > 0)),
    unitTile,
    batchTile,
    innerPadded,
    unitBlocks,
    batchBlocks,
    blockCount,
    residentNeed,
    launchBlocks,
    threadsPerBlock,
    sharedBytes,
    matrixStreamedBytes: multiplication.matrixStreamedBytes,
    registersPerThread,
    registersPerBlock,
    matrixRoom:
      (matrixRegisters * 4 * threadsPerBlock + multiplication.matrixSharedBytes + multiplication.matrixStreamedBytes) /
      elementBytes(problem),
    auxiliaries: () => ({
      ...multiplication.auxiliaries(),
      unitBlocks,
      batchBlocks,
      splitsInner: isTrue(sumsInner),
      summedSlots,
      dealtSlots,
      dealtToWarp: ownSlots,
      splitsBlocks: isTrue(blocks > 1),
      idleMultiprocessors: idle,
      words,
      slotWords,
      registerGranules: registerPieces,
      warpsPerPart,
      ...(isCluster && { activeClusters: activeClusters(device, unitBlocks) }),
      waves: isCluster
        ? up(batchBlocks * heads, activeClusters(device, unitBlocks))
        : Math.max(up(blockCount, device.multiprocessorCount), talksThroughL2(family) ? launchCount : 1),
      groupsAtOnce,
      launchCount,
      launchGroups,
      threadWords,
      looks: up(threadWords, 8),
    }),
    needs: () => ({
      "registers per thread": registersPerThread,
      "registers per block": 4 * registersPerBlock,
      "threads per block": threadsPerBlock,
      "shared memory per block": sharedBytes,
      "R of a block in registers and shared memory": blockMatrixBytes,
      ...(isCluster && { "blocks of a cluster": unitBlocks }),
      ...(talksThroughL2(family) && {
        "blocks resident at once": residentNeed,
        "R of all blocks in registers and shared memory": blockMatrixBytes * launchBlocks,
      }),
    }),
  };
}

/** What the device allows of each budget. */
export function allowances(device: CudaDevice, family: CudaFamilyName): Parameters {
  const blockBytes = device.registersPerBlock * 4 + device.sharedBytesPerBlockOptin;
  return {
    "registers per thread": device.maxRegistersPerThread,
    "registers per block": 4 * device.registersPerBlock,
    "threads per block": device.maxThreadsPerBlock,
    "shared memory per block": device.sharedBytesPerBlockOptin,
    "R of a block in registers and shared memory": blockBytes,
    ...(family === "cluster" && { "blocks of a cluster": largestCluster(device) }),
    ...(talksThroughL2(family) && {
      "blocks resident at once": device.multiprocessorCount,
      "R of all blocks in registers and shared memory": blockBytes * device.multiprocessorCount,
    }),
  };
}

/** Whether the device has room for the tiling. */
export function fits(tiling: PlainTiling, device: CudaDevice, family: CudaFamilyName): boolean {
  return (
    tiling.threadsPerBlock <= device.maxThreadsPerBlock &&
    tiling.sharedBytes <= device.sharedBytesPerBlockOptin &&
    tiling.registersPerThread <= device.maxRegistersPerThread &&
    tiling.registersPerBlock <= device.registersPerBlock &&
    (!talksThroughL2(family) || tiling.residentNeed <= device.multiprocessorCount)
  );
}

/** Every choice of parameters with at most `mostThreads` in a block, sound or not. */
export function* everyChoice(
  problem: Problem,
  device: CudaDevice,
  family: CudaFamilyName,
  mostThreads: number = device.maxThreadsPerBlock,
): Generator<Parameters> {
  const splits = [2, 4, 8, 16].filter((blocks) =>
    family === "direct" ? blocks <= 8 : family === "grid" && blocks <= maxClusterBlocks(device, true),
  );
  const matrixProduct = isMatrixProduct(problem);
  const name = matrixProduct ? "innerTilesStreamed" : "chunksStreamed";
  const most = matrixProduct ? up(innerLength(problem), 32 / elementBytes(problem)) : up(innerLength(problem), 4);
  for (const parameters of everyBlock(problem, device, mostThreads)) {
    for (const blocksAlongInner of [1, ...splits]) {
      const block = splits.length === 0 ? parameters : { ...parameters, blocksAlongInner };
      if (!mayStream(problem, device, family)) yield* withPrefetch(problem, family, block);
      else {
        const lanesPerUnit = family === "direct" && sumsOfUnit(problem) % 4 === 0 ? [1, 2] : [undefined];
        for (let streamed = 0; streamed <= most; streamed++) {
          for (const lanes of lanesPerUnit) yield { ...block, [name]: streamed, ...(lanes && { lanesPerUnit: lanes }) };
        }
      }
    }
  }
}

/** Without a poll of memory in the way, inputs of matrix products are loaded more or fewer steps ahead. */
function* withPrefetch(problem: Problem, family: CudaFamilyName, block: Parameters): Generator<Parameters> {
  if (talksThroughL2(family) || !isMatrixProduct(problem)) yield block;
  else for (const prefetchSteps of [4, 6, 8, 12, 16]) yield { ...block, prefetchSteps };
}

function* everyBlock(problem: Problem, device: CudaDevice, mostThreads: number): Generator<Parameters> {
  const { headDim, batch } = problem;
  const mostWarps = mostThreads / lanes;
  const mostAlong = device.maxThreadsPerBlock / lanes;
  for (let warpsAlongUnits = 1; warpsAlongUnits <= mostAlong; warpsAlongUnits++) {
    for (
      let warpsAlongInner = 1;
      warpsAlongInner <= mostAlong && warpsAlongUnits * warpsAlongInner <= mostWarps;
      warpsAlongInner++
    ) {
      const warps = { warpsAlongUnits, warpsAlongInner };
      for (const unitsPerThread of [1, 2]) {
        if (isMatrixProduct(problem)) {
          // One more where the last word has two tiles.
          const innerTiles = up(innerLength(problem), 32 / elementBytes(problem)) + 1;
          for (const columnsPerThread of [1, 2]) {
            for (let unitGroups = 1; unitGroups <= up(headDim, 8); unitGroups++) {
              for (let columnGroups = 1; columnGroups <= up(batch, 4); columnGroups++) {
                for (let innerTilesInRegisters = 1; innerTilesInRegisters <= innerTiles; innerTilesInRegisters++) {
                  yield { unitsPerThread, columnsPerThread, unitGroups, columnGroups, ...warps, innerTilesInRegisters };
                }
              }
            }
          }
        } else {
          for (const lanesAlongInner of [1, 2, 4, 8, 16, 32]) {
            for (let sequencesPerLane = 1; sequencesPerLane <= batch; sequencesPerLane++) {
              for (let chunksInRegisters = 1; chunksInRegisters <= up(innerLength(problem), 4); chunksInRegisters++) {
                yield { unitsPerThread, lanesAlongInner, sequencesPerLane, ...warps, chunksInRegisters };
              }
            }
          }
        }
      }
    }
  }
}
