import { constant } from "constrint";
import { blockExchangeSource } from "./exchange-source.js";
import type { StateExchange } from "./state-exchange.js";

/** A head lies in one block, and its state stays in the block's shared memory. */
export const blockExchange: StateExchange = {
  refuse: () => undefined,
  coveredUnits: (problem) => problem.headDim,
  spreadsHead: false,
  // A step of a small head takes about a third of a microsecond, a read of device memory about one.
  prefetchSteps: 4,
  registers: 0,
  cooperative: false,
  tile: () => ({ derived: {}, budgets: [], cost: constant(0) }),
  source: () => blockExchangeSource,
  text: { parameters: [], declaration: "const Exchange exchange{shared_state};" },
};
