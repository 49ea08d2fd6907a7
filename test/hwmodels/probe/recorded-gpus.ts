import type { CudaRuntimeGpu } from "../../../packages/hwmodels/src/probe/cuda-runtime.js";

const common = {
  warpSize: 32,
  maxThreadsPerBlock: 1024,
  registersPerBlock: 65_536,
  registersPerMultiprocessor: 65_536,
  sharedBytesPerBlock: 49_152,
  cooperativeLaunch: true,
} as const;

const withoutClusters = { clusterLaunch: false, maxClusterBlocks: null, activeClusters: [] } as const;

/**
 * What `deviceQuery` printed on real machines, in the form of `device_query.cu`: T4 (bottlerocket-os/
 * bottlerocket-core-kit#181), A100 40 GB (bottlerocket-os/bottlerocket#3873), Jetson Thor (NVIDIA/cutlass#2784), GB10 (a
 * DGX Spark, CUDA 13.0). What `deviceQuery` does not print (opt-in, reserved, blocks) is as the CUDA Programming Guide
 * has it for the compute capability.
 */
export const recordedGpus: Readonly<Record<string, CudaRuntimeGpu>> = {
  t4: {
    ...common,
    ...withoutClusters,
    name: "Tesla T4",
    major: 7,
    minor: 5,
    multiprocessorCount: 40,
    maxThreadsPerMultiprocessor: 1024,
    maxBlocksPerMultiprocessor: 16,
    sharedBytesPerBlockOptin: 65_536,
    sharedBytesPerMultiprocessor: 65_536,
    sharedReservedBytesPerBlock: 0,
    l2Bytes: 4_194_304,
    clockKilohertz: 1_590_000,
    memoryClockKilohertz: 5_001_000,
    memoryBusBits: 256,
  },
  a100: {
    ...common,
    ...withoutClusters,
    name: "NVIDIA A100-SXM4-40GB",
    major: 8,
    minor: 0,
    multiprocessorCount: 108,
    maxThreadsPerMultiprocessor: 2048,
    maxBlocksPerMultiprocessor: 32,
    sharedBytesPerBlockOptin: 166_912,
    sharedBytesPerMultiprocessor: 167_936,
    sharedReservedBytesPerBlock: 1024,
    l2Bytes: 41_943_040,
    clockKilohertz: 1_410_000,
    memoryClockKilohertz: 1_215_000,
    memoryBusBits: 5120,
  },
  thor: {
    ...common,
    name: "NVIDIA Thor",
    major: 11,
    minor: 0,
    multiprocessorCount: 20,
    maxThreadsPerMultiprocessor: 1536,
    maxBlocksPerMultiprocessor: 24,
    sharedBytesPerBlockOptin: 232_448,
    sharedBytesPerMultiprocessor: 233_472,
    sharedReservedBytesPerBlock: 1024,
    l2Bytes: 33_554_432,
    clockKilohertz: 1_049_000,
    memoryClockKilohertz: 0,
    memoryBusBits: 0,
    clusterLaunch: true,
    maxClusterBlocks: null,
    activeClusters: [],
  },
  gb10: {
    ...common,
    name: "NVIDIA GB10",
    major: 12,
    minor: 1,
    multiprocessorCount: 48,
    maxThreadsPerMultiprocessor: 1536,
    maxBlocksPerMultiprocessor: 24,
    sharedBytesPerBlockOptin: 101_376,
    sharedBytesPerMultiprocessor: 102_400,
    sharedReservedBytesPerBlock: 1024,
    l2Bytes: 25_165_824,
    clockKilohertz: 2_418_000,
    memoryClockKilohertz: 8_533_000,
    memoryBusBits: 256,
    clusterLaunch: true,
    maxClusterBlocks: 8,
    activeClusters: [
      { clusterBlocks: 1, clusters: 48 },
      { clusterBlocks: 2, clusters: 24 },
    ],
  },
};
