import type { DeviceSource } from "./source.js";

/** What every catalogued device has: a name to ask for it by, a name to print, and where its numbers come from. */
interface DeviceIdentity {
  /** Short name in lower case, e.g. `"h200"`; unique in the catalogue. */
  readonly id: string;
  /** The product's full name, e.g. `"NVIDIA H200"`. */
  readonly name: string;
  /** Who makes it, in lower case, e.g. `"nvidia"`; `"any"` for limits that hold for every vendor. */
  readonly vendor: string;
  /** Where each number comes from; see `sourceOf`. */
  readonly sources: readonly DeviceSource[];
}

/** An NVIDIA compute capability, e.g. `{ major: 9, minor: 0 }` for `sm_90`. */
export interface ComputeCapability {
  readonly major: number;
  readonly minor: number;
}

/** The limits of a CUDA multiprocessor and of one block on it: all that occupancy depends on. */
export interface CudaMultiprocessor {
  readonly computeCapability: ComputeCapability;
  /** Threads in a warp. */
  readonly warpSize: number;
  readonly maxThreadsPerBlock: number;
  /** Resident threads; a multiple of `warpSize`. */
  readonly maxThreadsPerMultiprocessor: number;
  /** Resident blocks. */
  readonly maxBlocksPerMultiprocessor: number;
  /**
   * Named block barriers that resident blocks share, or `null` where the vendor's occupancy calculator counts none
   * (before compute capability 9.0).
   */
  readonly blockBarriersPerMultiprocessor: number | null;
  /** 32-bit registers that one block may be given. */
  readonly registersPerBlock: number;
  /** 32-bit registers of the whole register file. */
  readonly registersPerMultiprocessor: number;
  /** 32-bit registers that the compiler may give one thread. */
  readonly maxRegistersPerThread: number;
  /** A warp's registers are rounded up to a multiple of this many 32-bit registers. */
  readonly registerAllocationUnit: number;
  /**
   * Sub-partitions of the multiprocessor: warps are dealt to them in turn and each owns an equal part of the register
   * file, so the launch check counts a block's warps rounded up to a multiple of this.
   */
  readonly warpAllocationGranularity: number;
  /** Shared memory that a block may have without opting in. */
  readonly sharedBytesPerBlock: number;
  /** Shared memory that a block may have after opting in; what the system reserves is not part of it. */
  readonly sharedBytesPerBlockOptin: number;
  /** The largest part of the L1 storage that can become shared memory; equal to the last of `sharedCarveoutBytes`. */
  readonly sharedBytesPerMultiprocessor: number;
  /** Shared memory that the system takes for itself in every block. */
  readonly sharedReservedBytesPerBlock: number;
  /** A block's shared memory, the reserved part included, is rounded up to a multiple of this. */
  readonly sharedGranuleBytes: number;
  /** The sizes that shared memory can be configured to, ascending. */
  readonly sharedCarveoutBytes: readonly number[];
}

/** The sizes of thread block clusters. */
export interface ClusterLimits {
  /** Blocks of a cluster that every device of the compute capability launches. */
  readonly maxPortableBlocks: number;
  /**
   * Blocks of a cluster after `cudaFuncAttributeNonPortableClusterSizeAllowed`; `null` where NVIDIA does not publish it
   * and `cudaOccupancyMaxPotentialClusterSize` has to be asked on the device.
   */
  readonly maxBlocks: number | null;
}

/** How many clusters of a size are active at once when each block takes a multiprocessor for itself. */
export interface ActiveClusterCount {
  readonly clusterBlocks: number;
  readonly clusters: number;
}

/** What code for a CUDA device may use. */
export interface CudaCapabilities {
  /** Grid-wide barriers by cooperative launch. */
  readonly cooperativeLaunch: boolean;
  /** Thread block clusters and distributed shared memory. */
  readonly clusters: boolean;
  /** `cp.async` from global to shared memory. */
  readonly asyncCopy: boolean;
  /** bf16 inputs with fp32 accumulation through `mma.sync`. */
  readonly bf16MatrixMultiply: boolean;
}

/**
 * What the parts of a recurrent kernel's step take beyond what rates tell, in clock cycles: constants of a cost model that is linear in them,
 * fitted to measured times of generated kernels (`kernelgen calibrate`).
 *
 * A warp's slot is what its lanes finish together: a unit or two of a sequence for each lane.
 */
export interface CudaCalibration {
  /** What every step takes whatever it computes: its barrier, loop and addresses, the pointwise chain's part that nothing hides. */
  readonly stepCycles: number;
  /**
   * The wait of a round of the unrolled loop over time for what the round before loaded last. All loads of a round are counted together, so that
   * the more steps ahead inputs are loaded, and with them the more steps a round has, the fewer such waits there are.
   */
  readonly prefetchWaitCycles: number;
  /** A matrix instruction (`mma.sync`) that waits for the one before it, for each that is missing to hide that. */
  readonly matrixMultiplyLatencyCycles: number;
  /** The part of the issue time of matrix instructions that their latency does not hide; a factor. */
  readonly matrixMultiplyShare: number;
  /** Instructions issued for a fused multiply-add, loads of operands included; a factor. */
  readonly multiplyAddInstructions: number;
  /** What a fused multiply-add takes beyond that where one warp has a part of a multiprocessor to itself, in the same instructions; a factor. */
  readonly loneMultiplyAddInstructions: number;
  /** Four multiply-adds that wait for the word of h that they need, for each row of R that is missing to hide that. */
  readonly multiplyAddLatencyCycles: number;
  /** One tile or chunk of R that a warp reads from shared memory where nothing hides its way to registers. */
  readonly sharedTileCycles: number;
  /** One shuffle and addition of a warp. */
  readonly shuffleCycles: number;
  /** One round of an exchange among the lanes of a warp. */
  readonly shuffleLatencyCycles: number;
  /** A sum over warps through shared memory, beside its bytes: a barrier and two trips. */
  readonly reductionCycles: number;
  /** The pointwise part of one unit of a warp, issued; for an LSTM, other cells in proportion. */
  readonly unitIssueCycles: number;
  /** The pointwise part of one unit of a thread beyond what runs beside other warps; for an LSTM, other cells in proportion. */
  readonly unitLatencyCycles: number;
  /** One load of a slot by its thread: an input of a gate, or a value that the forward pass saved. */
  readonly slotLoadCycles: number;
  /** One store of a warp's slot: a state, or a value that the backward pass reads. */
  readonly slotStoreCycles: number;
  /** From a block's store to the shared memory of another block of its cluster to a thread there that waits having it. */
  readonly clusterExchangeCycles: number;
  /** One byte that a block receives from its cluster. */
  readonly clusterByteCycles: number;
  /** From one launch of a graph to the next that waits for it. */
  readonly launchCycles: number;
  /** One byte of R and h that a block of a kernel launched for each step reads from L2 or device memory. */
  readonly stepwiseByteCycles: number;
  /** One chunk of the inner dimension of a warp of such a kernel: what its copy takes that the chunks before it do not hide. */
  readonly stepwiseChunkCycles: number;
  /** One unit of a thread of such a kernel, from its sums to its stores, one after the other. */
  readonly stepwiseUnitCycles: number;
  /** From a block's write of the state to the first look of another that finds it in L2, apart from that look. */
  readonly exchangeWriteCycles: number;
  /** One look at the state in L2: a round trip. */
  readonly exchangeLookCycles: number;
  /** One byte of state that a block reads from L2. */
  readonly exchangeByteCycles: number;
  /** One word of 16 bytes that a lane reads from L2 where each warp reads for itself and multiplies what has come while more travels. */
  readonly fragmentWordCycles: number;
  /** One element of a sequence's operand where each warp reads for itself: the more there are, from the more blocks, the later the last comes. */
  readonly fragmentElementCycles: number;
  /** The time of a part of R that all blocks read in every step, in terms of what the rate of L2, or of device memory, gives; a factor. */
  readonly streamedMatrixShare: number;
}

/** Rates and latencies for predicting a kernel's time. */
export interface CudaTiming {
  /**
   * `"measured"`: the latencies were measured on this product. `"scaled"`: they are the clock cycles measured on the
   * NVIDIA H200, at this product's clock.
   */
  readonly latencies: "measured" | "scaled";
  /** The highest clock of the multiprocessors, in MHz. */
  readonly clockMegahertz: number;
  /** fp32 fused multiply-adds a clock on one multiprocessor. */
  readonly fmaPerClockPerMultiprocessor: number;
  /** Reciprocals, exponentials and hyperbolic tangents (the `.approx` instructions) a clock on one multiprocessor. */
  readonly specialFunctionsPerClockPerMultiprocessor: number;
  /** bf16 multiply-adds with fp32 accumulation a clock on one multiprocessor through `mma.sync`; 0 where there is none. */
  readonly bf16MultiplyAddsPerClockPerMultiprocessor: number;
  /** Shared-memory bytes read or written a clock on one multiprocessor, free of bank conflicts. */
  readonly sharedBytesPerClockPerMultiprocessor: number;
  /** One `__syncthreads()` of a block of 256 threads, in ns. */
  readonly blockBarrierNanoseconds: number;
  /** One barrier of a cluster of 2 to 16 blocks, in ns; `null` without clusters. */
  readonly clusterBarrierNanoseconds: number | null;
  /** One grid-wide barrier: an atomic counter with release and acquire, one block on every multiprocessor, in ns. */
  readonly gridBarrierNanoseconds: number;
  /** From a block's store to a polling reader in another block having it through L2, in ns, bandwidth apart. */
  readonly gridExchangeNanoseconds: number;
  /** Rate at which one block of 256 threads then reads what the others wrote, with plain loads, in bytes per second. */
  readonly gridExchangeBytesPerSecondPerBlock: number;
  /** Reads that hit L2, all multiprocessors together, in bytes per second; an estimate on most products. */
  readonly l2BytesPerSecond: number;
  /** The vendor's peak of the device memory, in bytes per second. */
  readonly memoryBytesPerSecond: number;
  /** What rates and latencies do not tell of a generated kernel; the same clock cycles as the H200's where none were timed. */
  readonly calibration: CudaCalibration;
}

/** An NVIDIA GPU as CUDA sees it. */
export interface CudaDevice extends DeviceIdentity, CudaMultiprocessor {
  readonly kind: "cuda";
  readonly multiprocessorCount: number;
  /**
   * Graphics processing clusters (GPCs) that the multiprocessors belong to; a thread block cluster runs within one.
   * `null` where it is not published.
   */
  readonly graphicsProcessingClusterCount: number | null;
  readonly l2Bytes: number;
  /** Sizes of thread block clusters, or `null` without them. */
  readonly clusters: ClusterLimits | null;
  /**
   * `cudaOccupancyMaxActiveClusters` as a device reported it; empty where none was asked. Devices of one product differ,
   * by which of their multiprocessors are switched off.
   */
  readonly activeClusters: readonly ActiveClusterCount[];
  readonly supports: CudaCapabilities;
  readonly timing: CudaTiming;
}

/**
 * The compute limits of a WebGPU adapter, under their WebGPU names; sizes in bytes.
 *
 * Source: WebGPU specification, section "Limits".
 */
export interface WebGpuLimits {
  readonly maxBindGroups: number;
  readonly maxBindingsPerBindGroup: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxUniformBuffersPerShaderStage: number;
  readonly maxUniformBufferBindingSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly minUniformBufferOffsetAlignment: number;
  readonly minStorageBufferOffsetAlignment: number;
  readonly maxBufferSize: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupSizeX: number;
  readonly maxComputeWorkgroupSizeY: number;
  readonly maxComputeWorkgroupSizeZ: number;
  readonly maxComputeWorkgroupsPerDimension: number;
}

/**
 * The WebGPU features that change what a compute kernel may do, under their WebGPU names; the last one is an experiment of Dawn (Chromium's
 * implementation), which it offers with its toggle `allow_unsafe_apis` alone.
 */
export type WebGpuFeature = "shader-f16" | "subgroups" | "timestamp-query" | "chromium-experimental-subgroup-matrix";

/** The types of a subgroup matrix's components, under their names in WGSL. */
export type SubgroupMatrixComponent = "f32" | "f16" | "u32" | "i32" | "u8" | "i8";

/**
 * A product of matrices that the invocations of a subgroup compute together: left [m,k] times right [k,n], added to result [m,n].
 *
 * Source: Dawn, docs/dawn/features/subgroup_matrix.md, `GPUSubgroupMatrixConfig`.
 */
export interface SubgroupMatrixShape {
  /** Of left and right. */
  readonly component: SubgroupMatrixComponent;
  /** Of the sums. */
  readonly result: SubgroupMatrixComponent;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** What WebGPU does not say about a device and a plan needs all the same: assumptions, not promises. */
export interface WebGpuAssumptions {
  /** 32-bit values that one invocation can keep in registers before the driver's compiler spills. */
  readonly registersPerInvocation: number;
  /** 32-bit registers that the invocations of one workgroup share. */
  readonly registersPerWorkgroup: number;
  /** Workgroups that run at once at full speed. */
  readonly computeUnitCount: number;
  readonly clockMegahertz: number;
  /** f32 fused multiply-adds a clock on one compute unit. */
  readonly fmaPerClockPerComputeUnit: number;
  /** Multiply-adds a clock on one compute unit through subgroup matrices, where there are any. */
  readonly subgroupMatrixMultiplyAddsPerClockPerComputeUnit: number;
  /** Exponentials, divisions and hyperbolic tangents a clock on one compute unit. */
  readonly specialFunctionsPerClockPerComputeUnit: number;
  /** Bytes of workgroup storage read or written a clock on one compute unit. */
  readonly workgroupBytesPerClockPerComputeUnit: number;
  /** One `workgroupBarrier()`, in ns; for each subgroup where they take turns. */
  readonly workgroupBarrierNanoseconds: number;
  /** From one dispatch to the next that depends on it, in one compute pass, in µs. */
  readonly dispatchMicroseconds: number;
  /** Reads of storage buffers that hit the last cache level, whole device, in bytes per second. */
  readonly storageBytesPerSecond: number;
  /**
   * Whether a compute unit runs the subgroups of a workgroup one after the other, as a driver does that computes on the processor: they do not share
   * reads of the same address, and a barrier is a switch for each of them.
   */
  readonly subgroupsTakeTurns: boolean;
}

/**
 * A WebGPU adapter.
 *
 * WebGPU has no barrier across workgroups and no promise that workgroups progress together, so no kernel may wait for
 * another workgroup inside a dispatch.
 */
export interface WebGpuDevice extends DeviceIdentity {
  readonly kind: "webgpu";
  readonly limits: WebGpuLimits;
  readonly features: readonly WebGpuFeature[];
  /** Subgroup sizes that the adapter may choose, or `null` without the feature `subgroups`. */
  readonly subgroupSizes: { readonly min: number; readonly max: number } | null;
  /** The products of subgroup matrices that there are; none without the feature `chromium-experimental-subgroup-matrix`. */
  readonly subgroupMatrices: readonly SubgroupMatrixShape[];
  readonly assumed: WebGpuAssumptions;
}

/** A device that a kernel can be planned for; `kind` tells which. */
export type Device = CudaDevice | WebGpuDevice;
