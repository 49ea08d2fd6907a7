import { constant, largest, type Model, max, smallest } from "constrint";
import type { CudaDevice } from "hwmodels";
import { gatesWith } from "../../cell/definition.js";
import { leastCost, repeated, totalCost } from "../../plan/cost-term.js";
import { dataTypeBytes } from "../../plan/data-type.js";
import type { KernelFamily, Tiling } from "../../plan/family.js";
import { ceilQuotient, isAny, times } from "../../plan/integer-expressions.js";
import { type Problem, usesMatrixInstructions } from "../../plan/problem.js";
import { savedValues } from "../../plan/saved-values.js";
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
import { wordBytes } from "../word-bytes.js";
import { emitKernel } from "./emit-kernel.js";
import { estimatedRegisters } from "./estimated-registers.js";
import type { KernelParts } from "./kernel-parts.js";
import { sharedMemory } from "./shared-memory.js";
import { everyStepTerms, stepTerms } from "./step-terms.js";

/** Sums in a word of 16 bytes. */
const floatsPerWord = wordBytes / 4;

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

/** States the tiling of a kernel: its product and exchange, and what follows from them for blocks, memory, registers and time. */
function tileKernel(problem: Problem, device: CudaDevice, model: Model, exchange: StateExchange): Tiling {
  const { cell, headDim, heads, batch, dataType } = problem;
  const recurrentGates = gatesWith(cell, "recurrent").length;
  const inputGates = gatesWith(cell, "input").length;
  const { sumCount, unitValues, innerDim } = productShape(problem);
  const traffic = stepTraffic(problem);
  const savedCount = savedValues(problem)?.saved.length ?? 0;
  const elementBytes = dataTypeBytes[dataType];
  const operand = exchange.operandPath(problem);
  const innerSplits = exchange.innerSplits?.(device) ?? [1];
  const splitsBlocks = innerSplits.length > 1 ? model.int("blocksAlongInner", innerSplits) : undefined;
  const blocksAlongInner = splitsBlocks ?? constant(1);
  const covered = exchange.coveredUnits(problem);
  // A variable of its own, so that what bounds it also bounds what is computed from it; with room for blocks that cannot all be resident, of which
  // messages tell what they lack.
  const mostBlocks = batch * heads * covered * innerSplits.at(-1)!;
  const waves = model.int("waves", 1, Math.max(batch * heads, Math.ceil(mostBlocks / device.multiprocessorCount)));
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

  const parts: KernelParts = {
    ...{ problem, device, traffic, exchange, exchanged, product, operand, streams, blocksSum, blocksAlongInner },
    ...{ splitsInner, bytesOfSlot, ownSlots, prefetchSteps },
    summedBytes: times(splitsInner, warpsAlongInner.times(device.warpSize), tileSlots, bytesOfSlot),
  };
  const { stateStride, stateBytes, partialBuffers, warpPartialBytes, partialBytes, bytesPerBlock } =
    sharedMemory(parts);
  const registers = estimatedRegisters(parts);
  const terms = stepTerms(parts);
  const costTerms = repeated(terms, waves);
  const stepCost = totalCost(terms);
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
      clusterSumBytes: blocksSum?.sharedBytes ?? constant(0),
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
      sharedBytes: bytesPerBlock,
      matrixStreamedBytes: product.matrixStreamedBytes,
      estimatedRegisters: registers,
      ...exchanged.derived,
    },
    launch: { blockCount: exchanged.launchBlocks, threadsPerBlock, sharedBytesPerBlock: bytesPerBlock },
    budgets: [
      ...exchanged.budgets,
      {
        name: "R of a block in registers and shared memory",
        need: matrixBytes,
        allowed: onChipBytes(device),
        unit: "B",
      },
      ...registerBudgets(device, registers, product.warpsPerPart),
      { name: "threads per block", need: threadsPerBlock, allowed: device.maxThreadsPerBlock, unit: "threads" },
      {
        name: "shared memory per block",
        need: bytesPerBlock,
        allowed: device.sharedBytesPerBlockOptin,
        unit: "B",
      },
    ],
    cost: max([waves.times(stepCost), constant(memoryPicoseconds(problem, device))]),
    costTerms,
  };
}
