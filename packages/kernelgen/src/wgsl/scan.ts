import { constant, max, min } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import type { KernelFamily } from "../plan/family.js";
import { ceilQuotient, plus, times } from "../plan/integer-expressions.js";
import { stepCosts } from "./cost.js";
import { refuseForward } from "./requirements.js";
import { emitScan } from "./scan-source.js";
import { powersOfTwo } from "./workgroup-tiling.js";

const floatBytes = 4;
/** Steps of an invocation within a tile, and invocations along time: more of either hardly pay. */
const stepsChoices = [2, 4, 8];
const timeLaneChoices = [2, 4, 8, 16, 32];
/** Registers of an invocation beside the weight and update of each of its steps. */
const scratchRegisters = 24;

/**
 * A linear recurrence as a prefix scan over time in WGSL. A workgroup owns adjacent channels of one sequence and one chunk of steps, and
 * walks over the chunk in tiles, scanned through workgroup memory.
 *
 * Several chunks take three dispatches, since no workgroup may wait for another: what each chunk does to the state, the state before each
 * chunk, and the states of all steps. What passes between them lies in rows of the output that the last dispatch writes. One chunk takes
 * the last dispatch alone, in a single pass over memory.
 */
export const scanFamily: KernelFamily<WebGpuDevice> = {
  name: "scan",
  target: "wgsl",
  refuse(problem, device) {
    if (problem.dataType !== "fp32") return `${problem.dataType}: scans in WGSL have fp32 alone`;
    return refuseForward(problem, device);
  },
  tile(problem, device, model) {
    const { cell, headDim, heads, batch, steps } = problem;
    const { limits, assumed } = device;
    const channels = headDim * heads;
    const costs = stepCosts(problem, device);
    const channelLanes = model.int("channelLanes", powersOfTwo(64));
    const timeLanes = model.int("timeLanes", timeLaneChoices);
    const stepsPerInvocation = model.int("stepsPerInvocation", stepsChoices);
    const tilesPerChunk = model.int("tilesPerChunk", 1, Math.ceil(steps / (stepsChoices[0]! * timeLaneChoices[0]!)));
    const invocations = channelLanes.times(timeLanes);
    const tileSteps = timeLanes.times(stepsPerInvocation);
    const chunkSteps = tileSteps.times(tilesPerChunk);
    const chunks = ceilQuotient(model, "chunks", steps, chunkSteps, steps);
    const channelBlocks = ceilQuotient(model, "channelBlocks", channels, channelLanes, channels);
    model.add(channelLanes.lt(2 * channels), "no more lanes than twice the channels");
    const workgroups = times(channelBlocks, chunks, batch);
    const spanBytes = times(invocations, 2 * floatBytes);
    // Three dispatches where there are several chunks.
    const hasChunks = min([chunks.minus(1), constant(1)]);
    const dispatchCount = hasChunks.times(2).plus(1);
    const waves = ceilQuotient(
      model,
      "waves",
      workgroups,
      constant(assumed.computeUnitCount),
      channels * batch * steps,
    );
    const elementBytes = (cell.gates.length + 1) * floatBytes;
    const tileCost = plus(
      times(invocations, stepsPerInvocation, elementBytes * costs.storageByte + costs.pointwise),
      constant(costs.storageLatency + costs.pointwiseLatency + 2 * costs.workgroupBarrier),
      times(invocations, timeLanes, 2 * floatBytes * costs.workgroupByte),
    );
    const passes = hasChunks.plus(1);
    const total = plus(
      times(waves, tilesPerChunk, passes, tileCost),
      times(hasChunks, chunks, costs.storageLatency),
      dispatchCount.times(costs.dispatch),
    );
    return {
      unknowns: [channelLanes, timeLanes, stepsPerInvocation, tilesPerChunk],
      derived: {
        channels: constant(channels),
        gateCount: constant(cell.gates.length),
        invocations,
        tileSteps,
        chunkSteps,
        channelBlocks,
        chunks,
        workgroupsX: channelBlocks,
        workgroupsY: chunks,
        workgroupsZ: constant(batch),
        dispatchCount,
      },
      launch: { blockCount: workgroups, threadsPerBlock: invocations, sharedBytesPerBlock: spanBytes },
      budgets: [
        {
          name: "invocations per workgroup",
          need: invocations,
          allowed: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
          unit: "invocations",
        },
        {
          name: "workgroup memory",
          need: spanBytes,
          allowed: limits.maxComputeWorkgroupStorageSize,
          unit: "B",
        },
        {
          name: "registers per invocation",
          need: stepsPerInvocation.times(2).plus(scratchRegisters),
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
  },
  emit: emitScan,
};
