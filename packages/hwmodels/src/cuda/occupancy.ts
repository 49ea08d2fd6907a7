import type { CudaMultiprocessor } from "../device.js";
import { roundUp } from "../rounding.js";
import { completeLaunch, type KernelLaunch } from "./kernel-resources.js";
import { registersPerWarp } from "./registers.js";
import { carveoutFor, sharedBytesAllocated, sharedBytesLimit } from "./shared-memory.js";

/** What can bound the number of blocks on a multiprocessor. */
export type OccupancyResource = "warps" | "blocks" | "registers" | "shared" | "barriers";

/** How many blocks of a kernel a multiprocessor holds at once, and why. */
export interface Occupancy {
  /** Resident blocks; 0 if the launch is refused. */
  readonly blocksPerMultiprocessor: number;
  /** Resident warps over the most that the multiprocessor holds, 0 to 1. */
  readonly warpOccupancy: number;
  /** All resources that allow no more than that. */
  readonly limitedBy: readonly OccupancyResource[];
  /** Blocks that each resource allows by itself; `Infinity` if the kernel uses none of it. */
  readonly limits: Readonly<Record<OccupancyResource, number>>;
  /** What one block is given, rounding included. */
  readonly allocated: { readonly warps: number; readonly registers: number; readonly sharedBytes: number };
  /** What the multiprocessor's shared memory is configured to, in bytes; 0 if no block fits the limit of a block. */
  readonly carveoutBytes: number;
}

type CompleteLaunch = Required<KernelLaunch>;

function warpLimit(device: CudaMultiprocessor, launch: CompleteLaunch, warps: number): number {
  if (launch.threadsPerBlock > device.maxThreadsPerBlock) return 0;
  return Math.floor(device.maxThreadsPerMultiprocessor / device.warpSize / warps);
}

function registerLimit(device: CudaMultiprocessor, launch: CompleteLaunch, warps: number): number {
  if (launch.registersPerThread === 0) return Infinity;
  const perWarp = registersPerWarp(device, launch.registersPerThread);
  // Compared as allocated, since the vendor's calculator lets 256 registers pass where the compiler stops at 255.
  if (perWarp > registersPerWarp(device, device.maxRegistersPerThread)) return 0;
  const subPartitions = device.warpAllocationGranularity;
  // The launch check counts as if every sub-partition took equally many of the block's warps.
  if (perWarp * roundUp(warps, subPartitions) > device.registersPerBlock) return 0;
  const warpsPerSubPartition = Math.floor(device.registersPerMultiprocessor / subPartitions / perWarp);
  return Math.floor((warpsPerSubPartition * subPartitions) / warps);
}

function sharedLimit(device: CudaMultiprocessor, launch: CompleteLaunch): { blocks: number; carveoutBytes: number } {
  const { staticSharedBytes, dynamicSharedBytes, maxDynamicSharedBytes, carveoutPercent } = launch;
  const allocated = sharedBytesAllocated(device, staticSharedBytes + dynamicSharedBytes);
  const limit = sharedBytesLimit(device, staticSharedBytes + maxDynamicSharedBytes);
  if (dynamicSharedBytes > maxDynamicSharedBytes || allocated > limit) return { blocks: 0, carveoutBytes: 0 };
  const carveoutBytes = carveoutFor(device, carveoutPercent, allocated);
  return { blocks: allocated === 0 ? Infinity : Math.floor(carveoutBytes / allocated), carveoutBytes };
}

function barrierLimit(device: CudaMultiprocessor, { blockBarrierCount }: CompleteLaunch): number {
  if (device.blockBarriersPerMultiprocessor === null || blockBarrierCount === 0) return Infinity;
  return Math.floor(device.blockBarriersPerMultiprocessor / blockBarrierCount);
}

/**
 * How many blocks of a kernel one multiprocessor holds at once:
 *
 * blocks = min(warps, blocks, registers, shared, barriers), each the number of blocks that this resource allows:
 *
 * - warps: ⌊resident warps / w⌋ with w = ⌈threads / 32⌉
 * - registers: ⌊s · ⌊registers / s / r⌋ / w⌋ with r registers a warp after rounding and s sub-partitions
 * - shared: ⌊carve-out / m⌋ with m bytes a block after adding the reserved part and rounding
 * - barriers: ⌊named barriers / barriers a block⌋, from compute capability 9.0 on
 *
 * A launch beyond the limits of one block gets 0 from the resource in question.
 *
 * Partitioned global caching (before Volta) and the virtual resources of compute capability 10 and later, which no
 * public kernel attribute reports, are left out.
 *
 * @throws {InvalidKernelError} for a number that no kernel could have.
 *
 * Source: `cuda_occupancy.h` of CUDA Toolkit 13.0, `cudaOccMaxActiveBlocksPerMultiprocessor`.
 */
export function occupancy(device: CudaMultiprocessor, kernelLaunch: KernelLaunch): Occupancy {
  const launch = completeLaunch(kernelLaunch);
  const warps = Math.ceil(launch.threadsPerBlock / device.warpSize);
  const shared = sharedLimit(device, launch);
  const limits: Record<OccupancyResource, number> = {
    warps: warpLimit(device, launch, warps),
    blocks: device.maxBlocksPerMultiprocessor,
    registers: registerLimit(device, launch, warps),
    shared: shared.blocks,
    barriers: barrierLimit(device, launch),
  };
  const blocksPerMultiprocessor = Math.min(...Object.values(limits));
  return {
    blocksPerMultiprocessor,
    warpOccupancy: (blocksPerMultiprocessor * warps * device.warpSize) / device.maxThreadsPerMultiprocessor,
    limitedBy: (Object.keys(limits) as OccupancyResource[]).filter((name) => limits[name] === blocksPerMultiprocessor),
    limits,
    allocated: {
      warps,
      registers: registersPerWarp(device, launch.registersPerThread) * warps,
      sharedBytes: sharedBytesAllocated(device, launch.staticSharedBytes + launch.dynamicSharedBytes),
    },
    carveoutBytes: shared.carveoutBytes,
  };
}
