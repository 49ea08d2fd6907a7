import { and, constant, type IntVar, type Model, max, min, or } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { dataTypeBytes } from "../../plan/data-type.js";
import type { Tiling } from "../../plan/family.js";
import { ceilQuotient, plus, times } from "../../plan/integer-expressions.js";
import type { Problem } from "../../plan/problem.js";
import { stepCosts } from "../cost.js";
import { powersOfTwo, shuffleFlagBytes } from "../workgroup-tiling.js";
import { leastChunkSteps } from "./buffers.js";

const floatBytes = 4;
/** Adjacent channels that an invocation reads at once, as a vector of WGSL; four gained nothing on an H200. */
const channelsChoices = [1, 2];
/** Steps of an invocation within a tile, and invocations along time: more of either hardly pay. */
const stepsChoices = [2, 4, 8];
const timeLaneChoices = [2, 4, 8, 16, 32];
const mostChannelLanes = 64;
/** Invocations of a workgroup: on an H200 512 take 2 to 14 % longer than 256, since they wait for each other at the barriers. */
const mostInvocations = 256;
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
  const tilesPerChunk = model.int("tilesPerChunk", 1, Math.ceil(steps / (stepsChoices[0]! * timeLaneChoices[0]!)));
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
  const tileCost = plus(
    times(
      invocations,
      stepsPerInvocation,
      channelsPerInvocation.times(elementBytes * costs.storageByte + costs.pointwise - costs.access).plus(costs.access),
    ),
    constant(costs.storageLatency + costs.pointwiseLatency + 2 * costs.workgroupBarrier),
    times(spanBytes, timeGroups, costs.workgroupByte),
    timeGroups.times(costs.workgroupReadIssue),
    times(rounds, spanBytes, costs.workgroupByte),
    rounds.times(costs.workgroupLatency),
  );
  const total = plus(
    times(waves, tilesPerChunk, hasChunks.plus(1), tileCost),
    times(hasChunks, chunks, costs.storageLatency),
    dispatchCount.times(costs.dispatch),
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
    cost: total.dividedBy(steps),
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
