import type { CudaMultiprocessor } from "../device.js";
import { roundUp } from "../rounding.js";
import { type KernelResources, requireInteger } from "./kernel-resources.js";
import { type Occupancy, occupancy } from "./occupancy.js";

/** A block size and what it achieves. */
export interface BlockSizeChoice {
  readonly threadsPerBlock: number;
  readonly occupancy: Occupancy;
}

/** How a kernel's block size may vary. */
export interface BlockSizeOptions {
  /** Dynamic shared memory that a block of so many threads asks for, in bytes. Default: none. */
  readonly dynamicSharedBytes?: (threadsPerBlock: number) => number;
  /** The largest block that the kernel works with (`__launch_bounds__`). Default: the device's. */
  readonly maxThreadsPerBlock?: number;
}

/**
 * The block size with the most resident threads, the larger block among equals; `null` if no size can be launched.
 *
 * Sizes are tried from the largest down in steps of a warp; the largest one need not be whole warps.
 *
 * @throws {InvalidKernelError} for a number that no kernel could have.
 *
 * Source: `cuda_occupancy.h`, `cudaOccMaxPotentialOccupancyBlockSizeVariableSMem`.
 */
export function bestBlockSize(
  device: CudaMultiprocessor,
  kernel: KernelResources,
  { dynamicSharedBytes = () => 0, maxThreadsPerBlock = device.maxThreadsPerBlock }: BlockSizeOptions = {},
): BlockSizeChoice | null {
  requireInteger("maxThreadsPerBlock", maxThreadsPerBlock, 1);
  const largest = Math.min(device.maxThreadsPerBlock, maxThreadsPerBlock);
  let best: BlockSizeChoice | null = null;
  let bestThreads = 0;
  for (let wholeWarps = roundUp(largest, device.warpSize); wholeWarps > 0; wholeWarps -= device.warpSize) {
    const threadsPerBlock = Math.min(largest, wholeWarps);
    const launch = { ...kernel, threadsPerBlock, dynamicSharedBytes: dynamicSharedBytes(threadsPerBlock) };
    const achieved = occupancy(device, launch);
    const threads = achieved.blocksPerMultiprocessor * threadsPerBlock;
    if (threads > bestThreads) {
      best = { threadsPerBlock, occupancy: achieved };
      bestThreads = threads;
    }
  }
  return best;
}
