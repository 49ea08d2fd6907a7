import { constant, max } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { type CostTerm, repeated, totalCost } from "../plan/cost-term.js";
import { dataTypeBytes } from "../plan/data-type.js";
import type { KernelFamily } from "../plan/family.js";
import { ceilQuotient, plus, times } from "../plan/integer-expressions.js";
import { refuseForward } from "./requirements.js";
import { emitResident } from "./resident-source.js";
import {
  invocationRegisters,
  lanesPerVector,
  matrixRegisters,
  tileWorkgroup,
  vectorBytes,
  workgroupBudgets,
} from "./workgroup-tiling.js";

const floatBytes = 4;

/**
 * One workgroup for each head and batch tile; the whole time loop inside, in one dispatch.
 *
 * Each invocation keeps the first chunks of its part of R in registers and further ones in workgroup memory. What fits in neither is read
 * from storage in every step, where a head's R is small enough for the caches.
 */
export const residentFamily: KernelFamily<WebGpuDevice> = {
  name: "resident",
  target: "wgsl",
  refuse: refuseForward,
  tile(problem, device, model) {
    const { headDim, heads } = problem;
    const tiling = tileWorkgroup(problem, device, model, (unitsPerInvocation) =>
      ceilQuotient(headDim, unitsPerInvocation),
    );
    const { unitsPerInvocation, innerLanes, batchTile, batchBlocks, innerChunks, gateVectors, costs } = tiling;
    const chunkCount = Math.ceil(headDim / lanesPerVector);
    const chunksInRegisters = model.int("chunksInRegisters", 0, chunkCount);
    const chunksInWorkgroup = model.int("chunksInWorkgroup", 0, chunkCount);
    model.add(chunksInRegisters.plus(chunksInWorkgroup).le(innerChunks), "no more chunks of R than there are");
    const chunksInStorage = innerChunks.minus(chunksInRegisters).minus(chunksInWorkgroup);

    const matricesPerChunk = unitsPerInvocation.times(gateVectors);
    const vectorsPerChunk = times(tiling.invocations, matricesPerChunk, lanesPerVector);
    const matrixVectors = chunksInWorkgroup.times(vectorsPerChunk);
    // With the inner dimension split, the barrier before the sums are added lets one tile of h serve all steps.
    const stateBuffers = constant(2).minus(tiling.splitsInner);
    const innerPadded = times(innerChunks, innerLanes, lanesPerVector);
    const stateFloats = times(stateBuffers, batchTile, innerPadded);
    const matrixVectorBytes = lanesPerVector * dataTypeBytes[problem.dataType];
    const workgroupBytes = plus(
      matrixVectors.times(matrixVectorBytes),
      stateFloats.times(floatBytes),
      tiling.partialBytes,
    );
    // The next step's inputs travel while this one is computed.
    const inputRegisters = tiling.ownSlots.times(gateVectors * lanesPerVector);
    const registers = invocationRegisters(
      tiling,
      inputRegisters,
      times(chunksInRegisters, matricesPerChunk, matrixRegisters),
    );

    const blockCount = batchBlocks.times(heads);
    const waves = ceilQuotient(blockCount, device.assumed.computeUnitCount);
    const stateBytesPerChunk = times(tiling.invocations, batchTile, vectorBytes);
    const stepTerms: readonly CostTerm[] = [
      tiling.multiplyTerm,
      { name: "workgroup memory", amount: times(innerChunks, stateBytesPerChunk), price: costs.workgroupByte },
      { name: "workgroup memory", amount: matrixVectors, price: matrixVectorBytes * costs.workgroupByte },
      { name: "workgroup memory", amount: constant(1), price: costs.workgroupLatency },
      {
        name: "storage",
        amount: times(chunksInStorage, vectorsPerChunk),
        price: matrixVectorBytes * costs.storageByte,
      },
      // Each chunk from storage is waited for.
      { name: "storage", amount: chunksInStorage, price: costs.storageLatency },
      ...tiling.finishTerms,
      { name: "barriers", amount: tiling.splitsInner.plus(1), price: costs.workgroupBarrier },
    ];
    const costTerms = repeated(stepTerms, waves);
    return {
      unknowns: [...tiling.unknowns, chunksInRegisters, chunksInWorkgroup],
      derived: {
        ...tiling.derived,
        stateBuffers,
        innerPadded,
        stateFloats,
        matricesPerChunk,
        matrixVectors,
        workgroupsX: constant(heads),
        workgroupsY: batchBlocks,
        workgroupsZ: constant(1),
        dispatchCount: constant(1),
      },
      launch: { blockCount, threadsPerBlock: tiling.invocations, sharedBytesPerBlock: workgroupBytes },
      budgets: workgroupBudgets(device, tiling, {
        workgroupBytes,
        registers,
        largestDispatchDimension: max([heads, batchBlocks]),
      }),
      cost: waves.times(totalCost(stepTerms)),
      costTerms,
    };
  },
  emit: emitResident,
};
