import { constant } from "constrint";
import { gatesWith } from "../../cell/definition.js";
import { dataTypeBytes } from "../../plan/data-type.js";
import { ceilQuotient } from "../../plan/integer-expressions.js";
import { polledNowhere } from "../on-chip/prefetch.js";
import { onChipBytes } from "../on-chip.js";
import { blockExchangeSource } from "./block-exchange-source.js";
import { gradientScalingSource } from "./exchange-scaling-source.js";
import type { StateExchange } from "./state-exchange.js";

/** A head lies in one block, and its state stays in the block's shared memory. */
export const blockExchange: StateExchange = {
  // Far too large a head has no tile at all, whose needs could be told; its matrix says why.
  refuse(problem, device) {
    const gates = gatesWith(problem.cell, "recurrent").length;
    const matrixBytes = gates * problem.headDim ** 2 * dataTypeBytes[problem.dataType];
    const allowed = onChipBytes(device);
    return matrixBytes > allowed
      ? `R of a block in registers and shared memory: needs at least ${matrixBytes} B, ${device.name} allows ${allowed} B`
      : undefined;
  },
  headBytes: onChipBytes,
  coveredUnits: (problem) => problem.headDim,
  receivesTogether: true,
  operandPath: () => "tile",
  spreadsHead: false,
  prefetchSteps: polledNowhere,
  l2PrefetchSteps: 0,
  registers: 0,
  usesScratch: false,
  streamsMatrix: () => false,
  cutsLaunches: false,
  cooperative: false,
  clusterBlocks: "1",
  leastTerms: () => [],
  tile: (_problem, device, _model, { product, blockCount, splitsInner }) => ({
    derived: {},
    budgets: [],
    stateElements: product.innerPadded,
    stateBuffers: constant(2).minus(splitsInner),
    sharedBytes: constant(0),
    launchBlocks: blockCount,
    waves: ceilQuotient(blockCount, device.multiprocessorCount),
    costTerms: [],
  }),
  source: ({ pass, dataType }) =>
    pass === "forward" ? blockExchangeSource : gradientScalingSource(dataType, 0) + blockExchangeSource,
  text: () => ({ parameters: [], declaration: "const Exchange exchange{shared_state};" }),
};
