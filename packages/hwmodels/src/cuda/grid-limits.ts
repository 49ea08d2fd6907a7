import type { CudaDevice } from "../device.js";
import { type KernelLaunch, requireInteger } from "./kernel-resources.js";
import { occupancy } from "./occupancy.js";

/**
 * The most blocks that a cooperative launch may have, so that all of them are resident and a grid-wide barrier can be
 * reached: blocks of a multiprocessor · multiprocessors. 0 if the device has no cooperative launch.
 *
 * @throws {InvalidKernelError} for a number that no kernel could have.
 *
 * Source: CUDA C++ Programming Guide 13.0, "Grid Synchronization".
 */
export function maxCooperativeBlocks(device: CudaDevice, launch: KernelLaunch): number {
  if (!device.supports.cooperativeLaunch) return 0;
  return occupancy(device, launch).blocksPerMultiprocessor * device.multiprocessorCount;
}

/**
 * The most blocks of a thread block cluster: without opting in, what every device of the compute capability launches;
 * with `nonPortable`, what this one does. 1 without clusters.
 *
 * Where NVIDIA publishes no limit for the opt-in, it is the portable one.
 */
export function maxClusterBlocks({ clusters }: CudaDevice, nonPortable = false): number {
  if (clusters === null) return 1;
  return nonPortable ? (clusters.maxBlocks ?? clusters.maxPortableBlocks) : clusters.maxPortableBlocks;
}

/**
 * The distributed shared memory of a cluster, in bytes, when each of its blocks takes all that it may.
 *
 * @throws {InvalidKernelError} for a cluster that the device does not launch.
 */
export function clusterSharedBytes(device: CudaDevice, clusterBlocks: number): number {
  requireClusterBlocks(device, clusterBlocks);
  return clusterBlocks * device.sharedBytesPerBlockOptin;
}

/** How many clusters are resident at once. */
export interface ActiveClusters {
  readonly clusters: number;
  /**
   * `"reported"`: the device said so, for blocks that take a multiprocessor each. `"estimate"`: the multiprocessors are taken to be spread over the graphics processing clusters as evenly as pairs
   * allow, which a device with other ones switched off is not. `"bound"`: how many graphics processing clusters there are
   * is not published, so that none are more, but some devices hold fewer.
   */
  readonly kind: "reported" | "estimate" | "bound";
}

/** Multiprocessors that share a texture processing cluster (TPC), and are switched off together. */
const multiprocessorsPerPair = 2;

/**
 * How many thread block clusters the device holds at once.
 *
 * A cluster runs within one graphics processing cluster: Σ_g ⌊b · m_g / c⌋, with b blocks a multiprocessor, m_g
 * multiprocessors of graphics processing cluster g and c blocks a cluster. Exactly it is
 * `cudaOccupancyMaxActiveClusters` on the device itself; where one block fills a multiprocessor and the device's
 * description has that, it is taken.
 *
 * @throws {InvalidKernelError} for a number that no kernel could have, or a cluster that the device does not launch.
 */
export function maxActiveClusters(device: CudaDevice, launch: KernelLaunch, clusterBlocks: number): ActiveClusters {
  requireClusterBlocks(device, clusterBlocks);
  const blocks = occupancy(device, launch).blocksPerMultiprocessor;
  const reported = device.activeClusters.find((count) => count.clusterBlocks === clusterBlocks);
  if (blocks === 1 && reported) return { clusters: reported.clusters, kind: "reported" };
  const groups = device.graphicsProcessingClusterCount;
  const holds = (multiprocessors: number): number => Math.floor((blocks * multiprocessors) / clusterBlocks);
  if (groups === null) return { clusters: holds(device.multiprocessorCount), kind: "bound" };
  const pairs = Math.floor(device.multiprocessorCount / multiprocessorsPerPair);
  const larger = pairs % groups;
  const pairsOfSmaller = Math.floor(pairs / groups);
  return {
    clusters:
      larger * holds((pairsOfSmaller + 1) * multiprocessorsPerPair) +
      (groups - larger) * holds(pairsOfSmaller * multiprocessorsPerPair),
    kind: "estimate",
  };
}

function requireClusterBlocks(device: CudaDevice, clusterBlocks: number): void {
  requireInteger("clusterBlocks", clusterBlocks, 1, maxClusterBlocks(device, true));
}
