/** What a kernel asks of a multiprocessor, block size apart. */
export interface KernelResources {
  /** 32-bit registers of one thread, as `ptxas` reports them; 0 counts as no limit. */
  readonly registersPerThread: number;
  /** `__shared__` variables of fixed size. Default 0. */
  readonly staticSharedBytes?: number;
  /**
   * What `cudaFuncAttributeMaxDynamicSharedMemorySize` is set to: the most dynamic shared memory a launch may ask for.
   * Default: as much as the launch in question asks for, as if the host program opts in wherever it has to.
   */
  readonly maxDynamicSharedBytes?: number;
  /**
   * What `cudaFuncAttributePreferredSharedMemoryCarveout` is set to: the share of the multiprocessor's shared memory to
   * configure, 0 to 100. Default: no preference, which counts as all of it.
   */
  readonly carveoutPercent?: number;
  /** Named barriers that a block uses. Default 1, which is `__syncthreads()`. */
  readonly blockBarrierCount?: number;
}

/** A kernel and how it is launched. */
export interface KernelLaunch extends KernelResources {
  readonly threadsPerBlock: number;
  /** Dynamic shared memory that the launch asks for. Default 0. */
  readonly dynamicSharedBytes?: number;
}

/** A number of a kernel's description is not one that any kernel could have. */
export class InvalidKernelError extends Error {
  readonly code = "invalid-kernel";
  override readonly name = "InvalidKernelError";

  constructor(
    /** The property that is wrong. */
    readonly property: string,
    /** Its value. */
    readonly value: number,
    smallest: number,
    largest: number,
  ) {
    const range = largest === Number.MAX_SAFE_INTEGER ? `at least ${smallest}` : `from ${smallest} to ${largest}`;
    super(`${property}: needs an integer ${range}, got ${value}`);
  }
}

/**
 * Refuses a number that is no integer from `smallest` to `largest`.
 *
 * @internal
 */
export function requireInteger(
  property: string,
  value: number,
  smallest: number,
  largest: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isSafeInteger(value) || value < smallest || value > largest) {
    throw new InvalidKernelError(property, value, smallest, largest);
  }
}

/**
 * The kernel with every default filled in.
 *
 * @throws {InvalidKernelError} for a number that no kernel could have.
 * @internal
 */
export function completeLaunch(launch: KernelLaunch): Required<KernelLaunch> {
  const dynamicSharedBytes = launch.dynamicSharedBytes ?? 0;
  const complete = {
    threadsPerBlock: launch.threadsPerBlock,
    registersPerThread: launch.registersPerThread,
    staticSharedBytes: launch.staticSharedBytes ?? 0,
    dynamicSharedBytes,
    maxDynamicSharedBytes: launch.maxDynamicSharedBytes ?? dynamicSharedBytes,
    carveoutPercent: launch.carveoutPercent ?? 100,
    blockBarrierCount: launch.blockBarrierCount ?? 1,
  };
  requireInteger("threadsPerBlock", complete.threadsPerBlock, 1);
  requireInteger("registersPerThread", complete.registersPerThread, 0);
  requireInteger("staticSharedBytes", complete.staticSharedBytes, 0);
  requireInteger("dynamicSharedBytes", complete.dynamicSharedBytes, 0);
  requireInteger("maxDynamicSharedBytes", complete.maxDynamicSharedBytes, 0);
  requireInteger("carveoutPercent", complete.carveoutPercent, 0, 100);
  requireInteger("blockBarrierCount", complete.blockBarrierCount, 0);
  return complete;
}
