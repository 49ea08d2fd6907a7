import { constant, max, smallest } from "constrint";
import type { CudaDevice } from "hwmodels";
import { gatesWith } from "../cell/definition.js";
import { type CostTerm, repeated, totalCost } from "../plan/cost-term.js";
import { dataTypeBytes } from "../plan/data-type.js";
import type { KernelFamily } from "../plan/family.js";
import { ceilQuotient, isLess, plus, times } from "../plan/integer-expressions.js";
import { kernelName } from "../plan/kernel-name.js";
import { usesMatrixInstructions } from "../plan/problem.js";
import { kernelTensors } from "../plan/tensors.js";
import { calibratedTerm, pointwiseScale, sharedMemoryTerm } from "./cost.js";
import { elementSource } from "./element-source.js";
import { floatsSource } from "./floats-source.js";
import { cellSource } from "./forward-source.js";
import { kernelFile } from "./kernel-file.js";
import { matrixSource } from "./matrix-source.js";
import { memoryPicoseconds } from "./memory-cost.js";
import { mmaShape } from "./mma-product.js";
import { productFor } from "./on-chip-family.js";
import { blockSumsText } from "./own-sums-source.js";
import { productShape } from "./product-shape.js";
import { registerBudgets } from "./register-budgets.js";
import { slotBytes } from "./slot-bytes.js";
import { stateTileSource } from "./state-tile-source.js";
import { stepTraffic } from "./step-traffic.js";
import { operandSource, stepwiseKernelSource } from "./stepwise-source.js";
import { tensorParameters } from "./tensor-parameters.js";

const wordBytes = 16;
const floatsPerWord = wordBytes / 4;
/** Tiles of h, and parts of R: one that is multiplied, one on its way. */
const buffers = 2;
/** Registers for addresses, counters and the pointwise part. */
const scratchRegisters = 48;
/** Inner indices of the smallest part of R that goes through the registers at a time. */
const leastPart = 16;
/** The part of L2 that holds R from step to step, beside inputs and outputs that pass through. */
const shareOfL2 = 0.8;

/** One launch for each step, R read anew each time; all launches of a sequence are one CUDA graph. For what does not fit on the chip. */
export const stepwiseCudaFamily: KernelFamily<CudaDevice> = {
  name: "stepwise",
  target: "cuda",
  refuse(problem, device) {
    if (problem.pass === "backward") return "stepwise kernels for CUDA compute the forward pass only";
    // The shapes of all types came at once.
    return usesMatrixInstructions(problem) && !device.supports.bf16MatrixMultiply
      ? `${device.name} has no ${problem.tf32 ? "tf32" : problem.dataType} matrix instructions of 16 × 8 × ${mmaShape(problem).inner} (compute capability 8.0 and later have)`
      : undefined;
  },
  tile(problem, device, model) {
    const { cell, headDim, heads, batch, dataType } = problem;
    const elementBytes = dataTypeBytes[dataType];
    const { sumCount, innerDim } = productShape(problem);
    const traffic = stepTraffic(problem);
    const pointwise = pointwiseScale(traffic.roots);
    // R goes through the registers in parts.
    const innerPasses = model.int("innerPasses", 1, Math.ceil(innerDim / leastPart));
    const product = productFor(problem).tile(problem, device, model, {
      blocksAlongInner: innerPasses,
      operand: "tile",
      streams: false,
    });
    const { warpsAlongUnits, warpsAlongInner, warpSlots, unitsPerThread, unitTile, batchTile } = product;
    model.add(product.matrixSharedBytes.eq(0), "a part of R is in registers");

    const unitBlocks = ceilQuotient(model, "unitBlocks", headDim, unitTile, headDim);
    const batchBlocks = ceilQuotient(model, "batchBlocks", batch, batchTile, batch);
    const blockCount = times(unitBlocks, batchBlocks, heads);
    const threadsPerBlock = times(warpsAlongUnits, warpsAlongInner, device.warpSize);
    const splitsInner = isLess(model, "splitsInner", constant(1), warpsAlongInner);
    const ownSlots = ceilQuotient(model, "ownSlots", warpSlots, warpsAlongInner, 2 * headDim * batch);
    const slotWords = model.int("slotWords", 1, sumCount);
    model.add(slotWords.times(floatsPerWord).ge(unitsPerThread.times(sumCount)), "a slot's sums fit its words");
    model.add(slotWords.minus(1).times(floatsPerWord).lt(unitsPerThread.times(sumCount)), "a slot has no spare word");

    // A row of h is one word longer than its elements, which spreads rows over the banks.
    const stateStride = product.innerPadded.plus(wordBytes / elementBytes);
    const stateBytes = times(batchTile, stateStride, buffers * elementBytes);
    const partialBytes = times(splitsInner, threadsPerBlock, warpSlots, slotBytes(sumCount, unitsPerThread, slotWords));
    const sharedBytesPerBlock = plus(stateBytes, partialBytes);
    const estimatedRegisters = plus(
      product.matrixRegisters.times(buffers),
      product.workRegisters,
      times(warpSlots, unitsPerThread, sumCount),
      constant(scratchRegisters),
    );

    const waves = ceilQuotient(
      model,
      "waves",
      blockCount,
      constant(device.multiprocessorCount),
      heads * batch * headDim,
    );
    const ownUnits = times(ownSlots, unitsPerThread);
    const blockSlots = times(ownSlots, warpsAlongUnits, warpsAlongInner);
    const blockTerms: readonly CostTerm[] = [
      calibratedTerm(device, "stepCycles", constant(1)),
      ...repeated(product.costTerms, innerPasses),
      calibratedTerm(device, "exchangeLookCycles", innerPasses),
      sharedMemoryTerm(device, partialBytes, 2),
      calibratedTerm(device, "reductionCycles", splitsInner),
      calibratedTerm(device, "unitIssueCycles", times(ownUnits, product.warpsPerPart), pointwise.issue),
      calibratedTerm(device, "unitLatencyCycles", ownUnits, pointwise.latency),
      calibratedTerm(device, "slotLoadCycles", times(blockSlots, traffic.elementReads + cell.states.length)),
      calibratedTerm(device, "slotStoreCycles", times(blockSlots, traffic.writes)),
      // What a multiprocessor reads of R and h.
      calibratedTerm(
        device,
        "stepwiseByteCycles",
        times(innerPasses, product.innerPadded, plus(unitTile.times(sumCount), batchTile), elementBytes),
      ),
    ];
    const launchTerms = [calibratedTerm(device, "launchCycles", constant(1))];
    return {
      unknowns: [...product.unknowns, innerPasses],
      searchOrder: [smallest(innerPasses), ...product.searchOrder],
      derived: {
        gateCount: constant(cell.gates.length),
        recurrentGateCount: constant(gatesWith(cell, "recurrent").length),
        inputGateCount: constant(gatesWith(cell, "input").length),
        stateCount: constant(cell.states.length),
        savedCount: constant(traffic.heldWrites),
        sumCount: constant(sumCount),
        innerDim: constant(innerDim),
        headDim: constant(headDim),
        headCount: constant(heads),
        batch: constant(batch),
        unitTile,
        batchTile,
        unitBlocks,
        batchBlocks,
        blockCount,
        threadsPerBlock,
        ...product.derived,
        innerPadded: product.innerPadded,
        warpSlots,
        summedSlots: ownSlots,
        ownSlots,
        slotWords,
        stateBuffers: constant(buffers),
        stateStride,
        stateBytes,
        partialBuffers: constant(1),
        partialBytes,
        sharedBytes: sharedBytesPerBlock,
        estimatedRegisters,
      },
      launch: { blockCount, threadsPerBlock, sharedBytesPerBlock },
      budgets: [
        ...registerBudgets(device, model, estimatedRegisters, product.warpsPerPart),
        { name: "threads per block", need: threadsPerBlock, allowed: device.maxThreadsPerBlock, unit: "threads" },
        {
          name: "shared memory per block",
          need: sharedBytesPerBlock,
          allowed: device.sharedBytesPerBlockOptin,
          unit: "B",
        },
      ],
      cost: plus(
        totalCost(launchTerms),
        max([
          waves.times(totalCost(blockTerms)),
          constant(memoryPicoseconds(problem, device) + matrixPicoseconds(problem, device)),
        ]),
      ),
      costTerms: [...launchTerms, ...repeated(blockTerms, waves)],
    };
  },
  emit(plan, givenName) {
    const { problem } = plan;
    const name = kernelName(problem, givenName);
    const tensors = kernelTensors(problem);
    const body = `// Tensors, dense, last dimension contiguous:
${tensors.map((tensor) => `//   ${tensor.name.padEnd(12)} ${tensor.role.padEnd(7)} [${tensor.dimensions}] ${tensor.type}`).join("\n")}
${[
  elementSource(problem.dataType, plan.parameters.unitsPerThread!),
  floatsSource,
  cellSource(problem),
  stateTileSource,
  matrixSource(problem),
  productFor(problem).source(problem, "tile", false),
  blockSumsText.source("tile"),
  operandSource,
  stepwiseKernelSource(problem, `${name}_kernel`),
].join("")}
/** Bytes of device memory that a launch uses for itself. */
[[maybe_unused]] constexpr int64_t SCRATCH_BYTES = 0;

/** Starts one kernel for each step in a stream. Pointers are to device memory. Returns an empty string, or why a launch was refused. */
inline std::string launch_${problem.pass}(
    ${["Stream stream", ...tensorParameters(problem), "[[maybe_unused]] void* scratch", "int steps"].join(",\n    ")}) {
  return launch_steps(${name}_kernel, BLOCK_COUNT, THREADS_PER_BLOCK, SHARED_BYTES, steps, stream,
                      ${[...tensors.map((tensor) => tensor.name), "steps"].join(", ")});
}
`;
    return [kernelFile(plan, name, body)];
  },
};

/** The least time of a step to read R: from L2 if that holds it, else from device memory. */
function matrixPicoseconds(
  { cell, headDim, heads, dataType }: Parameters<KernelFamily<CudaDevice>["tile"]>[0],
  { l2Bytes, timing }: CudaDevice,
): number {
  const bytes = gatesWith(cell, "recurrent").length * heads * headDim ** 2 * dataTypeBytes[dataType];
  const rate = bytes <= shareOfL2 * l2Bytes ? timing.l2BytesPerSecond : timing.memoryBytesPerSecond;
  return Math.ceil((bytes * 1e12) / rate);
}
