import { and, constant, or } from "constrint";
import type { CudaDevice } from "hwmodels";
import { gatesWith } from "../cell/definition.js";
import { dataTypeBytes } from "../plan/data-type.js";
import type { KernelFamily } from "../plan/family.js";
import { ceilQuotient, plus, times } from "../plan/integer-expressions.js";
import { emitScan } from "./scan/emit.js";

const powersOfTwo = (smallest: number, largest: number): number[] => {
  const powers = [];
  for (let power = smallest; power <= largest; power *= 2) powers.push(power);
  return powers;
};

const floatBytes = 4;
const ticketBytes = 16;

export const scanFamily: KernelFamily<CudaDevice> = {
  name: "scan",
  target: "cuda",
  refuse: () => undefined,
  tile(problem, device, model) {
    const { cell, headDim, heads, batch, steps, dataType, pass } = problem;
    const channels = headDim * heads;
    const elementBytes = dataTypeBytes[dataType];
    const gateCount = cell.gates.length;
    const wordsPerStep = pass === "forward" ? gateCount : gateCount + 2;
    const channelsPerThread = model.int(
      "channelsPerThread",
      powersOfTwo(1, 16 / elementBytes).filter((count) => channels % count === 0),
    );
    const channelLanes = model.int("channelLanes", powersOfTwo(2, device.warpSize));
    const timeLanes = model.int("timeLanes", powersOfTwo(1, device.warpSize / 2));
    model.add(channelLanes.times(timeLanes).eq(device.warpSize), "lanes of a warp");
    const warps = model.int("warps", powersOfTwo(1, device.maxThreadsPerBlock / device.warpSize));
    const stepsPerThread = model.int("stepsPerThread", powersOfTwo(2, 32));
    const stages = model.int("stages", 1, 4);
    const chained = model.int("chained", 0, 1);
    const blocksPerMultiprocessor = model.int("blocksPerMultiprocessor", 1, 16);
    const wordSize = channelsPerThread.times(elementBytes);
    model.add(
      or(stages.eq(1), and(chained.eq(0), or(wordSize.eq(4), wordSize.eq(16)))),
      "asynchronous copies are of 4 or 16 bytes, and for a loop over chunks",
    );
    const threadsPerBlock = warps.times(device.warpSize);
    const channelTile = channelLanes.times(channelsPerThread);
    const channelBlocks = ceilQuotient(model, "channelBlocks", channels, channelTile, channels);
    const chunkSteps = times(warps, timeLanes, stepsPerThread);
    const chunks = ceilQuotient(model, "chunks", steps, chunkSteps, steps);
    const spanBytes = times(warps, channelTile, 2 * 2 * floatBytes);
    const stateBytes = times(channelTile, floatBytes);
    const ringBytes = times(stages, stepsPerThread, wordsPerStep, threadsPerBlock, wordSize);
    const isStaged = model.int("isStaged", 0, 1);
    model.add(or(and(stages.eq(1), isStaged.eq(0)), and(stages.ge(2), isStaged.eq(1))), "stages");
    const sharedBytesPerBlock = plus(
      spanBytes,
      times(isStaged, ringBytes),
      times(chained, stateBytes.plus(ticketBytes)),
    );
    const blockCount = plus(
      times(chained, channelBlocks, chunks, batch),
      times(constant(1).minus(chained), channelBlocks, batch),
    );
    return {
      unknowns: [channelsPerThread, channelLanes, warps, stepsPerThread, stages, chained, blocksPerMultiprocessor],
      derived: {
        channels: constant(channels),
        gateCount: constant(gateCount),
        wordsPerStep: constant(wordsPerStep),
        biasGateCount: constant(gatesWith(cell, "bias").length),
        timeLanes,
        channelTile,
        channelBlocks,
        threadsPerBlock,
        chunkSteps,
        spanBytes,
        stateBytes,
        ringBytes: times(isStaged, ringBytes),
        sharedBytes: sharedBytesPerBlock,
      },
      launch: { blockCount, threadsPerBlock, sharedBytesPerBlock },
      budgets: [
        {
          name: "threads per block",
          need: threadsPerBlock,
          allowed: device.maxThreadsPerBlock,
          unit: "threads",
        },
        {
          name: "shared memory per block",
          need: sharedBytesPerBlock,
          allowed: device.sharedBytesPerBlockOptin,
          unit: "B",
        },
      ],
      cost: constant(1),
      costTerms: [],
    };
  },
  emit: (plan, name) => [emitScan(plan, name)],
};
