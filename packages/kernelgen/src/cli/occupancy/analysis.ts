import {
  type ActiveClusters,
  bestBlockSize,
  type CudaDevice,
  type KernelLaunch,
  maxActiveClusters,
  maxClusterBlocks,
  maxCooperativeBlocks,
  maxDynamicSharedBytes,
  maxRegistersPerThread,
  type Occupancy,
  occupancy,
} from "hwmodels";
import { KernelgenError } from "../../errors.js";

/** What a kernel may use so that a multiprocessor holds so many blocks. */
export interface Alternative {
  readonly blocksPerMultiprocessor: number;
  readonly maxRegistersPerThread: number;
  /** `null` if shared memory does not hold so many, even without dynamic shared memory. */
  readonly maxDynamicSharedBytes: number | null;
}

/** Everything that the command prints. */
export interface OccupancyAnalysis {
  readonly device: CudaDevice;
  readonly launch: KernelLaunch;
  readonly occupancy: Occupancy;
  readonly maxCooperativeBlocks: number;
  readonly clusters: readonly ({ readonly clusterBlocks: number } & ActiveClusters)[];
  /** Every number of blocks that warps and the multiprocessor's own limit allow. */
  readonly alternatives: readonly Alternative[];
  readonly bestBlockSize: { readonly threadsPerBlock: number; readonly occupancy: Occupancy } | null;
}

/** Throws `KernelgenError` "no-configuration" for a launch that the device refuses, with what it needs and what is allowed. */
export function analyse(device: CudaDevice, launch: KernelLaunch): OccupancyAnalysis {
  const found = occupancy(device, launch);
  // The vendor's calculator lets 256 registers pass, which no compiler gives a thread.
  const tooMany = launch.registersPerThread > device.maxRegistersPerThread;
  if (tooMany || found.blocksPerMultiprocessor === 0)
    throw new KernelgenError("no-configuration", refusal(device, launch, found));
  const { threadsPerBlock, dynamicSharedBytes = 0, ...kernel } = launch;
  const { warps, blocks } = found.limits;
  return {
    device,
    launch,
    occupancy: found,
    maxCooperativeBlocks: maxCooperativeBlocks(device, launch),
    clusters: clusterSizes(device).map((clusterBlocks) => ({
      clusterBlocks,
      ...maxActiveClusters(device, launch, clusterBlocks),
    })),
    alternatives: Array.from({ length: Math.min(warps, blocks) }, (_, index) => ({
      blocksPerMultiprocessor: index + 1,
      maxRegistersPerThread: maxRegistersPerThread(device, threadsPerBlock, index + 1),
      maxDynamicSharedBytes: maxDynamicSharedBytes(device, index + 1, kernel),
    })),
    bestBlockSize: bestBlockSize(device, kernel, { dynamicSharedBytes: () => dynamicSharedBytes }),
  };
}

/** Powers of two up to the largest cluster; none without clusters. */
function clusterSizes(device: CudaDevice): readonly number[] {
  const largest = maxClusterBlocks(device, true);
  return [2, 4, 8, 16].filter((size) => size <= largest);
}

/** Why a launch is refused: the first resource of which one block needs more than it may have. */
function refusal(device: CudaDevice, launch: KernelLaunch, { limits, allocated }: Occupancy): string {
  const { name } = device;
  if (limits.warps === 0) {
    return `threads: ${launch.threadsPerBlock} in a block, ${name} allows ${device.maxThreadsPerBlock}`;
  }
  if (launch.registersPerThread > device.maxRegistersPerThread) {
    return `registers: ${launch.registersPerThread} a thread, ${name} allows ${device.maxRegistersPerThread}`;
  }
  if (limits.registers === 0) {
    return `registers: a block of ${launch.threadsPerBlock} threads of ${launch.registersPerThread} needs ${allocated.registers}, ${name} allows ${device.registersPerBlock}`;
  }
  if (limits.shared === 0) {
    const { staticSharedBytes = 0, dynamicSharedBytes = 0, maxDynamicSharedBytes = dynamicSharedBytes } = launch;
    if (dynamicSharedBytes > maxDynamicSharedBytes) {
      return `dynamic shared memory: ${dynamicSharedBytes} B asked for, the kernel's limit is ${maxDynamicSharedBytes} B`;
    }
    const optedIn = staticSharedBytes + maxDynamicSharedBytes > device.sharedBytesPerBlock;
    const allowed = optedIn ? device.sharedBytesPerBlockOptin : device.sharedBytesPerBlock;
    return `shared memory: needs ${staticSharedBytes + dynamicSharedBytes} B in a block, ${name} allows ${allowed} B`;
  }
  return `barriers: ${launch.blockBarrierCount} named barriers in a block, ${name} has ${device.blockBarriersPerMultiprocessor}`;
}
