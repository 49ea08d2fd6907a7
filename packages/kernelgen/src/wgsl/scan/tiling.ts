import { and, constant, type IntVar, type Model, max, min, or, table } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { dataTypeBytes } from "../../plan/data-type.js";
import type { Tiling } from "../../plan/family.js";
import { ceilQuotient, plus, times } from "../../plan/integer-expressions.js";
import type { Problem } from "../../plan/problem.js";
import { stepCosts } from "../cost.js";
import { powersOfTwo, shuffleFlagBytes } from "../workgroup-tiling.js";
import { chunksAtOnce, leastChunkSteps } from "./buffers.js";

const floatBytes = 4;
/** Adjacent channels that an invocation reads at once, as a vector of WGSL; four gained nothing on an H200. */
const channelsChoices = [1, 2];
/** Steps of an invocation within a tile, and invocations along time: more of either hardly pay. */
const stepsChoices = [2, 4, 8];
const timeLaneChoices = [2, 4, 8, 16, 32];
const mostChannelLanes = 64;
/** Bytes of the channels of a lane, at most. */
const mostLaneBytes = channelsChoices.at(-1)! * floatBytes;
/** Invocations of a workgroup: on an H200 512 take 2 to 14 % longer than 256, since they wait for each other at the barriers. */
const mostInvocations = 256;
/**
 * What a tile waits for, in clock cycles, while a compute unit may work on other workgroups: its reads, barriers and lanes. Fitted, as what
 * follows, to an H200 (bench/results/2026-11-21-scan-h200.md).
 */
const tileLatencyCycles = 2100;
/** An invocation alone computes as slowly as if so many for each multiply-add of a clock shared the unit: operations wait for one another. */
const waitingInvocations = 2;
/** Time of storage by the adjacent bytes that a workgroup reads of a row, in percent: what is fetched is a sector of memory at least. */
const rowPercent = (bytes: number): number => (bytes >= 128 ? 100 : bytes === 64 ? 110 : 4800 / bytes);
/** Several chunks read their inputs twice and write once: beside one pass, 1.5 to 1.6 times on an H200, as 8 to 5. */
const passShares = { one: 5, second: 3 } as const;
/** Registers of an invocation beside the weight and update of each of its steps and channels. */
const scratchRegisters = 24;

/** Tensors that a pass reads and writes in each step, a gate of one counted as a tensor. */
const elementsOfStep = ({ cell, pass }: Problem): number =>
  pass === "forward" ? cell.gates.length + 1 : 2 * cell.gates.length + 2;

/**
 * The tiling of a scan of either pass. A workgroup has `channelLanes` lanes along the channels, each with `channelsPerInvocation` adjacent
 * ones, by `timeLanes` lanes along time, each of these with `stepsPerInvocation` adjacent steps of a tile, and walks over the `tilesPerChunk`
 * tiles of a chunk of one sequence.
 *
 * On a device with subgroups, `shuffleLanes` invocations beside each other join their steps by shuffles; the others through workgroup
 * memory. None is larger than the device's smallest subgroup.
 */
export function tileScan(problem: Problem, device: WebGpuDevice, model: Model): Tiling {
  const { cell, headDim, heads, batch, steps, dataType } = problem;
  const { limits, assumed } = device;
  const channels = headDim * heads;
  const costs = stepCosts(problem, device);
  const channelsPerInvocation = model.int(
    "channelsPerInvocation",
    channelsChoices.filter((count) => channels % count === 0),
  );
  const channelLanes = model.int("channelLanes", powersOfTwo(mostChannelLanes));
  const timeLanes = model.int("timeLanes", timeLaneChoices);
  const stepsPerInvocation = model.int("stepsPerInvocation", stepsChoices);
  // Powers of two: what lies between gains little, and takes long to search where there are many steps.
  const tilesPerChunk = model.int(
    "tilesPerChunk",
    powersOfTwo(2 * Math.ceil(steps / (stepsChoices[0]! * timeLaneChoices[0]!))),
  );
  const invocations = channelLanes.times(timeLanes);
  model.add(invocations.le(mostInvocations), "no more invocations than pay");
  const tileSteps = timeLanes.times(stepsPerInvocation);
  const chunkSteps = tileSteps.times(tilesPerChunk);
  const chunks = ceilQuotient(steps, chunkSteps);
  const rowWords = model.int(
    "rowWords",
    channelsChoices.filter((count) => channels % count === 0).map((count) => channels / count),
  );
  model.add(channelsPerInvocation.times(rowWords).eq(channels), "an invocation's channels divide all");
  const channelBlocks = ceilQuotient(rowWords, channelLanes);
  model.add(channelLanes.lt(rowWords.times(2)), "no more lanes than twice the words of a row");
  model.add(or(chunks.eq(1), chunkSteps.ge(leastChunkSteps)), "chunks are not too short");
  const { shuffleLanes, timeGroups, rounds, shuffles } = statedShuffles(device, model, channelLanes, timeLanes);

  const workgroups = times(channelBlocks, chunks, batch);
  // Three dispatches where there are several chunks.
  const hasChunks = min([chunks.minus(1), constant(1)]);
  const dispatchCount = hasChunks.times(2).plus(1);
  const waves = ceilQuotient(workgroups, assumed.computeUnitCount);
  const spanBytes = times(invocations, channelsPerInvocation, 2 * floatBytes);
  const sharedBytes = spanBytes.plus(shuffles.times(shuffleFlagBytes));
  const elementBytes = elementsOfStep(problem) * dataTypeBytes[dataType];
  // A lane reads the spans of all lanes, or of all groups of lanes that shuffle.
  const rowBytes = model.int("rowBytes", powersOfTwo(mostChannelLanes * mostLaneBytes));
  const rowPercents = model.int("rowPercent", [
    ...new Set(powersOfTwo(mostChannelLanes * mostLaneBytes).map(rowPercent)),
  ]);
  model.add(
    times(channelLanes, channelsPerInvocation, dataTypeBytes[dataType]).eq(rowBytes),
    "bytes of a workgroup's row",
  );
  model.add(
    table(
      [rowBytes, rowPercents],
      powersOfTwo(mostChannelLanes * mostLaneBytes).map((bytes) => [bytes, rowPercent(bytes)]),
    ),
    "time of storage by the bytes of a row",
  );
  const laneSteps = invocations.times(stepsPerInvocation);
  const tileWork = plus(
    times(laneSteps, channelsPerInvocation, rowPercents, elementBytes * costs.storageByte).dividedBy(100),
    times(laneSteps, channelsPerInvocation.times(costs.pointwise - costs.access).plus(costs.access)),
    times(spanBytes, timeGroups, costs.workgroupByte),
    times(rounds, spanBytes, costs.workgroupByte),
  );
  const tileLatency = plus(
    constant(Math.round((tileLatencyCycles * 1e6) / assumed.clockMegahertz) + 2 * costs.workgroupBarrier),
    times(
      stepsPerInvocation,
      channelsPerInvocation,
      costs.pointwise * Math.round(waitingInvocations * assumed.fmaPerClockPerComputeUnit),
    ),
    timeGroups.times(costs.workgroupReadIssue),
    rounds.times(costs.workgroupLatency),
  );
  // The workgroups of a compute unit wait at the same time, and work one after the other: half of that work hides no wait. Twice the time, since
  // it is a whole number.
  const work = waves.times(tileWork);
  const pass = times(tilesPerChunk, max([work.times(2), work.plus(tileLatency.times(2))]));
  const rest = plus(
    times(hasChunks, ceilQuotient(chunks, chunksAtOnce), 2 * costs.storageLatency),
    dispatchCount.times(costs.dispatch),
  );
  const total = times(pass, hasChunks.times(passShares.second).plus(passShares.one)).plus(
    rest.times(2 * passShares.one),
  );
  return {
    unknowns: [
      channelsPerInvocation,
      channelLanes,
      timeLanes,
      stepsPerInvocation,
      tilesPerChunk,
      ...(shuffleLanes === undefined ? [] : [shuffleLanes]),
    ],
    derived: {
      rowWords,
      gateCount: constant(cell.gates.length),
      invocations,
      tileSteps,
      chunkSteps,
      timeGroups,
      channelBlocks,
      chunks,
      workgroupsX: channelBlocks,
      workgroupsY: chunks,
      workgroupsZ: constant(batch),
      dispatchCount,
    },
    launch: { blockCount: workgroups, threadsPerBlock: invocations, sharedBytesPerBlock: sharedBytes },
    budgets: [
      {
        name: "invocations per workgroup",
        need: invocations,
        allowed: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
        unit: "invocations",
      },
      { name: "workgroup memory", need: sharedBytes, allowed: limits.maxComputeWorkgroupStorageSize, unit: "B" },
      {
        name: "registers per invocation",
        need: times(stepsPerInvocation, channelsPerInvocation, 2).plus(scratchRegisters),
        allowed: assumed.registersPerInvocation,
        unit: "registers",
      },
      {
        name: "workgroups in a dimension of the dispatch",
        need: max([channelBlocks, chunks, constant(batch)]),
        allowed: limits.maxComputeWorkgroupsPerDimension,
        unit: "workgroups",
      },
    ],
    cost: total.dividedBy(2 * passShares.one * steps),
    costTerms: [],
  };
}

/** How invocations join their steps. */
interface Shuffles {
  /** Invocations that shuffle, 1 for none; no unknown on a device without subgroups. */
  readonly shuffleLanes: IntVar | undefined;
  /** Spans of a channel that meet in workgroup memory. */
  readonly timeGroups: IntVar;
  /** log₂ of the lanes along time that shuffle. */
  readonly rounds: IntVar;
  /** 1 if there are any, else 0. */
  readonly shuffles: IntVar;
}

function statedShuffles(
  { subgroupSizes }: WebGpuDevice,
  model: Model,
  channelLanes: IntVar,
  timeLanes: IntVar,
): Shuffles {
  const timeGroups = model.int("timeGroups", powersOfTwo(timeLaneChoices.at(-1)!));
  const largest = subgroupSizes?.min ?? 1;
  const rounds = model.int("shuffleRounds", 0, Math.log2(powersOfTwo(largest).at(-1)!));
  const shuffles = model.int("shuffles", 0, subgroupSizes === null ? 0 : 1);
  if (subgroupSizes === null) {
    model.add(timeGroups.eq(timeLanes), "every lane along time has its span in workgroup memory");
    return { shuffleLanes: undefined, timeGroups, rounds, shuffles };
  }
  const shuffleLanes = model.int("shuffleLanes", powersOfTwo(largest));
  // Lanes along time that join by shuffles.
  const joined = model.int("shuffleTimeLanes", powersOfTwo(largest));
  const choices = powersOfTwo(largest);
  model.add(
    or(...choices.map((lanes, round) => and(joined.eq(lanes), rounds.eq(round), shuffles.eq(lanes > 1 ? 1 : 0)))),
    "lanes along time that shuffle are two to the power of their rounds",
  );
  model.add(
    or(and(joined.eq(1), shuffleLanes.eq(1)), and(joined.ge(2), shuffleLanes.eq(joined.times(channelLanes)))),
    "lanes that shuffle lie beside each other",
  );
  model.add(joined.times(timeGroups).eq(timeLanes), "every lane along time shuffles");
  return { shuffleLanes, timeGroups, rounds, shuffles };
}
