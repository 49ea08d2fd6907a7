import { constant, largest, max, min, smallest } from "constrint";
import type { CudaDevice } from "hwmodels";
import { gatesWith } from "../../cell/definition.js";
import { type CostTerm, leastCost, repeated, totalCost } from "../../plan/cost-term.js";
import { dataTypeBytes } from "../../plan/data-type.js";
import type { KernelFamily } from "../../plan/family.js";
import { ceilQuotient, plus, times } from "../../plan/integer-expressions.js";
import { type Problem, usesMatrixInstructions } from "../../plan/problem.js";
import { backwardStep } from "../../plan/saved-values.js";
import { calibratedTerm, pointwiseScale, sharedMemoryTerm } from "../cost.js";
import { memoryPicoseconds } from "../memory-cost.js";
import { warpsPerPart } from "../product/matrix-product.js";
import { mmaShape } from "../product/mma-product.js";
import { productShape } from "../product/product-shape.js";
import { registerBudgets } from "../register-budgets.js";
import { stepTraffic } from "../step-traffic.js";
import { wordBytes } from "../word-bytes.js";
import { emitStepwise } from "./emit.js";
import { mayPadRows } from "./padded-rows.js";
import { chunkLanes } from "./product-source.js";

const wordRegisters = wordBytes / 4;
/** Rows of the matrix that a warp multiplies at a time, and sequences: those of a matrix instruction. */
const rowsOfTile = 16;
const columnsOfGroup = 8;
/** Sums that a lane has of one instruction. */
const sumsOfLane = (rowsOfTile * columnsOfGroup) / 32;
/** Floats between the columns of a warp's sums, beyond its rows: they spread a warp's stores over the banks. */
const sumPadding = 4;
/**
 * Registers for addresses, counters and the pointwise part, more for words that plain multiply-adds have on their way from shared memory, and for where a row
 * tile's rows of R are copied from (bench/results, "Registers").
 */
const scratchRegisters = { matrix: 28, multiplyAdd: 58 } as const;
const rowTileRegisters = 9;
/** Blocks of a multiprocessor at once beyond which more hide no more of the time that memory takes. */
const mostResidentBlocks = 4;
const [maxUnitTile, maxColumnGroups, maxWarps, maxChunksInFlight] = [128, 16, 16, 6] as const;
/** Warps along the rows, and along the columns, of chunks that they share; fewer than eight together do not hide what a chunk waits for. */
const sharingMatrixWarps = [1, 2, 4] as const;
const leastSharingWarps = 8;
/** Units whose values a thread holds at a time where it has many sums, and the registers for addresses that it has then. */
const mostHeldUnits = 4;
const sharingScratchRegisters = 44;
/** Chunks that are multiplied between two barriers. */
const roundChunks = 2;
/** The part of L2 that holds R from step to step, beside inputs and outputs that pass through. */
const shareOfL2 = 0.8;

/** Reads of a chunk's words by lanes that multiply and add: each of its four words, which several lanes read at once. */
const multiplyAddReads = 2;

const launchTerms = (device: CudaDevice): readonly CostTerm[] => [calibratedTerm(device, "launchCycles", constant(1))];

/** What a multiprocessor does at least in a step: one chunk, one unit of one sequence, and its share of reading R once. */
function leastBlockTerms(problem: Problem, device: CudaDevice): readonly CostTerm[] {
  const { cell, headDim, heads, dataType } = problem;
  const { sumCount, innerDim } = productShape(problem);
  const traffic = stepTraffic(problem);
  const matrixBytes = heads * headDim * sumCount * innerDim * dataTypeBytes[dataType];
  const once = constant(1);
  return [
    calibratedTerm(device, "stepwiseByteCycles", constant(Math.floor(matrixBytes / device.multiprocessorCount))),
    ...(["stepCycles", "stepwiseChunkCycles", "reductionCycles", "stepwiseUnitCycles"] as const).map((name) =>
      calibratedTerm(device, name, once),
    ),
    calibratedTerm(device, "slotLoadCycles", constant(traffic.elementReads + cell.states.length)),
    calibratedTerm(device, "unitLatencyCycles", once, pointwiseScale(traffic.roots).latency),
  ];
}

/**
 * One launch for each step, R read anew each time; all launches of a sequence are one CUDA graph. For what does not fit on the chip, and, with sizes as
 * arguments, for what no kernel was planned for.
 */
export const stepwiseCudaFamily: KernelFamily<CudaDevice> = {
  name: "stepwise",
  target: "cuda",
  refuse(problem, device) {
    // The shapes of all types came at once.
    return usesMatrixInstructions(problem) && !device.supports.bf16MatrixMultiply
      ? `${device.name} has no ${problem.tf32 ? "tf32" : problem.dataType} matrix instructions of 16 × 8 × ${mmaShape(problem).inner} (compute capability 8.0 and later have)`
      : undefined;
  },
  leastPicoseconds: (problem, device) =>
    leastCost(launchTerms(device)) +
    Math.max(
      memoryPicoseconds(problem, device) + matrixPicoseconds(problem, device),
      leastCost(leastBlockTerms(problem, device)),
    ),
  tile(problem, device, model) {
    const { cell, headDim, heads, batch, dataType } = problem;
    const elementBytes = dataTypeBytes[dataType];
    const { sumCount, innerDim } = productShape(problem);
    const isMatrix = usesMatrixInstructions(problem);
    const wordElements = wordBytes / elementBytes;
    const chunkInner = chunkLanes * wordElements;
    // A lane holds a word of a column group, which the four lanes of a column read apart, or of each of its two columns the same word.
    const columnWords = isMatrix ? 1 : 2;
    const innerParts = innerDim / headDim;
    const chunkCount = innerParts * Math.ceil(headDim / chunkInner);
    const traffic = stepTraffic(problem);
    const pointwise = pointwiseScale(traffic.roots);
    const paddedWrites = mayPadRows(problem, false) ? innerParts : 0;

    const unitTile = model.int("unitTile", 1, Math.min(maxUnitTile, headDim));
    const columnGroups = model.int("columnGroups", 1, Math.min(maxColumnGroups, Math.ceil(batch / columnsOfGroup)));
    const warpCount = model.int("warpCount", 1, maxWarps);
    const sharingWarps = isMatrix ? sharingMatrixWarps : [1];
    const warpsAlongUnits = model.int("warpsAlongUnits", sharingWarps);
    const warpsAlongColumns = model.int("warpsAlongColumns", sharingWarps);
    const chunksInFlight = model.int("chunksInFlight", 2, maxChunksInFlight);
    const batchTile = columnGroups.times(columnsOfGroup);
    // Either all warps share the chunks of the inner dimension, or each has its own.
    const sharing = times(warpsAlongUnits, warpsAlongColumns);
    const warpsAlongInner = model.int("warpsAlongInner", 1, maxWarps);
    model.add(times(warpsAlongInner, sharing).eq(warpCount), "warps share chunks or have their own");
    model.add(times(warpsAlongInner.minus(1), sharing.minus(1)).eq(0), "all warps share chunks, or none");
    const isPrivate = model.int("hasOwnChunks", 0, 1);
    const shares = constant(1).minus(isPrivate);
    model.add(times(isPrivate, sharing.minus(1)).eq(0), "chunks of a warp's own are shared by no other");
    model.add(sharing.ge(shares.times(leastSharingWarps)), "many warps share chunks, or none");
    model.add(
      chunksInFlight.ge(shares.times(2 * roundChunks)),
      "a round of chunks is on its way while another is multiplied",
    );
    model.add(
      shares.times(chunksInFlight.minus(chunksInFlight.dividedBy(roundChunks).times(roundChunks))).eq(0),
      "chunks that are shared come in rounds",
    );
    model.add(warpsAlongColumns.divides(columnGroups), "warps have equal numbers of column groups");
    const warpColumnGroups = max([columnGroups.dividedBy(warpsAlongColumns), 1]);
    const warpRowTiles = ceilQuotient(unitTile.times(sumCount), warpsAlongUnits.times(rowsOfTile));
    const rowTiles = warpRowTiles.times(warpsAlongUnits);
    const unitBlocks = ceilQuotient(headDim, unitTile);
    const batchBlocks = ceilQuotient(batch, batchTile);
    const blockCount = times(unitBlocks, batchBlocks, heads);
    const threadsPerBlock = warpCount.times(device.warpSize);
    const ownUnits = ceilQuotient(unitTile.times(batchTile), threadsPerBlock);
    const heldUnits = min([
      ownUnits,
      isPrivate.times(maxUnitTile * maxColumnGroups * columnsOfGroup).plus(mostHeldUnits),
    ]);
    const warpChunks = ceilQuotient(chunkCount, warpsAlongInner);

    const sumStride = rowTiles.times(rowsOfTile).plus(sumPadding);
    const chunkBytes = plus(times(rowTiles, 2), columnGroups).times(wordBytes * device.warpSize);
    // The sums take the place of the chunks.
    const sumBytes = times(warpsAlongInner, batchTile, sumStride, 4);
    const sharedBytesPerBlock = max([times(warpsAlongInner, chunksInFlight, chunkBytes), sumBytes]);
    const estimatedRegisters = plus(
      times(warpRowTiles, warpColumnGroups, sumsOfLane),
      constant(2 * wordRegisters), // two rows of a chunk
      times(warpColumnGroups, columnWords * wordRegisters),
      times(heldUnits, traffic.elementReads + traffic.floatReads + cell.states.length),
      times(isPrivate, warpRowTiles, rowTileRegisters),
      isPrivate
        .times(scratchRegisters[isMatrix ? "matrix" : "multiplyAdd"] - sharingScratchRegisters)
        .plus(sharingScratchRegisters),
    );

    const partWarps = warpsPerPart(device, warpCount);
    // Blocks that a multiprocessor computes, as many at once as it has room for, and the rounds of these.
    const allocatedRegisters = times(
      ceilQuotient(estimatedRegisters, device.registerAllocationUnit / device.warpSize),
      partWarps,
      device.registerAllocationUnit * device.warpAllocationGranularity,
    );
    const residentBlocks = max([
      1,
      min([
        mostResidentBlocks,
        constant(device.registersPerMultiprocessor).dividedBy(allocatedRegisters),
        constant(device.sharedBytesPerMultiprocessor).dividedBy(
          sharedBytesPerBlock.plus(device.sharedReservedBytesPerBlock),
        ),
      ]),
    ]);
    const ownBlocks = ceilQuotient(blockCount, device.multiprocessorCount);
    const rounds = ceilQuotient(ownBlocks, residentBlocks);
    const instructions = times(warpRowTiles, warpColumnGroups, warpChunks);
    // What lanes read that others have copied: of chunks that warps share, and where they multiply and add, each row and column of their sums.
    const chunkReads = times(
      warpCount,
      plus(times(warpRowTiles, 2), times(warpColumnGroups, columnWords)).times(wordBytes * device.warpSize),
      warpChunks,
      isMatrix ? shares : multiplyAddReads,
    );
    // What a block reads of R and of the operand.
    const blockBytes = plus(unitTile.times(sumCount), batchTile).times(innerDim * elementBytes);
    const throughputTerms: readonly CostTerm[] = [
      ...(isMatrix
        ? [calibratedTerm(device, "matrixMultiplyShare", times(partWarps, instructions, 2))]
        : [calibratedTerm(device, "multiplyAddInstructions", times(partWarps, instructions, sumsOfLane * chunkInner))]),
      sharedMemoryTerm(device, sumBytes, 2),
      sharedMemoryTerm(device, chunkReads),
      calibratedTerm(device, "unitIssueCycles", times(ownUnits, partWarps), pointwise.issue),
      // Where rows are padded, what the next step multiplies is stored again.
      calibratedTerm(device, "slotStoreCycles", times(ownUnits, warpCount, traffic.writes + paddedWrites)),
      calibratedTerm(device, "stepwiseByteCycles", blockBytes),
    ];
    const latencyTerms: readonly CostTerm[] = [
      calibratedTerm(device, "stepCycles", constant(1)),
      // What is sent for of one chunk comes while those before it are multiplied, but not all of it in time.
      calibratedTerm(device, "stepwiseChunkCycles", warpChunks),
      // Warps meet before each shared chunk, and add up their sums.
      calibratedTerm(device, "reductionCycles", warpChunks.times(shares).plus(1)),
      calibratedTerm(device, "stepwiseUnitCycles", ownUnits),
      calibratedTerm(device, "slotLoadCycles", ownUnits.times(traffic.elementReads + cell.states.length)),
      calibratedTerm(device, "unitLatencyCycles", ownUnits, pointwise.latency),
    ];
    const blockTerms = [...repeated(throughputTerms, ownBlocks), ...repeated(latencyTerms, rounds)];
    return {
      unknowns: [unitTile, columnGroups, warpCount, warpsAlongUnits, warpsAlongColumns, chunksInFlight],
      searchOrder: [
        ...[warpsAlongUnits, warpsAlongColumns].map(smallest),
        ...[columnGroups, warpCount].map(largest),
        smallest(unitTile),
        largest(chunksInFlight),
      ],
      derived: {
        gateCount: constant(cell.gates.length),
        recurrentGateCount: constant(gatesWith(cell, "recurrent").length),
        inputGateCount: constant(gatesWith(cell, "input").length),
        stateCount: constant(cell.states.length),
        savedCount: constant(problem.pass === "forward" ? traffic.heldWrites : savedCount(problem)),
        sumCount: constant(sumCount),
        innerParts: constant(innerParts),
        innerDim: constant(innerDim),
        chunkInner: constant(chunkInner),
        headDim: constant(headDim),
        headCount: constant(heads),
        batch: constant(batch),
        batchTile,
        warpsAlongInner,
        roundChunks: constant(roundChunks).minus(isPrivate.times(roundChunks - 1)),
        warpColumnGroups,
        warpRowTiles,
        rowTiles,
        unitBlocks,
        batchBlocks,
        blockCount,
        threadsPerBlock,
        residentBlocks,
        ownUnits,
        heldUnits,
        sumStride,
        sharedBytes: sharedBytesPerBlock,
        estimatedRegisters,
      },
      launch: { blockCount, threadsPerBlock, sharedBytesPerBlock },
      budgets: [
        ...registerBudgets(device, estimatedRegisters, partWarps),
        { name: "threads per block", need: threadsPerBlock, allowed: device.maxThreadsPerBlock, unit: "threads" },
        {
          name: "shared memory per block",
          need: sharedBytesPerBlock,
          allowed: device.sharedBytesPerBlockOptin,
          unit: "B",
        },
      ],
      cost: plus(
        totalCost(launchTerms(device)),
        max([totalCost(blockTerms), constant(memoryPicoseconds(problem, device) + matrixPicoseconds(problem, device))]),
      ),
      costTerms: [...launchTerms(device), ...blockTerms],
    };
  },
  emit: (plan, givenName) => [emitStepwise(plan, givenName, false)],
};

/** Values of a unit and step that a backward pass reads beside states and gradients. */
const savedCount = (problem: Problem): number => backwardStep(problem).saved.length;

/** The least time of a step to read R: from L2 if that holds it, else from device memory. */
function matrixPicoseconds(
  { cell, headDim, heads, dataType }: Parameters<KernelFamily<CudaDevice>["tile"]>[0],
  { l2Bytes, timing }: CudaDevice,
): number {
  const bytes = gatesWith(cell, "recurrent").length * heads * headDim ** 2 * dataTypeBytes[dataType];
  const rate = bytes <= shareOfL2 * l2Bytes ? timing.l2BytesPerSecond : timing.memoryBytesPerSecond;
  return Math.ceil((bytes * 1e12) / rate);
}
