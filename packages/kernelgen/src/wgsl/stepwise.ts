import { constant, max } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { type CostTerm, repeated, totalCost } from "../plan/cost-term.js";
import { dataTypeBytes } from "../plan/data-type.js";
import type { KernelFamily } from "../plan/family.js";
import { ceilQuotient, plus, times } from "../plan/integer-expressions.js";
import { barrierTerm } from "./cost.js";
import { refuseForward } from "./requirements.js";
import { emitStepwise } from "./stepwise-source.js";
import {
  invocationRegisters,
  lanesPerVector,
  matrixRegisters,
  powersOfTwo,
  tileWorkgroup,
  workgroupBudgets,
} from "./workgroup-tiling.js";

/**
 * One dispatch for each step, all in one compute pass; a workgroup for each tile of units of a head and each tile of sequences.
 *
 * R is read from storage in every step, coalesced along the inner dimension. States travel from step to step through the output tensors.
 */
export const stepwiseFamily: KernelFamily<WebGpuDevice> = {
  name: "stepwise",
  target: "wgsl",
  refuse: refuseForward,
  tile(problem, device, model) {
    const { headDim, heads, steps } = problem;
    const tiling = tileWorkgroup(problem, device, model, () =>
      model.int("unitLanes", powersOfTwo(device.limits.maxComputeInvocationsPerWorkgroup)),
    );
    const { unitsPerInvocation, unitLanes, batchTile, batchBlocks, innerChunks, gateVectors, costs } = tiling;
    const unitBlocks = ceilQuotient(headDim, tiling.unitTile);
    // A head that fills half of a tile's lanes is served by half as many.
    model.add(times(unitsPerInvocation, unitLanes).lt(2 * headDim), "no more lanes than twice the units");

    const matricesPerChunk = unitsPerInvocation.times(gateVectors);
    const registers = invocationRegisters(
      tiling,
      times(matricesPerChunk, matrixRegisters),
      constant(lanesPerVector), // a chunk of h
    );
    const blockCount = times(unitBlocks, batchBlocks, heads);
    const waves = ceilQuotient(blockCount, device.assumed.computeUnitCount);
    const storedVectorBytes = lanesPerVector * dataTypeBytes[problem.dataType];
    const matrixBytesPerChunk = times(tiling.invocations, matricesPerChunk, lanesPerVector * storedVectorBytes);
    const stateReaders = device.assumed.subgroupsTakeTurns ? tiling.invocations : tiling.innerLanes;
    const stateBytesPerChunk = times(stateReaders, batchTile, storedVectorBytes);
    const blockTerms: readonly CostTerm[] = [
      tiling.multiplyTerm,
      {
        name: "storage",
        amount: times(innerChunks, plus(matrixBytesPerChunk, stateBytesPerChunk)),
        price: costs.storageByte,
      },
      // Each chunk is waited for, and so are the inputs of the own slots.
      { name: "storage", amount: innerChunks.plus(1), price: costs.storageLatency },
      ...tiling.finishTerms,
      // Whether lanes may shuffle is found out in every dispatch, between two barriers.
      barrierTerm(device, tiling.splitsInner.plus(tiling.shuffles.times(2)), tiling.invocations),
    ];
    const dispatchTerm: CostTerm = { name: "dispatch", amount: constant(1), price: costs.dispatch };
    return {
      unknowns: tiling.unknowns,
      derived: {
        ...tiling.derived,
        unitBlocks,
        workgroupsX: unitBlocks,
        workgroupsY: batchBlocks,
        workgroupsZ: constant(heads),
        dispatchCount: constant(steps),
      },
      launch: { blockCount, threadsPerBlock: tiling.invocations, sharedBytesPerBlock: tiling.partialBytes },
      budgets: workgroupBudgets(device, tiling.invocations, {
        workgroupBytes: tiling.partialBytes,
        registers,
        largestDispatchDimension: max([unitBlocks, batchBlocks, heads]),
      }),
      cost: waves.times(totalCost(blockTerms)).plus(totalCost([dispatchTerm])),
      costTerms: [...repeated(blockTerms, waves), dispatchTerm],
    };
  },
  emit: emitStepwise,
};
