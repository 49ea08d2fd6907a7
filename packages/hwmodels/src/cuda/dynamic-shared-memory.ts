import type { CudaMultiprocessor } from "../device.js";
import { roundDown } from "../rounding.js";
import { completeLaunch, type KernelResources, requireInteger } from "./kernel-resources.js";
import { carveoutFor } from "./shared-memory.js";

/** The shared-memory side of a kernel. */
export type SharedMemoryUse = Pick<KernelResources, "staticSharedBytes" | "maxDynamicSharedBytes" | "carveoutPercent">;

/**
 * The most dynamic shared memory that a block may ask for so that shared memory still holds `blocksPerMultiprocessor`
 * blocks at once, in bytes; `null` if it holds fewer even without any.
 *
 * With carve-out c, n blocks have ⌊c / n⌋ each, down to the granule, and what is reserved or declared goes off.
 * Without `maxDynamicSharedBytes` the kernel opts in to all that a block may have.
 *
 * It is the largest d for which {@link occupancy} has `limits.shared ≥ n`. `cudaOccAvailableDynamicSMemPerBlock` of
 * CUDA 13.0 answers up to the reserved 1 KiB more, with which, by the same header, n blocks do not fit.
 *
 * @throws {InvalidKernelError} for a number that no kernel could have.
 */
export function maxDynamicSharedBytes(
  device: CudaMultiprocessor,
  blocksPerMultiprocessor: number,
  use: SharedMemoryUse = {},
): number | null {
  requireInteger("blocksPerMultiprocessor", blocksPerMultiprocessor, 1);
  const { staticSharedBytes, carveoutPercent } = completeLaunch({ ...use, threadsPerBlock: 1, registersPerThread: 0 });
  const fixedBytes = staticSharedBytes + device.sharedReservedBytesPerBlock;
  // A block that outgrows the preferred carve-out moves the multiprocessor on to the next one that holds it, so the
  // larger carve-outs count for as long as the block needs them.
  const preferred = carveoutFor(device, carveoutPercent, 0);
  let largest: number | null = null;
  let nextSmaller = 0;
  for (const carveout of device.sharedCarveoutBytes.filter((bytes) => bytes >= preferred)) {
    const perBlock = Math.min(
      roundDown(carveout / blocksPerMultiprocessor, device.sharedGranuleBytes),
      device.sharedBytesPerBlockOptin + device.sharedReservedBytesPerBlock,
      fixedBytes + (use.maxDynamicSharedBytes ?? Infinity),
    );
    const used = carveout === preferred || perBlock > nextSmaller;
    if (used && perBlock >= fixedBytes) largest = perBlock - fixedBytes;
    nextSmaller = carveout;
  }
  return largest;
}
