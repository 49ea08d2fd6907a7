import { constant, max } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { type CostTerm, totalCost } from "../plan/cost-term.js";
import type { KernelFamily } from "../plan/family.js";
import { ceilQuotient, times } from "../plan/integer-expressions.js";
import type { Problem } from "../plan/problem.js";
import { barrierTerm } from "./cost.js";
import { exchangeBuffer } from "./exchange.js";
import { emitGrid } from "./grid-source.js";
import { refuseForward } from "./requirements.js";
import { stationaryMatrix } from "./stationary-matrix.js";
import { storageBuffers } from "./storage-buffers.js";
import { forwardProduct, lanesPerVector, powersOfTwo, tileWorkgroup, workgroupBudgets } from "./workgroup-tiling.js";

const floatBytes = 4;

/** Round trips to storage from a workgroup's write of h to another's look finding it, beside a look at each further value. */
const exchangeRoundTrips = 2;

/**
 * Many workgroups for each head, and the whole time loop inside, in one dispatch: each keeps its units' part of R in registers and workgroup
 * memory, and they tell each other h through storage, waiting in a loop.
 *
 * WebGPU does not promise that workgroups run at the same time, so this family is considered on request alone (`assumeForwardProgress`). A
 * wait is bounded: where it ends without the state, the kernel says so and ends, and the runtime rejects what it computed.
 */
export const gridFamily: KernelFamily<WebGpuDevice> = {
  name: "grid",
  target: "wgsl",
  refuse: (problem, device) => refuseForward(problem, device) ?? refuseExchange(problem, device),
  tile(problem, device, model) {
    const { headDim, heads } = problem;
    const tiling = tileWorkgroup(problem, device, model, () =>
      model.int("unitLanes", powersOfTwo(device.limits.maxComputeInvocationsPerWorkgroup)),
    );
    const { unitsPerInvocation, unitLanes, innerLanes, batchTile, batchBlocks, innerChunks, gateVectors, costs } =
      tiling;
    const unitBlocks = ceilQuotient(headDim, tiling.unitTile);
    model.add(times(unitsPerInvocation, unitLanes).lt(2 * headDim), "no more lanes than twice the units");
    // The barrier at the end of a step lets one tile of h serve all steps.
    const stateBuffers = constant(1);
    const innerPadded = times(innerChunks, innerLanes, lanesPerVector);
    const stateFloats = times(stateBuffers, batchTile, innerPadded);
    const inputRegisters = tiling.ownSlots.times(gateVectors * lanesPerVector);
    const stateBytes = stateFloats.times(floatBytes);
    const matrix = stationaryMatrix(problem, model, tiling, forwardProduct(problem), stateBytes, inputRegisters);
    model.add(matrix.chunksInStorage.eq(0), "R is on the chip as a whole");

    const blockCount = times(unitBlocks, batchBlocks, heads);
    // Values that an invocation waits for, one after the other.
    const received = times(batchTile, constant(headDim));
    const receiveRounds = ceilQuotient(received, tiling.invocations);
    const costTerms: readonly CostTerm[] = [
      tiling.multiplyTerm,
      ...matrix.readTerms,
      { name: "workgroup memory", amount: constant(1), price: costs.workgroupLatency },
      { name: "exchange", amount: receiveRounds.plus(exchangeRoundTrips), price: costs.storageLatency },
      { name: "exchange", amount: received, price: costs.exchangedValue },
      ...tiling.finishTerms,
      barrierTerm(device, tiling.splitsInner.plus(2), tiling.invocations),
    ];
    return {
      unknowns: [...tiling.unknowns, ...matrix.unknowns],
      derived: {
        ...tiling.derived,
        unitBlocks,
        stateBuffers,
        innerPadded,
        stateFloats,
        ...matrix.derived,
        workgroupsX: unitBlocks,
        workgroupsY: batchBlocks,
        workgroupsZ: constant(heads),
        dispatchCount: constant(1),
      },
      launch: { blockCount, threadsPerBlock: tiling.invocations, sharedBytesPerBlock: matrix.workgroupBytes },
      budgets: [
        ...workgroupBudgets(device, tiling.invocations, {
          workgroupBytes: matrix.workgroupBytes,
          registers: matrix.registers,
          largestDispatchDimension: max([unitBlocks, batchBlocks, heads]),
        }),
        {
          name: "workgroups that run at once (assumed)",
          need: blockCount,
          allowed: device.assumed.computeUnitCount,
          unit: "workgroups",
        },
      ],
      cost: totalCost(costTerms),
      costTerms,
    };
  },
  emit: emitGrid,
};

function refuseExchange(problem: Problem, { limits, name }: WebGpuDevice): string | undefined {
  const count = storageBuffers(problem).length + 1;
  if (count > limits.maxStorageBuffersPerShaderStage) {
    return `storage buffers: ${problem.cell.name} with an exchange needs ${count}, ${name} allows ${limits.maxStorageBuffersPerShaderStage}`;
  }
  const { bytes } = exchangeBuffer(problem);
  const allowed = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  return bytes > allowed
    ? `the exchange of h needs a storage buffer of ${bytes} B, ${name} allows ${allowed} B`
    : undefined;
}
