import { constant, type IntExpr, type IntVar, largest, max, smallest, type VariableOrder } from "constrint";
import { dataTypeBytes } from "../../plan/data-type.js";
import { ceilQuotient, isAny, plus, times } from "../../plan/integer-expressions.js";
import type { Problem } from "../../plan/problem.js";
import { calibratedTerm, sharedMemoryTerm } from "../cost.js";
import { adjacentUnits, isAlone, type MatrixProduct, warpsPerPart } from "./matrix-product.js";
import { mmaSource } from "./mma-source.js";
import { productShape } from "./product-shape.js";
import { mayStream, streamAddressRegisters, streamedMatrixTerm } from "./streamed-matrix.js";

/** What one matrix instruction multiplies, and what a thread holds of its operands (PTX ISA, section "Matrix fragments for mma"). */
const mma = {
  rows: 16,
  columns: 8,
  /** Words of the inner dimension: 16 elements of a 16-bit type, 8 in tf32. */
  innerWords: 8,
  matrixRegisters: 4,
  accumulatorRegisters: 4,
  stateRegisters: 2,
} as const;
const registerBytes = 4;
/** Tiles of R on their way from device memory at once: enough for the latency of L2 at its rate, with the warps that such blocks have. */
const streamDepth = 2;

/** The shape of the matrix instruction of a problem's type: m16n8k16, or m16n8k8 for tf32. */
export const mmaShape = ({ dataType }: Problem): { readonly inner: number } => ({
  inner: (mma.innerWords * registerBytes) / dataTypeBytes[dataType],
});
/** A thread holds two rows and two adjacent columns of each result. */
const rowsPerThread = 2;
const lanesAlongRows = mma.rows / rowsPerThread;
const lanesAlongColumns = mma.columns / 2;
const fragmentBytes = 32 * mma.matrixRegisters * registerBytes;
const stateFragmentBytes = mma.columns * mma.innerWords * registerBytes;
/** Registers of a thread that reads the operand's fragments for itself: words, addresses, what is missing. Seen in ptxas. */
const fetchRegisters = 13;
/** Matrix instructions of a part of a multiprocessor that do not wait for each other, from which on they hide each other's latency. */
const hidingInstructions = 3;
/** Instructions of 16-bit operands that one of tf32 takes as long as: `mma.sync` on an H200, twice what the vendor's rates say. */
const tf32Instructions = 2;
/** Registers for what is sent for to shared memory in every step, and for the exchange of the lanes of a unit. Seen in ptxas. */
const landingRegisters = 8;
const exchangeRegisters = 20;
/** The part of the time of reading R in every step that nothing hides where it lands in shared memory, in that of where it comes to registers. */
const landingShare = 0.8;
/** The part of the time of reading R from shared memory that is left where a warp reads it while it waits for words of its operand. */
const sharedShare = 0.5;
/** Registers for each row tile of R on its way from shared memory: the compiler fetches little ahead. Seen in ptxas. */
const sharedRegisters = 2;

/** The multiples of `step` from `first`, one of them, to `last`. */
const multiples = (step: number, first: number, last: number): readonly number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);

/** The unknowns of the tiling; those that may be left out are so where they have but one value. */
interface Unknowns {
  readonly unitsPerThread: IntVar;
  readonly columnsPerThread: IntVar;
  readonly unitGroups: IntVar;
  readonly columnGroups: IntVar;
  readonly warpsAlongUnits: IntVar;
  readonly warpsAlongInner: IntVar;
  readonly innerTilesInRegisters: IntVar;
  readonly innerTilesStreamed: IntVar | undefined;
  readonly lanesPerUnit: IntVar | undefined;
}

/**
 * The order in which the unknowns are best decided, found by local searches over orders (bench/results, "Planning").
 *
 * @param spreads whether blocks may share the inner dimension
 * @param isLarge whether R may be too large for the chip
 */
function searchOrder(unknowns: Unknowns, spreads: boolean, isLarge: boolean): readonly VariableOrder[] {
  const { unitsPerThread, columnsPerThread, unitGroups, columnGroups, warpsAlongUnits, warpsAlongInner } = unknowns;
  const { innerTilesInRegisters, innerTilesStreamed, lanesPerUnit } = unknowns;
  const first = [...(lanesPerUnit === undefined ? [] : [largest(lanesPerUnit)]), largest(unitsPerThread)];
  const last = [
    ...(innerTilesStreamed === undefined ? [] : [smallest(innerTilesStreamed)]),
    largest(innerTilesInRegisters),
  ];
  if (!spreads) {
    const cuts = [unitGroups, warpsAlongUnits, columnGroups, warpsAlongInner].map(smallest);
    return [...first, ...cuts, largest(columnsPerThread), ...last];
  }
  if (!isLarge) {
    const cuts = [unitGroups, warpsAlongUnits, warpsAlongInner].map(smallest);
    return [...first, largest(columnsPerThread), ...cuts, ...last, smallest(columnGroups)];
  }
  const units = [warpsAlongUnits, unitGroups].map(smallest);
  const others = [largest(columnsPerThread), largest(warpsAlongInner), smallest(columnGroups)];
  return [...first, ...units, ...others, ...last];
}

/**
 * R·h on the tensor cores: bf16, fp16 or tf32 operands, fp32 sums, `mma.sync.m16n8k16` or `m16n8k8` with R as the left operand.
 *
 * The rows of R are permuted so that all gates of a unit lie in one thread's accumulators: rows r and r + 8 of a fragment belong to the
 * same thread, so U groups of 8·P units (P = unitsPerThread) with G gates fill ⌈U·G·P/2⌉ fragments; of an odd number of rows the last
 * fragment is half empty. The columns of a fragment are sequences;
 * with columnsPerThread = 1 only every second column is used, which halves the pointwise work of a thread when the batch is split finely.
 */
export const mmaProduct: MatrixProduct = {
  tile(problem, device, model, { blocksAlongInner, evenLaneUnits, operand, streams }) {
    const { headDim, batch } = problem;
    const { sumCount, innerDim, hasBias } = productShape(problem);
    const { inner } = mmaShape(problem);
    const maxWarps = device.maxThreadsPerBlock / device.warpSize;
    // Fragments are read in words of eight inner indices, which two tiles share.
    const jointTiles = operand === "fragments" ? 2 : 1;
    const jointCount = Math.ceil(innerDim / (inner * jointTiles));
    const innerTileCount = jointCount * jointTiles;
    const unitGroupCount = Math.ceil(headDim / lanesAlongRows);

    const unitsPerThread = model.int("unitsPerThread", adjacentUnits(headDim));
    const columnsPerThread = model.int("columnsPerThread", 1, 2);
    const unitGroups = model.int("unitGroups", 1, unitGroupCount);
    const columnGroups = model.int("columnGroups", 1, Math.ceil(batch / lanesAlongColumns));
    const warpsAlongUnits = model.int("warpsAlongUnits", 1, maxWarps);
    const warpsAlongInner = model.int("warpsAlongInner", 1, maxWarps);
    // Where R is so large that blocks of fewer units than eight lanes have may be what it takes.
    const splitsUnits = streams && operand === "fragments" && sumCount % 4 === 0;
    const lanesPerUnit = splitsUnits ? model.int("lanesPerUnit", 1, 2) : undefined;
    const secondLane = lanesPerUnit === undefined ? constant(0) : lanesPerUnit.minus(1);
    const slotColumns = splitsUnits ? model.int("slotColumns", 1, 2) : columnsPerThread;
    if (lanesPerUnit !== undefined) {
      model.add(slotColumns.eq(columnsPerThread.minus(secondLane)), "two lanes of a unit exchange two sequences");
      model.add(lanesPerUnit.plus(unitsPerThread).le(3), "one unit in two lanes, or two units in one");
    }
    const innerTilesInRegisters = model.int("innerTilesInRegisters", multiples(jointTiles, jointTiles, innerTileCount));

    const innerParts = times(warpsAlongInner, blocksAlongInner);
    const joint = ceilQuotient(jointCount, innerParts);
    const innerTiles: IntExpr = operand === "fragments" ? joint.times(jointTiles) : joint;
    // Tiles cover the inner dimension: the second is never the larger one, and bounds the first (`ProductUse.evenLaneUnits`).
    const splitTiles = max([innerTiles.times(warpsAlongInner), ceilQuotient(innerTileCount, blocksAlongInner)]);
    // Without streaming it is no unknown, and the plan does not name it.
    const innerTilesStreamed = streams
      ? model.int("innerTilesStreamed", multiples(jointTiles, 0, innerTileCount))
      : undefined;
    const streamedTiles = innerTilesStreamed ?? constant(0);
    const innerTilesOnChip = innerTiles.minus(streamedTiles);
    model.add(innerTilesOnChip.ge(innerTilesInRegisters), "no more tiles in registers than on chip");
    const matrixIsSplit = isAny(innerTilesOnChip.minus(innerTilesInRegisters));
    const isStreamed = isAny(streamedTiles);
    // An odd number of a thread's rows, as one or three gates can make, leaves half of the last fragment zero.
    const laneSums = splitsUnits ? constant(sumCount).minus(secondLane.times(sumCount / 2)) : constant(sumCount);
    const unitLanes = constant(lanesAlongRows).minus(secondLane.times(lanesAlongRows / 2));
    const threadRows = times(unitsPerThread, unitGroups, laneSums);
    const rowTiles = ceilQuotient(threadRows, rowsPerThread);

    const warpSlots = times(unitGroups, columnGroups, slotColumns);
    const laneUnits = max([times(unitsPerThread, warpsAlongUnits, warpSlots), evenLaneUnits]);

    const warps = times(warpsAlongUnits, warpsAlongInner);
    const sharedFragments = times(warps, rowTiles, innerTilesOnChip.minus(innerTilesInRegisters));
    const streamedFragments = times(warps, rowTiles, streamedTiles);
    const stateFragments = times(warps, columnGroups, innerTiles);
    const partWarps = warpsPerPart(device, warps);
    // An instruction makes the sums of a lane's two rows and columnsPerThread columns; the parts of a multiprocessor share them.
    const partInstructions = max([
      times(partWarps, rowTiles, columnGroups, innerTiles),
      ceilQuotient(
        times(laneUnits, splitTiles, sumCount),
        columnsPerThread.times(rowsPerThread * device.warpAllocationGranularity),
      ),
    ]);
    return {
      unknowns: [
        unitsPerThread,
        columnsPerThread,
        unitGroups,
        columnGroups,
        warpsAlongUnits,
        warpsAlongInner,
        innerTilesInRegisters,
        ...(innerTilesStreamed === undefined ? [] : [innerTilesStreamed]),
        ...(lanesPerUnit === undefined ? [] : [lanesPerUnit]),
      ],
      searchOrder: searchOrder(
        {
          ...{ unitsPerThread, columnsPerThread, unitGroups, columnGroups, warpsAlongUnits, warpsAlongInner },
          ...{ innerTilesInRegisters, innerTilesStreamed, lanesPerUnit },
        },
        blocksAlongInner.kind === "variable",
        mayStream(problem, device),
      ),
      unitsPerThread,
      warpsAlongUnits,
      warpsAlongInner,
      warpsPerPart: partWarps,
      unitTile: times(unitsPerThread, unitGroups, warpsAlongUnits, unitLanes),
      batchTile: times(columnsPerThread, columnGroups, lanesAlongColumns),
      innerPadded: splitTiles.times(inner),
      warpSlots,
      tileSlots: laneUnits.dividedBy(unitsPerThread),
      slotUnits: times(unitsPerThread, unitLanes),
      slotSequences: secondLane.plus(1).times(lanesAlongColumns),
      slotSequenceStride: columnsPerThread,
      matrixRegisters: times(rowTiles, innerTilesInRegisters, mma.matrixRegisters),
      workRegisters: plus(
        times(rowTiles, columnGroups, mma.accumulatorRegisters),
        // Warps that read the operand for themselves read biases in each step.
        times(rowTiles, hasBias && operand === "tile" ? rowsPerThread : 0),
        operand === "tile" ? times(columnGroups, 2 * mma.stateRegisters) : constant(fetchRegisters), // two tiles at a time
        times(matrixIsSplit, rowTiles, sharedRegisters),
        operand === "tile" ? times(isStreamed, rowTiles, streamDepth * mma.matrixRegisters) : constant(0), // R on its way from device memory
        times(isStreamed, streamAddressRegisters),
        operand === "tile"
          ? constant(0)
          : plus(times(isStreamed, landingRegisters), times(secondLane, exchangeRegisters)),
      ),
      matrixSharedBytes: times(sharedFragments, fragmentBytes),
      landingBytes: operand === "tile" ? constant(0) : times(isStreamed, rowTiles, jointTiles * fragmentBytes),
      matrixStreamedBytes: times(streamedFragments, fragmentBytes),
      derived: {
        innerTiles,
        innerTilesOnChip,
        rowTiles,
        ...(streams && operand === "tile" && { streamDepth: constant(streamDepth) }),
      },
      costTerms: [
        calibratedTerm(
          device,
          "matrixMultiplyLatencyCycles",
          times(innerTiles, max([constant(hidingInstructions).minus(times(partWarps, rowTiles, columnGroups)), 0])),
        ),
        calibratedTerm(device, "matrixMultiplyShare", partInstructions, problem.tf32 ? tf32Instructions : 1),
        operand === "tile"
          ? sharedMemoryTerm(device, stateFragments, stateFragmentBytes)
          : calibratedTerm(device, "fragmentWordCycles", times(joint, columnGroups)),
        sharedMemoryTerm(device, sharedFragments, fragmentBytes * (operand === "tile" ? 1 : sharedShare)),
        // Other warps of the part multiply while one waits.
        calibratedTerm(
          device,
          "sharedTileCycles",
          times(innerTilesOnChip.minus(innerTilesInRegisters), isAlone(partWarps)),
        ),
        ...(streams
          ? [
              streamedMatrixTerm(
                problem,
                device,
                streamedFragments,
                fragmentBytes * (operand === "tile" ? 1 : landingShare),
              ),
            ]
          : []),
      ],
    };
  },
  source: ({ problem: { dataType }, parameters }, operand, streams) =>
    mmaSource(dataType === "fp32" ? "tf32" : dataType, operand, streams, parameters.lanesPerUnit ?? 1),
};
