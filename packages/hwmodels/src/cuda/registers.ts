import type { CudaMultiprocessor } from "../device.js";
import { roundDown, roundUp } from "../rounding.js";
import { requireInteger } from "./kernel-resources.js";

/**
 * The registers that a warp is given: `warpSize · registersPerThread`, rounded up to the allocation unit.
 *
 * Source: `cuda_occupancy.h`, `cudaOccMaxBlocksPerSMRegsLimit`.
 */
export function registersPerWarp(device: CudaMultiprocessor, registersPerThread: number): number {
  return roundUp(device.warpSize * registersPerThread, device.registerAllocationUnit);
}

/**
 * The most registers that every thread may have so that `blocksPerMultiprocessor` blocks of `threadsPerBlock` threads
 * fit the register file at once: the bound to give the compiler. 0 if that many warps never fit.
 *
 * With w warps a block, s sub-partitions and n blocks, each sub-partition holds ⌈n·w / s⌉ warps, and the launch check
 * counts the warps of a block rounded up to a multiple of s.
 *
 * @throws {InvalidKernelError} for a number that is no positive integer.
 */
export function maxRegistersPerThread(
  device: CudaMultiprocessor,
  threadsPerBlock: number,
  blocksPerMultiprocessor = 1,
): number {
  requireInteger("threadsPerBlock", threadsPerBlock, 1);
  requireInteger("blocksPerMultiprocessor", blocksPerMultiprocessor, 1);
  const subPartitions = device.warpAllocationGranularity;
  const warpsPerBlock = Math.ceil(threadsPerBlock / device.warpSize);
  const warpsPerSubPartition = Math.ceil((blocksPerMultiprocessor * warpsPerBlock) / subPartitions);
  const perWarp = Math.min(
    device.registersPerMultiprocessor / subPartitions / warpsPerSubPartition,
    device.registersPerBlock / roundUp(warpsPerBlock, subPartitions),
  );
  const perThread = roundDown(perWarp, device.registerAllocationUnit) / device.warpSize;
  return Math.min(perThread, device.maxRegistersPerThread);
}
