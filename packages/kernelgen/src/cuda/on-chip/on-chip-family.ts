import { constant, type IntExpr, largest, type Model, max, smallest } from "constrint";
import type { CudaDevice } from "hwmodels";
import { gatesWith } from "../../cell/definition.js";
import { type CostTerm, leastCost, repeated, totalCost } from "../../plan/cost-term.js";
import { dataTypeBytes } from "../../plan/data-type.js";
import type { KernelFamily, Tiling } from "../../plan/family.js";
import { ceilQuotient, isAny, plus, times } from "../../plan/integer-expressions.js";
import { type Problem, usesMatrixInstructions } from "../../plan/problem.js";
import { savedValues } from "../../plan/saved-values.js";
import { calibratedTerm, pointwiseScale, sharedMemoryTerm } from "../cost.js";
import { tileInnerBlocksSum } from "../exchange/inner-blocks-sum.js";
import type { StateExchange } from "../exchange/state-exchange.js";
import { memoryPicoseconds } from "../memory-cost.js";
import { onChipBytes } from "../on-chip.js";
import { fmaProduct } from "../product/fma-product.js";
import type { MatrixProduct } from "../product/matrix-product.js";
import { mmaProduct, mmaShape } from "../product/mma-product.js";
import { productShape } from "../product/product-shape.js";
import { slotBytes } from "../product/slot-bytes.js";
import { mayStream } from "../product/streamed-matrix.js";
import { registerBudgets } from "../register-budgets.js";
import { stepTraffic } from "../step-traffic.js";
import { emitKernel } from "./emit-kernel.js";
import { prefetchWaitTerm } from "./prefetch.js";

/** Bytes and words of the 16-byte accesses that shared memory is laid out for. */
const wordBytes = 16;
const floatsPerWord = wordBytes / 4;
/**
 * Registers for addresses, loop counters and the pointwise step's temporaries: what remains when all else is counted, and as much more that
 * hardly a kernel needs more than its estimate (bench/results, "Registers").
 */
const scratchRegisters = 37;
/** Registers of a thread for the sum over the blocks that share the inner dimension. */
const blocksSumRegisters = 10;
/** Registers of a slot's offsets into inputs and outputs. */
const slotAddressRegisters = 6;

/** No step takes a second. With this said, the solver knows that a step of thousands of waves is in the range of exact integers. */
const mostPicoseconds = 1e12;

/** The part of what a family has on chip for a head beyond which, for an LSTM on an H200, the next family is predicted faster. */
const tightShare = 0.28;

/** The way of multiplying that serves a data type. */
const productFor = (problem: Problem): MatrixProduct => (usesMatrixInstructions(problem) ? mmaProduct : fmaProduct);

/** A family of kernels of both passes that keep R on chip for all steps, told apart by how they exchange the operand of the product. */
export function onChipFamily(
  name: "resident" | "cluster" | "grid" | "direct",
  exchange: StateExchange,
): KernelFamily<CudaDevice> {
  return {
    name,
    target: "cuda",
    refuse(problem, device) {
      // The shapes of all of them came at once.
      if (usesMatrixInstructions(problem) && !device.supports.bf16MatrixMultiply) {
        return `${device.name} has no ${problem.tf32 ? "tf32" : problem.dataType} matrix instructions of 16 × 8 × ${mmaShape(problem).inner} (compute capability 8.0 and later have)`;
      }
      return exchange.refuse(problem, device);
    },
    isTight({ cell, headDim, dataType }, device) {
      const matrixBytes = gatesWith(cell, "recurrent").length * headDim ** 2 * dataTypeBytes[dataType];
      return matrixBytes > tightShare * (exchange.headBytes?.(device) ?? Infinity);
    },
    leastPicoseconds(problem, device) {
      const least = [...everyStepTerms(device), ...exchange.leastTerms(device)];
      return Math.max(leastCost(least), memoryPicoseconds(problem, device));
    },
    tile: (problem, device, model) => tileKernel(problem, device, model, exchange),
    emit: (plan, name) => emitKernel(plan, productFor(plan.problem), exchange, name),
  };
}

/** What every step takes beside its product and exchange. */
const everyStepTerms = (device: CudaDevice): readonly CostTerm[] => [calibratedTerm(device, "stepCycles", constant(1))];

function tileKernel(problem: Problem, device: CudaDevice, model: Model, exchange: StateExchange): Tiling {
  const { cell, headDim, heads, batch, dataType } = problem;
  const recurrentGates = gatesWith(cell, "recurrent").length;
  const inputGates = gatesWith(cell, "input").length;
  const { sumCount, unitValues, innerDim } = productShape(problem);
  const traffic = stepTraffic(problem);
  const savedCount = savedValues(problem)?.saved.length ?? 0;
  const elementBytes = dataTypeBytes[dataType];
  const pointwise = pointwiseScale(traffic.roots);
  const operand = exchange.operandPath(problem);
  const innerSplits = exchange.innerSplits?.(device) ?? [1];
  const splitsBlocks = innerSplits.length > 1 ? model.int("blocksAlongInner", innerSplits) : undefined;
  const blocksAlongInner = splitsBlocks ?? constant(1);
  const covered = exchange.coveredUnits(problem);
  // A variable of its own, so that what bounds it also bounds what is computed from it.
  const waves = model.int("waves", 1, batch * heads);
  const stepsAhead = exchange.prefetchSteps(problem, device);
  const choosesPrefetch = stepsAhead.length > 1 ? model.int("prefetchSteps", stepsAhead) : undefined;
  const prefetchSteps = choosesPrefetch ?? constant(stepsAhead[0]!);
  const streams = exchange.streamsMatrix(problem, device);
  const product = productFor(problem).tile(problem, device, model, {
    blocksAlongInner,
    evenLaneUnits: ceilQuotient(
      blocksAlongInner.times(covered * batch * heads),
      waves.times(device.warpSize * device.multiprocessorCount),
    ),
    operand,
    streams,
  });
  const { warpsAlongUnits, warpsAlongInner, warpSlots, tileSlots, unitsPerThread, unitTile, batchTile } = product;

  // Blocks.
  const unitBlocks = ceilQuotient(covered, unitTile);
  if (!exchange.spreadsHead) model.add(unitTile.ge(covered), "a block has all units of a head");
  const batchBlocks = ceilQuotient(batch, batchTile);
  model.add(unitBlocks.times(unitTile).ge(covered), "blocks cover the units");
  model.add(batchBlocks.times(batchTile).ge(batch), "blocks cover the batch");
  const blockCount = times(unitBlocks, blocksAlongInner, batchBlocks, heads);
  const threadsPerBlock = times(warpsAlongUnits, warpsAlongInner, device.warpSize);

  // Splitting the inner dimension over warps costs a sum through shared memory; its barrier lets one tile of h serve all steps.
  const splitsInner = isAny(warpsAlongInner.minus(1));
  const summedSlots = ceilQuotient(warpSlots, warpsAlongInner);
  const slotWords = ceilQuotient(unitsPerThread.times(sumCount), floatsPerWord);

  const bytesOfSlot = slotBytes(sumCount, unitsPerThread, slotWords);

  // Splitting it over blocks costs a sum through distributed shared memory or L2, after which the slots are dealt to the blocks.
  const blocksSum =
    splitsBlocks &&
    tileInnerBlocksSum(model, {
      blocksAlongInner,
      largestCluster: exchange.largestInnerCluster?.(device) ?? Infinity,
      blockCount,
      summedSlots,
      slotWords,
      slotBytes: bytesOfSlot,
      product,
    });
  const ownSlots = blocksSum?.ownSlots ?? summedSlots;
  const clusterSumBytes = blocksSum?.sharedBytes ?? constant(0);

  // Never negative: of an odd number of rows, what is streamed has a half fragment of zeros more.
  const matrixBytes = max([
    times(unitTile, product.innerPadded, sumCount * elementBytes).minus(product.matrixStreamedBytes),
    0,
  ]);
  const exchanged = exchange.tile(problem, device, model, {
    product,
    unitBlocks,
    batchBlocks,
    blockCount,
    blocksAlongInner,
    threadsPerBlock,
    ownSlots,
    splitsInner,
    matrixBytes,
  });

  model.add(waves.eq(exchanged.waves), "the device is filled so many times");

  // Shared memory. A row of h is one word longer than its elements, which spreads rows over the banks.
  const stateStride = exchanged.stateElements.plus(wordBytes / elementBytes);
  const stateBytes = times(exchanged.stateBuffers, batchTile, stateStride, elementBytes);
  // Where warps could go on to the next step while others still read the sums of this one, a barrier keeps them (emit-kernel.ts).
  const landsInPartials = streams && operand === "fragments";
  const partialBuffers = exchange.receivesTogether || operand === "fragments" ? 1 : 2;
  const summedBytes = times(splitsInner, warpsAlongInner.times(device.warpSize), tileSlots, bytesOfSlot);
  const warpPartialBytes = max([times(splitsInner, warpSlots, bytesOfSlot, device.warpSize), product.landingBytes]);
  const partialBytes = landsInPartials
    ? times(warpPartialBytes, warpsAlongUnits, warpsAlongInner)
    : summedBytes.times(partialBuffers);
  const sharedBytesPerBlock = plus(
    stateBytes,
    partialBytes,
    exchanged.sharedBytes,
    clusterSumBytes,
    product.matrixSharedBytes,
  );

  // Registers.
  const packedRegisters: IntExpr = elementBytes < 4 ? constant(1) : unitsPerThread;
  const prefetchRegisters = times(
    plus(packedRegisters.times(traffic.elementReads), unitsPerThread.times(traffic.floatReads)),
    ownSlots,
    prefetchSteps,
  );
  const heldValues = times(packedRegisters, ownSlots, traffic.heldWrites);
  // Where R takes all that is left, what is held finds half of its registers among those that the sums were in (seen in ptxas).
  const heldRegisters = landsInPartials ? heldValues.plus(1).dividedBy(2) : heldValues;
  const stateRegisters = times(ownSlots, unitsPerThread, traffic.keptFloats);
  const estimatedRegisters = plus(
    product.matrixRegisters,
    product.workRegisters,
    prefetchRegisters,
    stateRegisters,
    heldRegisters,
    ownSlots.times(slotAddressRegisters),
    constant(scratchRegisters + exchange.registers),
    blocksSum === undefined ? 0 : times(blocksSum.splits, blocksSumRegisters),
    exchanged.transferRegisters ?? 0,
  );
  const ownUnits = times(ownSlots, unitsPerThread);
  // Where there are fewer slots than warps, some warps have none. At least one slot: a quotient's bounds do not say so, and a difference that may be
  // negative falls out of the expression graph.
  const blockSlots = ceilQuotient(max([product.tileSlots, 1]), blocksAlongInner);
  const stepTerms: readonly CostTerm[] = [
    ...everyStepTerms(device),
    // Where threads look for the state in memory, they wait there.
    ...(exchange.usesScratch ? [] : [prefetchWaitTerm(device, prefetchSteps)]),
    ...product.costTerms,
    sharedMemoryTerm(device, summedBytes, 2),
    calibratedTerm(device, "reductionCycles", splitsInner),
    ...(blocksSum === undefined
      ? []
      : [
          // The more blocks send, the longer until the last one has: a quarter of an exchange for each after the second.
          calibratedTerm(device, "clusterExchangeCycles", times(blocksSum.inCluster, blocksAlongInner.plus(2)), 1 / 4),
          calibratedTerm(device, "clusterByteCycles", blocksSum.clusterBytes),
          // Each word as measured at 2048 units, of four and eight blocks, and one more look at L2: without it four blocks seemed to gain at 768
          // units, where they lose 0.4 us a step to two.
          calibratedTerm(device, "exchangeLookCycles", blocksSum.throughGrid),
          calibratedTerm(device, "fragmentWordCycles", blocksSum.gridWords),
        ]),
    calibratedTerm(
      device,
      "unitIssueCycles",
      ceilQuotient(blockSlots, device.warpAllocationGranularity).times(unitsPerThread),
      pointwise.issue,
    ),
    calibratedTerm(device, "unitLatencyCycles", ownUnits, pointwise.latency),
    calibratedTerm(device, "slotLoadCycles", ownSlots.times(traffic.elementReads + traffic.floatReads)),
    calibratedTerm(device, "slotStoreCycles", times(blockSlots, traffic.writes)),
    ...exchanged.costTerms,
  ];
  const costTerms = repeated(stepTerms, waves);
  const stepCost = totalCost(stepTerms);
  model.add(stepCost.le(mostPicoseconds), "a step takes less than a second");
  return {
    unknowns: [...product.unknowns, ...[splitsBlocks, choosesPrefetch].filter((unknown) => unknown !== undefined)],
    searchOrder: [
      // Large heads fill the device once, and how often bounds whatever else is decided.
      ...(mayStream(problem, device) ? [smallest(waves)] : []),
      ...(splitsBlocks === undefined ? [] : [smallest(splitsBlocks)]),
      ...product.searchOrder,
      ...(choosesPrefetch === undefined ? [] : [largest(choosesPrefetch)]),
    ],
    derived: {
      gateCount: constant(cell.gates.length),
      recurrentGateCount: constant(recurrentGates),
      inputGateCount: constant(inputGates),
      stateCount: constant(cell.states.length),
      ...(savedCount > 0 && { savedCount: constant(savedCount) }),
      sumCount: constant(sumCount),
      unitValues: constant(unitValues),
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
      ...(splitsBlocks === undefined && { blocksAlongInner }),
      warpSlots,
      summedSlots,
      ownSlots,
      clusterSumBytes,
      ...(blocksSum && { ...blocksSum.derived, gridSumBytes: blocksSum.gridBytes }),
      slotWords,
      ...(choosesPrefetch === undefined && { prefetchSteps }),
      ...(exchange.l2PrefetchSteps > 0 && { l2PrefetchSteps: constant(exchange.l2PrefetchSteps) }),
      stateBuffers: exchanged.stateBuffers,
      stateStride,
      stateBytes,
      partialBuffers: constant(partialBuffers),
      warpPartialBytes,
      partialBytes,
      exchangeSharedBytes: exchanged.sharedBytes,
      sharedBytes: sharedBytesPerBlock,
      matrixStreamedBytes: product.matrixStreamedBytes,
      estimatedRegisters,
      ...exchanged.derived,
    },
    launch: { blockCount: exchanged.launchBlocks, threadsPerBlock, sharedBytesPerBlock },
    budgets: [
      ...exchanged.budgets,
      {
        name: "R of a block in registers and shared memory",
        need: matrixBytes,
        allowed: onChipBytes(device),
        unit: "B",
      },
      ...registerBudgets(device, estimatedRegisters, product.warpsPerPart),
      { name: "threads per block", need: threadsPerBlock, allowed: device.maxThreadsPerBlock, unit: "threads" },
      {
        name: "shared memory per block",
        need: sharedBytesPerBlock,
        allowed: device.sharedBytesPerBlockOptin,
        unit: "B",
      },
    ],
    cost: max([waves.times(stepCost), constant(memoryPicoseconds(problem, device))]),
    costTerms,
  };
}
