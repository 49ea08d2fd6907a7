import { constant, type IntExpr, largest, type Model, max, min, or, smallest, table } from "constrint";
import type { CudaDevice } from "hwmodels";
import { gatesWith } from "../../cell/definition.js";
import { dataTypeBytes } from "../../plan/data-type.js";
import type { KernelFamily, Tiling } from "../../plan/family.js";
import { ceilQuotient, plus, times } from "../../plan/integer-expressions.js";
import type { Problem } from "../../plan/problem.js";
import { registerBytes } from "../on-chip.js";
import { spanForm } from "./column-source.js";
import { blockPercents, memoryNanoseconds, rowPercent, scanNanoseconds, wordPercents } from "./cost.js";
import { emitScan } from "./emit.js";
import { spanFields, startParts } from "./span-source.js";

const floatBytes = 4;
/** The largest access of a thread. */
const largestWordBytes = 16;
/** The deepest ring of tiles or chunks on their way. */
const mostStages = 3;
const aheadStages = Array.from({ length: mostStages }, (_, index) => index + 1);
/** Bytes of the tickets that a block's threads share, at most two more than stages; whole words of 16 bytes, as all parts of shared memory. */
const ticketBytes = 32;
/** The smallest asynchronous copy of a thread. */
const smallestCopyBytes = 4;
/** Registers beside a thread's steps and words, and for each of its channels while spans are joined, over lanes or over warps alone; seen in ptxas. */
const scratchRegisters = 26;
const channelRegisters = { lanes: 8, warps: 3, exact: 4 } as const;
/** Blocks on a multiprocessor that plans choose from: more gain nothing. */
const blocksChoices = [1, 2, 3, 4, 6, 8];
const stepsChoices = [2, 4, 6, 8, 16, 32];
/** With more steps of a thread a backward pass may spill, seen in ptxas. */
const mostBackwardSteps = 16;
/** The fewest steps of a thread that computes its coefficients twice. */
const leastStepsTwice = 8;
/** The most channels of a thread that keeps its coefficients, of a forward pass that loads ahead. */
const mostChannelsOnce = 4;
/** Steps of a chunk that are never too many. */
const smallestChunk = 64;

const picosecondsPerNanosecond = 1000;

/** The powers of two from 1 to a largest. */
const powersOfTwo = (largest: number): number[] =>
  Array.from({ length: Math.floor(Math.log2(largest)) + 1 }, (_, exponent) => 2 ** exponent);

/**
 * A linear recurrence as one pass over memory: gates and a prefix scan over time, by affine maps of the state that compose.
 *
 * A thread owns adjacent channels and a few steps, a block a tile of channels and a chunk of steps. Either a block loops over the chunks of
 * its channels and carries the state in registers, or each chunk is a tile of its own and blocks hand the state on through L2 (a chained
 * scan: Yan, Long & Zhang, "StreamScan", PPoPP 2013), in the order of an atomic ticket. Both may load what comes next into a ring in shared
 * memory; in a chain, as many blocks as run at once then take tile after tile. The backward pass is the same scan from the last
 * step to the first.
 */
export const scanFamily: KernelFamily<CudaDevice> = {
  name: "scan",
  target: "cuda",
  refuse: () => undefined,
  tile: tileScan,
  emit: (plan, name) => [emitScan(plan, name)],
};

function tileScan(problem: Problem, device: CudaDevice, model: Model): Tiling {
  const { cell, headDim, heads, batch, steps, dataType, pass } = problem;
  const channels = headDim * heads;
  const elementBytes = dataTypeBytes[dataType];
  const gateCount = cell.gates.length;
  // Backward also reads the states and their gradients.
  const wordsPerStep = pass === "forward" ? gateCount : gateCount + 2;

  const channelsPerThread = model.int(
    "channelsPerThread",
    powersOfTwo(largestWordBytes / elementBytes).filter((count) => channels % count === 0),
  );
  const channelLanes = model.int("channelLanes", powersOfTwo(device.warpSize).slice(1));
  const warps = model.int("warps", powersOfTwo(device.maxThreadsPerBlock / device.warpSize));
  const stepsPerThread = model.int(
    "stepsPerThread",
    stepsChoices.filter((count) => pass === "forward" || count <= mostBackwardSteps),
  );
  const stages = model.int("stages", 0, device.supports.asyncCopy ? mostStages : 0);
  const chained = model.int("chained", 0, 1);
  const recompute = model.int("recompute", pass === "forward" && elementBytes < floatBytes ? [0, 1] : [0]);
  model.add(or(recompute.eq(0), stages.ge(1)), "what computes twice loads ahead: measured so alone");
  model.add(
    or(recompute.eq(0), stepsPerThread.ge(leastStepsTwice)),
    "what computes twice has the steps for which it does: with fewer it saves no registers that count, and loses time",
  );
  if (pass === "forward") {
    model.add(
      or(channelsPerThread.le(mostChannelsOnce), recompute.eq(1), stages.eq(0)),
      "a thread of 8 channels that loads ahead computes twice: with all coefficients in registers it was 6 to 21 % slower",
    );
  }
  const blocksPerMultiprocessor = model.int("blocksPerMultiprocessor", blocksChoices);

  // Lanes of a warp that do not lie along the channels lie along time, and are scanned over in so many rounds.
  const timeLanes = model.int("timeLanes", powersOfTwo(device.warpSize / 2));
  const laneRounds = model.int("laneRounds", 0, Math.log2(device.warpSize / 2));
  const lanes = powersOfTwo(device.warpSize / 2).map((along, rounds) => [device.warpSize / along, along, rounds]);
  model.add(table([channelLanes, timeLanes, laneRounds], lanes), "lanes of a warp along the channels and along time");

  const wordBytes = channelsPerThread.times(elementBytes);
  model.add(
    or(stages.eq(0), wordBytes.ge(smallestCopyBytes)),
    "what loads ahead does so by asynchronous copies of 4, 8 or 16 bytes",
  );
  const threadsPerBlock = warps.times(device.warpSize);
  const channelTile = channelLanes.times(channelsPerThread);
  const channelBlocks = ceilQuotient(channels, channelTile);
  const rowBytes = model.int("rowBytes", powersOfTwo(device.warpSize * largestWordBytes));
  const rowPercents = model.int("rowPercent", [
    ...new Set(powersOfTwo(device.warpSize * largestWordBytes).map(rowPercent)),
  ]);
  model.add(channelTile.times(elementBytes).eq(rowBytes), "bytes of a block's row");
  model.add(
    table(
      [rowBytes, rowPercents],
      powersOfTwo(device.warpSize * largestWordBytes).map((bytes) => [bytes, rowPercent(bytes)]),
    ),
    "time by the bytes of a row",
  );
  const blockPercent = model.int("blockPercent", [...new Set(blockPercents.map(([, , percent]) => percent))]);
  model.add(table([warps, chained, blockPercent], blockPercents), "time by the warps of a block");
  const byWord = wordPercents(pass);
  const wordPercent = model.int("wordPercent", [...new Set(byWord.map(([, , , percent]) => percent))]);
  model.add(
    table(
      [channelsPerThread, stages, chained, wordPercent],
      byWord
        .filter(([bytes]) => bytes >= elementBytes)
        .flatMap(([bytes, isAhead, isChain, percent]) =>
          (isAhead === 1 ? aheadStages : [0]).map((count) => [bytes / elementBytes, count, isChain, percent]),
        ),
    ),
    "time by the bytes of a thread's access",
  );
  const chunkSteps = times(warps, timeLanes, stepsPerThread);
  const chunks = ceilQuotient(steps, chunkSteps);
  // Half of a chunk or more would be idle.
  model.add(
    or(chunks.ge(2), chunkSteps.lt(2 * steps), chunkSteps.le(smallestChunk)),
    "no more time threads than twice the steps",
  );

  const form = spanForm(problem);
  const floatsOfSpan = spanFields(form).length;
  // Shared memory: the spans of the warps for two chunks in turn, the ring of chunks on their way, the state before a chunk.
  const spanBytes = times(warps, channelTile, 2 * floatsOfSpan * floatBytes);
  const ringBytes = times(stages, stepsPerThread, wordsPerStep, threadsPerBlock, wordBytes);
  const stateBytes = max([channelTile.times(startParts(form) * floatBytes), constant(ticketBytes)]);
  const sharedBytesPerBlock = plus(spanBytes, ringBytes, times(chained, stateBytes.plus(ticketBytes)));

  // Registers: a weight and an update of each step, in place of the words that they are made of; or the words, of which a forward pass then
  // computes them once more. Backward keeps the words and the weights.
  const words = times(stepsPerThread, wordsPerStep, max([wordBytes, constant(registerBytes)])).dividedBy(registerBytes);
  const stepRegisters = stepsPerThread.times(channelsPerThread);
  const joinRegisters = times(
    channelsPerThread,
    min([laneRounds, constant(1)])
      .times(channelRegisters.lanes - channelRegisters.warps)
      .plus(channelRegisters.warps + (form.isExact ? channelRegisters.exact : 0)),
  );
  const estimatedRegisters: IntExpr = plus(
    pass === "forward"
      ? max([times(stepRegisters, constant(1).minus(recompute), 2), words])
      : stepRegisters.plus(words),
    joinRegisters,
    scratchRegisters,
  );

  const registerGranule = device.registerAllocationUnit / device.warpSize;

  const columns = channelBlocks.times(batch);
  const residentBlocks = blocksPerMultiprocessor.times(device.multiprocessorCount);
  const tiles = columns.times(chunks);
  const isStaged = min([stages, constant(1)]);
  const chainBlocks = plus(times(isStaged, min([tiles, residentBlocks])), times(constant(1).minus(isStaged), tiles));
  // A block may look at the state before a tile's chunk ahead of the loads of its next tile, since a multiprocessor's reads come back in their
  // order. That state has arrived by then where no more tiles are at work at once than there are columns; else it would be in vain.
  const looksEarly = times(chained, isStaged, min([columns.dividedBy(residentBlocks), constant(1)]));
  const blockCount = plus(times(chained, chainBlocks), times(constant(1).minus(chained), columns));
  const nanoseconds = scanNanoseconds(problem, device, {
    channelsPerThread,
    ringBytes,
    stepsPerThread,
    laneRounds,
    warps,
    rowPercent: rowPercents,
    blockPercent,
    wordPercent,
    stages,
    isAhead: isStaged,
    looksEarly,
    chained,
    recompute,
    columns,
    chunks,
    blocksPerMultiprocessor,
  });
  return {
    searchOrder: [
      ...[chained, channelLanes, channelsPerThread, warps, stepsPerThread, recompute].map(largest),
      ...[stages, blocksPerMultiprocessor].map(smallest),
    ],
    unknowns: [
      channelsPerThread,
      channelLanes,
      warps,
      stepsPerThread,
      stages,
      chained,
      recompute,
      blocksPerMultiprocessor,
    ],
    derived: {
      channels: constant(channels),
      gateCount: constant(gateCount),
      wordsPerStep: constant(wordsPerStep),
      biasGateCount: constant(gatesWith(cell, "bias").length),
      timeLanes,
      floatsOfSpan: constant(floatsOfSpan),
      channelTile,
      channelBlocks,
      threadsPerBlock,
      chunkSteps,
      spanBytes,
      ringBytes,
      stateBytes,
      residentBlocks,
      looksEarly,
      sharedBytes: sharedBytesPerBlock,
      estimatedRegisters,
    },
    launch: { blockCount, threadsPerBlock, sharedBytesPerBlock },
    budgets: [
      {
        name: "registers of the blocks on a multiprocessor",
        // A thread's registers are allocated in granules.
        need: times(
          ceilQuotient(estimatedRegisters, registerGranule).times(registerGranule),
          threadsPerBlock,
          blocksPerMultiprocessor,
          registerBytes,
        ),
        allowed: device.registersPerMultiprocessor * registerBytes,
        unit: "B",
      },
      {
        name: "registers per thread",
        need: estimatedRegisters,
        allowed: device.maxRegistersPerThread,
        unit: "registers",
      },
      { name: "threads per block", need: threadsPerBlock, allowed: device.maxThreadsPerBlock, unit: "threads" },
      {
        name: "threads of the blocks on a multiprocessor",
        need: threadsPerBlock.times(blocksPerMultiprocessor),
        allowed: device.maxThreadsPerMultiprocessor,
        unit: "threads",
      },
      {
        name: "shared memory per block",
        need: sharedBytesPerBlock,
        allowed: device.sharedBytesPerBlockOptin,
        unit: "B",
      },
      {
        name: "shared memory of the blocks on a multiprocessor",
        need: times(sharedBytesPerBlock.plus(device.sharedReservedBytesPerBlock), blocksPerMultiprocessor),
        allowed: device.sharedBytesPerMultiprocessor,
        unit: "B",
      },
    ],
    cost: nanoseconds.times(picosecondsPerNanosecond).dividedBy(steps),
    costTerms: [
      {
        name: "memory",
        amount: constant(1),
        price: Math.floor((memoryNanoseconds(problem, device) * picosecondsPerNanosecond) / steps),
      },
    ],
  };
}
