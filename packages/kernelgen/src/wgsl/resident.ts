import { constant, max } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { type CostTerm, repeated, totalCost } from "../plan/cost-term.js";
import type { KernelFamily } from "../plan/family.js";
import { ceilQuotient, times } from "../plan/integer-expressions.js";
import { barrierTerm } from "./cost.js";
import { refuseForward } from "./requirements.js";
import { emitResident } from "./resident-source.js";
import { stationaryMatrix } from "./stationary-matrix.js";
import { forwardProduct, lanesPerVector, tileWorkgroup, workgroupBudgets } from "./workgroup-tiling.js";

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
    const { innerLanes, batchTile, batchBlocks, innerChunks, gateVectors, costs } = tiling;
    // With the inner dimension split, the barrier before the sums are added lets one tile of h serve all steps.
    const stateBuffers = constant(2).minus(tiling.splitsInner);
    const innerPadded = times(innerChunks, innerLanes, lanesPerVector);
    const stateFloats = times(stateBuffers, batchTile, innerPadded);
    // The next step's inputs travel while this one is computed.
    const inputRegisters = tiling.ownSlots.times(gateVectors * lanesPerVector);
    const stateBytes = stateFloats.times(floatBytes);
    const matrix = stationaryMatrix(problem, model, tiling, forwardProduct(problem), stateBytes, inputRegisters);

    const blockCount = batchBlocks.times(heads);
    const waves = ceilQuotient(blockCount, device.assumed.computeUnitCount);
    const stepTerms: readonly CostTerm[] = [
      tiling.multiplyTerm,
      ...matrix.readTerms,
      { name: "workgroup memory", amount: constant(1), price: costs.workgroupLatency },
      ...tiling.finishTerms,
      barrierTerm(device, tiling.splitsInner.plus(1), tiling.invocations),
    ];
    const costTerms = repeated(stepTerms, waves);
    return {
      unknowns: [...tiling.unknowns, ...matrix.unknowns],
      derived: {
        ...tiling.derived,
        stateBuffers,
        innerPadded,
        stateFloats,
        ...matrix.derived,
        workgroupsX: constant(heads),
        workgroupsY: batchBlocks,
        workgroupsZ: constant(1),
        dispatchCount: constant(1),
      },
      launch: { blockCount, threadsPerBlock: tiling.invocations, sharedBytesPerBlock: matrix.workgroupBytes },
      budgets: workgroupBudgets(device, tiling.invocations, {
        workgroupBytes: matrix.workgroupBytes,
        registers: matrix.registers,
        largestDispatchDimension: max([heads, batchBlocks]),
      }),
      cost: waves.times(totalCost(stepTerms)),
      costTerms,
    };
  },
  emit: emitResident,
};
