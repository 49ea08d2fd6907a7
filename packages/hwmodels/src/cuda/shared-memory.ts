import type { CudaMultiprocessor } from "../device.js";
import { roundUp } from "../rounding.js";

/**
 * The shared memory that a block is given: what it declares, what its launch asks for and what the system reserves,
 * rounded up to the granule.
 *
 * Source: `cuda_occupancy.h`, `cudaOccMaxBlocksPerSMSmemLimit`; so are the other functions of this file.
 */
export function sharedBytesAllocated(device: CudaMultiprocessor, declaredBytes: number): number {
  return roundUp(declaredBytes + device.sharedReservedBytesPerBlock, device.sharedGranuleBytes);
}

/**
 * The most shared memory that a block may be given, the reserved part included.
 *
 * It is the opt-in limit as soon as the kernel may ask for more than a block has without opting in.
 */
export function sharedBytesLimit(device: CudaMultiprocessor, maxDeclaredBytes: number): number {
  const declaredBytes =
    maxDeclaredBytes > device.sharedBytesPerBlock ? device.sharedBytesPerBlockOptin : device.sharedBytesPerBlock;
  return declaredBytes + device.sharedReservedBytesPerBlock;
}

/**
 * The size that the multiprocessor's shared memory gets configured to for blocks of `allocatedBytes`: the smallest
 * listed one that is at least the preferred percentage and holds at least one block.
 */
export function carveoutFor(device: CudaMultiprocessor, carveoutPercent: number, allocatedBytes: number): number {
  const preferredBytes = Math.floor((carveoutPercent * device.sharedBytesPerMultiprocessor) / 100);
  // The largest size holds any block and is what 100 % stands for, so there always is one.
  return device.sharedCarveoutBytes.find((size) => size >= Math.max(preferredBytes, allocatedBytes))!;
}
