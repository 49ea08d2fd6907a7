import { constant, max } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { CostTerm } from "../../plan/cost-term.js";
import { ceilQuotient, times } from "../../plan/integer-expressions.js";
import { calibratedTerm, pointwiseScale, sharedMemoryTerm } from "../cost.js";
import type { KernelParts } from "./kernel-parts.js";
import { prefetchWaitTerm } from "./prefetch.js";

/** What every step takes beside its product and exchange. */
export const everyStepTerms = (device: CudaDevice): readonly CostTerm[] => [
  calibratedTerm(device, "stepCycles", constant(1)),
];

/** The predicted time of a step of a block. */
export function stepTerms(parts: KernelParts): readonly CostTerm[] {
  const { device, traffic, exchange, exchanged, product, blocksAlongInner, splitsInner, ownSlots, prefetchSteps } =
    parts;
  const { unitsPerThread } = product;
  const pointwise = pointwiseScale(traffic.roots);
  const ownUnits = times(ownSlots, unitsPerThread);
  // Where there are fewer slots than warps, some warps have none. At least one slot: a quotient's bounds do not say so, and a difference that may be
  // negative falls out of the expression graph.
  const blockSlots = ceilQuotient(max([product.tileSlots, 1]), blocksAlongInner);
  return [
    ...everyStepTerms(device),
    // Where threads look for the state in memory, they wait there.
    ...(exchange.usesScratch ? [] : [prefetchWaitTerm(device, prefetchSteps)]),
    ...product.costTerms,
    sharedMemoryTerm(device, parts.summedBytes, 2),
    calibratedTerm(device, "reductionCycles", splitsInner),
    ...blocksSumTerms(parts),
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
}

/** The time of the sum over the blocks that share the inner dimension. */
function blocksSumTerms({ device, blocksSum, blocksAlongInner }: KernelParts): readonly CostTerm[] {
  if (blocksSum === undefined) return [];
  return [
    // The more blocks send, the longer until the last one has: a quarter of an exchange for each after the second.
    calibratedTerm(device, "clusterExchangeCycles", times(blocksSum.inCluster, blocksAlongInner.plus(2)), 1 / 4),
    calibratedTerm(device, "clusterByteCycles", blocksSum.clusterBytes),
    // Each word as measured at 2048 units, of four and eight blocks, and one more look at L2: without it four blocks seemed to gain at 768
    // units, where they lose 0.4 us a step to two.
    calibratedTerm(device, "exchangeLookCycles", blocksSum.throughGrid),
    calibratedTerm(device, "fragmentWordCycles", blocksSum.gridWords),
  ];
}
