import { constant, type IntExpr, type Model, max, min, table } from "constrint";
import { type CudaDevice, maxClusterBlocks } from "hwmodels";
import { stepGraph } from "../../cell/definition.js";
import { largestMagnitude } from "../../cell/magnitude.js";
import { type DataType, dataTypeBytes } from "../../plan/data-type.js";
import { ceilQuotient, times } from "../../plan/integer-expressions.js";
import type { Problem } from "../../plan/problem.js";
import { calibratedTerm } from "../cost.js";
import { onChipBytes } from "../on-chip.js";
import type { OperandPath } from "../product/operand-path.js";
import { productShape } from "../product/product-shape.js";
import { fillsChip, mayStream } from "../product/streamed-matrix.js";
import { wordBytes } from "../word-bytes.js";
import { activeClusters } from "./active-clusters.js";
import { gradientScalingSource } from "./exchange-scaling-source.js";
import { gridExchangeSource, type MarkPlace } from "./grid-exchange-source.js";
import type { ExchangeContext, StateExchange } from "./state-exchange.js";

/** Blocks that may share the inner dimension, as a cluster. */
const innerClusterSizes = [1, 2, 4, 8, 16];
/** Copies of the state in global memory. Two suffice, as grid-exchange-source.ts says. */
const buffers = 2;
/** Inner indices of the words that the four lanes of a sequence read at once. */
const fragmentInner = 32;
/** The most words that a thread asks for in one look, and the registers of one. */
const wordsInFlight = 8;
const wordRegisters = 4;
/** Words for which the accumulators, not in use at that time, leave registers: fewer in fp32, seen in ptxas at 768 units. */
const wordsWithoutRegisters = { fp32: 2, bf16: 4, fp16: 4 } as const;
/** From this magnitude on, the exponent bit that carries the mark is in use. */
const markedMagnitude = 2;
/**
 * The power of two by which h is scaled down where the cell does not bound it. bf16 and fp32 have exponents to spare: h stays below 2 up to
 * |h| = 2^65, and nothing above 2^-62 is lost. fp16 has few: up to |h| = 32, beyond which h is held there; small h have an error of 2^-21.
 */
const unboundedScaleExponent: Readonly<Record<DataType, number>> = { bf16: 64, fp16: 4, fp32: 64 };

/** Powers of two that h is scaled down by as it travels, so that the mark finds its bit free: none if the cell bounds h by itself. */
const scaleExponent = ({ cell, dataType }: Problem): number =>
  largestMagnitude(stepGraph(cell)[0]!) < markedMagnitude ? 0 : unboundedScaleExponent[dataType];

/**
 * Where du carries its mark. Gradients in fp16 may lie anywhere in its range, which leaves no exponent free, but its fraction has three bits
 * more than that of bf16.
 */
const gradientMarkPlace = ({ dataType }: Problem): MarkPlace => (dataType === "fp16" ? "fraction" : "exponent");
/** Powers of two that du is scaled down by as it travels. */
const gradientScaleExponent = (problem: Problem): number =>
  gradientMarkPlace(problem) === "fraction" ? 0 : unboundedScaleExponent[problem.dataType];

/** Elements of the operand of a sequence as they travel: whole words. */
function exchangeDim(problem: Problem): number {
  const perWord = wordBytes / dataTypeBytes[problem.dataType];
  return Math.ceil(productShape(problem).innerDim / perWord) * perWord;
}

const markedExchange = (problem: Problem, operand: OperandPath): string =>
  problem.pass === "forward"
    ? gridExchangeSource(
        problem.dataType,
        scaleExponent(problem),
        "exponent",
        operand,
        operand === "fragments" ? unboundedScaleExponent[problem.dataType] : 0,
      )
    : gradientScalingSource(problem.dataType, gradientScaleExponent(problem)) +
      gridExchangeSource(problem.dataType, 0, gradientMarkPlace(problem), operand, 0);

/** Multiprocessors that no cluster of so many blocks can use, since clusters lie within processing clusters. */
function idleMultiprocessors(device: CudaDevice, model: Model, blocksAlongInner: IntExpr): IntExpr {
  const sizes = clusterSplits(device);
  if (sizes.length === 1) return constant(0);
  const idle = model.int("idleMultiprocessors", 0, device.multiprocessorCount);
  const idleOf = sizes.map((size) => {
    const used = size === 1 ? device.multiprocessorCount : size * activeClusters(device, size);
    return [size, Math.max(0, device.multiprocessorCount - used)];
  });
  model.add(table([blocksAlongInner, idle], idleOf), "multiprocessors that clusters leave idle");
  return idle;
}

const refuseGrid = (device: CudaDevice): string | undefined =>
  device.supports.cooperativeLaunch ? undefined : `${device.name} has no cooperative launch`;

/** The part of a look that each warp adds where all look for themselves: a block goes on when the last of them has found its words. */
const warpLookShare = 0.1;
/** Warps beyond which each adds further parts of a look, and how many: seen in backward kernels of 11 to 16 warps on an H200. */
const fewWarps = 8;
const furtherWarpLooks = 2;

/** Sizes of the clusters whose blocks may share the inner dimension. */
const clusterSplits = (device: CudaDevice): readonly number[] =>
  innerClusterSizes.filter((size) => size <= maxClusterBlocks(device, true));

/**
 * Blocks that read for themselves are clusters in pairs, of which a device has as many as multiprocessors. Larger clusters leave some of these idle, so larger
 * groups are none.
 */
const directSplits: readonly number[] = [1, 2, 4, 8];
const pairBlocks = 2;

/**
 * How the blocks are cut into launches, since the blocks of one must all be resident: with G = batchBlocks · heads groups of U = unitBlocks · blocksAlongInner blocks
 * that never talk to each other, as many groups at once as the device holds, ⌊multiprocessors that clusters can use / U⌋ or one, so ⌈G / that⌉ launches of
 * ⌈G / launches⌉ groups.
 */
function launchesOf(
  problem: Problem,
  { multiprocessorCount }: CudaDevice,
  { unitBlocks, blocksAlongInner, batchBlocks }: ExchangeContext,
  idle: IntExpr,
): { readonly launchCount: IntExpr; readonly launchBlocks: IntExpr } {
  const groups = times(batchBlocks, problem.heads);
  const groupBlocks = times(unitBlocks, blocksAlongInner);
  const usable = constant(multiprocessorCount).minus(idle);
  const groupsAtOnce = max([usable.dividedBy(groupBlocks), 1]);
  const launchCount = ceilQuotient(groups, groupsAtOnce);
  const launchGroups = ceilQuotient(groups, launchCount);
  return { launchCount, launchBlocks: times(launchGroups, groupBlocks) };
}

/** A head is spread over blocks, which exchange the operand through global memory. */
const exchangeThroughL2 = (operand: OperandPath): StateExchange => ({
  refuse: (_, device) => refuseGrid(device),
  coveredUnits: (problem) => Math.ceil(exchangeDim(problem) / productShape(problem).unitValues),
  receivesTogether: operand === "tile",
  operandPath: () => operand,
  spreadsHead: true,
  // Steps of a microsecond and more; and what is loaded ahead is in the way of a look at the state.
  // Where R fills the device, registers are for R.
  prefetchSteps: (problem, device) => [operand === "fragments" && fillsChip(problem, device) ? 1 : 2],
  l2PrefetchSteps: 4,
  // Words on their way, beyond what the accumulators leave free at that time.
  registers: 12,
  usesScratch: true,
  streamsMatrix: operand === "tile" ? mayStream : fillsChip,
  cutsLaunches: true,
  cooperative: true,
  clusterBlocks: "1",
  innerSplits: clusterSplits,
  leastTerms: (device) => [
    calibratedTerm(device, "exchangeWriteCycles", constant(1)),
    ...(operand === "tile" ? [calibratedTerm(device, "exchangeLookCycles", constant(1))] : []),
  ],
  tile(problem, device, model, context) {
    const { product, batchBlocks, blockCount, blocksAlongInner, threadsPerBlock, splitsInner, matrixBytes } = context;
    const { batchTile } = product;
    const warps = times(product.warpsAlongUnits, product.warpsAlongInner);
    const dim = exchangeDim(problem);
    const elementBytes = dataTypeBytes[problem.dataType];
    const isTile = operand === "tile";
    // Fragments lie in pieces of the inner indices that a warp asks for in one instruction.
    const row = isTile ? dim : Math.ceil(dim / fragmentInner) * fragmentInner;
    // What a block reads in a step where its warps share a tile; the last block along the inner dimension may have less. Both lengths are whole words.
    const sequenceWords = min([product.innerPadded, constant(dim)]).dividedBy(wordBytes / elementBytes);
    const words = times(batchTile, sequenceWords);
    const threadWords = ceilQuotient(words, threadsPerBlock);
    const idle = isTile ? idleMultiprocessors(device, model, blocksAlongInner) : constant(0);
    const { launchCount, launchBlocks } = launchesOf(problem, device, context, idle);
    return {
      derived: {
        launchBlocks,
        exchangeDim: constant(dim),
        ...(!isTile && { exchangeRow: constant(row) }),
        exchangeBytes: times(batchBlocks, batchTile, row * elementBytes * problem.heads * buffers),
      },
      budgets: [
        {
          name: "R of all blocks in registers and shared memory",
          need: times(launchBlocks, matrixBytes),
          allowed: device.multiprocessorCount * onChipBytes(device),
          unit: "B",
        },
        {
          name: "blocks resident at once",
          need: launchBlocks.plus(idle),
          allowed: device.multiprocessorCount,
          unit: "blocks",
        },
      ],
      stateElements: product.innerPadded,
      stateBuffers: isTile ? constant(2).minus(splitsInner) : constant(0),
      sharedBytes: constant(0),
      ...(isTile && {
        transferRegisters: max([
          min([threadWords, constant(wordsInFlight)]).minus(wordsWithoutRegisters[problem.dataType]),
          constant(0),
        ]).times(wordRegisters),
      }),
      // The second is the larger one only where the blocks of a launch cannot be resident, and what bounds the work of a block must hold there, too
      // (`ProductUse.evenLaneUnits`): a message says what such a tiling needs.
      waves: max([launchCount, ceilQuotient(blockCount, device.multiprocessorCount)]),
      launchBlocks,
      costTerms: [
        ...this.leastTerms(device),
        // What warps read for themselves is priced with their product, which hides a part of it.
        ...(isTile
          ? [
              calibratedTerm(device, "exchangeLookCycles", ceilQuotient(threadWords, wordsInFlight).minus(1)),
              calibratedTerm(device, "exchangeByteCycles", words.times(wordBytes)),
            ]
          : [
              calibratedTerm(device, "fragmentElementCycles", constant(dim)),
              calibratedTerm(
                device,
                "exchangeLookCycles",
                warps.plus(max([warps.minus(fewWarps), 0]).times(furtherWarpLooks)),
                warpLookShare,
              ),
            ]),
      ],
    };
  },
  source: (problem) => `
constexpr int EXCHANGE_BUFFERS = ${buffers};
constexpr int WORD_ELEMENTS = ${wordBytes} / sizeof(Element);
/** Words of ${wordBytes} bytes of a sequence. */
constexpr int EXCHANGE_WORDS = EXCHANGE_DIM / WORD_ELEMENTS;
/** Of these, the words of a block's part of the inner dimension. */
constexpr int BLOCK_WORDS = INNER_PADDED / WORD_ELEMENTS < EXCHANGE_WORDS ? INNER_PADDED / WORD_ELEMENTS : EXCHANGE_WORDS;
/** Words that a thread has on their way at once. */
constexpr int THREAD_WORDS = (BATCH_TILE * BLOCK_WORDS + THREADS_PER_BLOCK - 1) / THREADS_PER_BLOCK;
constexpr int WORDS_IN_FLIGHT = THREAD_WORDS < ${wordsInFlight} ? THREAD_WORDS : ${wordsInFlight};
${markedExchange(problem, operand)}`,
  text: () => ({
    parameters: ["Element* exchange_buffers"],
    declaration: `const int group = head * BATCH_BLOCKS + first_sequence / BATCH_TILE;
  const Exchange exchange{shared_state, exchange_buffers + static_cast<int64_t>(group) * EXCHANGE_BUFFERS * BATCH_TILE * ${operand === "tile" ? "EXCHANGE_DIM" : "EXCHANGE_ROW"},
                          first_sequence + BATCH_TILE <= BATCH ? BATCH_TILE : BATCH - first_sequence, first_unit * UNIT_VALUES, first_inner};`,
  }),
});

/** A head is spread over blocks, which exchange the operand through global memory, into a tile of each block's shared memory. */
export const gridExchange: StateExchange = exchangeThroughL2("tile");

/**
 * As `gridExchange`, but each warp reads the part that it multiplies straight into its registers, where matrix instructions take it as it
 * lies in memory: no thread waits for what others need, and an operand for which a block has no room, as du of large heads, needs none.
 */
export const directExchange: StateExchange = {
  ...exchangeThroughL2("fragments"),
  innerSplits: () => directSplits,
  largestInnerCluster: (device) => Math.min(pairBlocks, maxClusterBlocks(device, true)),
  refuse({ dataType }, device) {
    if (dataType === "fp32") return "fp32: its products read the operand from a tile";
    return refuseGrid(device);
  },
};
