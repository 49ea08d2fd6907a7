import { constant, max, table } from "constrint";
import type { CudaDevice } from "hwmodels";
import { gatesWith } from "../../cell/definition.js";
import { dataTypeBytes } from "../../plan/data-type.js";
import { ceilQuotient, times } from "../../plan/integer-expressions.js";
import { calibratedTerm } from "../cost.js";
import { polledNowhere } from "../on-chip/prefetch.js";
import { onChipBytes } from "../on-chip.js";
import { productShape } from "../product/product-shape.js";
import { wordBytes } from "../word-bytes.js";
import { activeClusters, clusterSizes } from "./active-clusters.js";
import { clusterExchangeSource } from "./cluster-exchange-source.js";
import { gradientScalingSource } from "./exchange-scaling-source.js";
import type { StateExchange } from "./state-exchange.js";

/** Tiles of h in each block, one that is read and one that arrives, and their barriers. */
const buffers = 2;
const barriersBytes = buffers * 8;
/** Registers for the place of each word that a lane sends, in the warp's slot and in the tile, where it takes more than shifts of the lane's number. Seen in ptxas. */
const placeRegisters = 4;
const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value));
/** One block is no cluster: distributed shared memory faults there on an H200, and the resident family is for it. */
const fewestBlocks = 2;
/** Blocks of the largest cluster; 1 where the device runs none. */
const largestCluster = (device: CudaDevice): number => clusterSizes(device).at(-1) ?? 1;
/** Bytes of registers and shared memory of the largest cluster. */
const clusterBytes = (device: CudaDevice): number => largestCluster(device) * onChipBytes(device);

/** A head is spread over the blocks of a cluster, which exchange the state through distributed shared memory. */
export const clusterExchange: StateExchange = {
  refuse(problem, device) {
    if (device.clusters === null) {
      return `${device.name} has no thread block clusters (compute capability 9.0 and later have)`;
    }
    const blocks = largestCluster(device);
    if (blocks < fewestBlocks) {
      return `${device.name} has ${device.multiprocessorCount} multiprocessors, a cluster takes ${fewestBlocks} or more`;
    }
    const gates = gatesWith(problem.cell, "recurrent").length;
    const matrixBytes = gates * problem.headDim ** 2 * dataTypeBytes[problem.dataType];
    const allowed = clusterBytes(device);
    return matrixBytes > allowed
      ? `R of a cluster in registers and shared memory: needs at least ${matrixBytes} B, ${device.name} allows ${allowed} B in ${blocks} blocks`
      : undefined;
  },
  headBytes: clusterBytes,
  coveredUnits: (problem) => problem.headDim,
  receivesTogether: false,
  operandPath: () => "tile",
  spreadsHead: true,
  prefetchSteps: polledNowhere,
  l2PrefetchSteps: 8,
  // Addresses in the other blocks.
  registers: 8,
  usesScratch: false,
  streamsMatrix: () => false,
  cutsLaunches: false,
  cooperative: false,
  clusterBlocks: "CLUSTER_BLOCKS",
  leastTerms: (device) => [calibratedTerm(device, "clusterExchangeCycles", constant(1))],
  tile(
    problem,
    device,
    model,
    { blockCount, product, unitBlocks, batchBlocks, threadsPerBlock, ownSlots, splitsInner },
  ) {
    const elementBytes = dataTypeBytes[problem.dataType];
    const wordElements = wordBytes / elementBytes;
    const { unitValues } = productShape(problem);
    model.add(product.slotUnits.times(unitValues).isMultipleOf(wordElements), "a warp sends whole words");
    // Units beyond the head have their place too, so that every block sends and receives the same.
    const sentInner = times(unitBlocks, product.unitTile, unitValues);
    const receivedBytes = times(product.batchTile, sentInner, elementBytes);
    const outgoingBytes = times(threadsPerBlock, ownSlots, times(product.unitsPerThread, unitValues, elementBytes));
    const clusterCount = times(batchBlocks, problem.heads);
    const activeOf = clusterSizes(device).map((blocks) => [blocks, activeClusters(device, blocks)] as const);
    model.add(unitBlocks.ge(fewestBlocks), "a cluster has two blocks or more");
    const active = model.int("activeClusters", 1, Math.max(...activeOf.map(([, clusters]) => clusters)));
    model.add(table([unitBlocks, active], activeOf), "clusters that run at once");
    return {
      derived: {
        clusterBlocks: unitBlocks,
        clusterStateBytes: receivedBytes,
        slotUnits: product.slotUnits,
        slotSequences: product.slotSequences,
        slotSequenceStride: product.slotSequenceStride,
      },
      budgets: [{ name: "blocks of a cluster", need: unitBlocks, allowed: largestCluster(device), unit: "blocks" }],
      stateElements: max([product.innerPadded, sentInner]),
      stateBuffers: constant(buffers),
      sharedBytes: outgoingBytes.plus(barriersBytes),
      ...(!isPowerOfTwo(unitValues) && {
        transferRegisters: times(
          ownSlots,
          product.unitsPerThread,
          unitBlocks,
          Math.ceil((placeRegisters * unitValues * elementBytes) / wordBytes),
        ),
      }),
      launchBlocks: blockCount,
      waves: ceilQuotient(clusterCount, active),
      costTerms: [
        ...this.leastTerms(device),
        calibratedTerm(device, "clusterByteCycles", receivedBytes),
        // Warps need no barrier in a step, and run apart, unless they add their sums (0.09 µs at 256x3 on an H200).
        calibratedTerm(device, "reductionCycles", splitsInner),
      ],
    };
  },
  source: ({ pass, dataType }) =>
    pass === "forward" ? clusterExchangeSource : gradientScalingSource(dataType, 0) + clusterExchangeSource,
  text: () => ({
    parameters: [],
    declaration: `unsigned char* shared_exchange = shared + STATE_BYTES + PARTIAL_BYTES;
  const Exchange exchange{shared_state,
                          reinterpret_cast<Element*>(shared_exchange + ${barriersBytes}) + warp_index() * OWN_SLOTS * SLOT_SEQUENCES * SLOT_UNITS * UNIT_VALUES,
                          reinterpret_cast<TransactionBarrier*>(shared_exchange), first_unit * UNIT_VALUES, last_receive};
  exchange.prepare();`,
  }),
};
