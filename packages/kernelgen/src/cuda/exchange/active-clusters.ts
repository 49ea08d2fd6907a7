import { type CudaDevice, maxActiveClusters } from "hwmodels";

/** An H200 holds one in 16 clusters fewer than multiprocessors spread evenly would: some of its processing clusters have fewer. */
const estimatedForEachMissing = 16;
/** Multiprocessors that are switched off together: clusters of so many blocks are all there. */
const pairBlocks = 2;

/** Clusters of so many blocks that are sure to run at once, where a block takes a multiprocessor for itself. */
export function activeClusters(device: CudaDevice, clusterBlocks: number): number {
  const wholeMultiprocessor = {
    threadsPerBlock: device.warpSize,
    registersPerThread: 1,
    dynamicSharedBytes: device.sharedBytesPerBlockOptin,
  };
  const { clusters, kind } = maxActiveClusters(device, wholeMultiprocessor, clusterBlocks);
  return kind === "reported" || clusterBlocks <= pairBlocks
    ? clusters
    : Math.max(1, clusters - Math.ceil(clusters / estimatedForEachMissing));
}
