import { type CudaDevice, maxActiveClusters, maxClusterBlocks } from "hwmodels";

/** An H200 holds one in 16 clusters fewer than multiprocessors spread evenly would: some of its processing clusters have fewer. */
const estimatedForEachMissing = 16;
/** Multiprocessors that are switched off together: clusters of so many blocks are all there. */
const pairBlocks = 2;

/**
 * Clusters of so many blocks that are sure to run at once, where a block takes a multiprocessor for itself: 0 where the device has too few
 * multiprocessors for one. They never take more multiprocessors than the device has, which bounds on a tiling's work rely on
 * (`ProductUse.evenLaneUnits`), whatever a description of a device reports.
 */
export function activeClusters(device: CudaDevice, clusterBlocks: number): number {
  const ofOneBlock = { ...device, maxBlocksPerMultiprocessor: 1 };
  const smallest = { threadsPerBlock: device.warpSize, registersPerThread: 1, dynamicSharedBytes: 0 };
  const { clusters, kind } = maxActiveClusters(ofOneBlock, smallest, clusterBlocks);
  const isSure = kind === "reported" || clusterBlocks <= pairBlocks || clusters <= 1;
  const sure = isSure ? clusters : clusters - Math.ceil(clusters / estimatedForEachMissing);
  return Math.min(sure, Math.floor(device.multiprocessorCount / clusterBlocks));
}

/** The sizes of clusters that the device launches and has the multiprocessors for, ascending; none without clusters. */
export function clusterSizes(device: CudaDevice): readonly number[] {
  if (device.clusters === null) return [];
  const launched = Array.from({ length: maxClusterBlocks(device, true) }, (_, index) => index + 1);
  return launched.filter((blocks) => activeClusters(device, blocks) > 0);
}
