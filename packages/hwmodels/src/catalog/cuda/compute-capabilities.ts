import type { ClusterLimits, ComputeCapability, CudaCapabilities, CudaMultiprocessor } from "../../device.js";
import { deepFreeze } from "../../freeze.js";
import type { DeviceSource } from "../../source.js";

/** What all products of one compute capability have in common. */
export interface CudaArchitecture extends CudaMultiprocessor {
  readonly clusters: ClusterLimits | null;
  readonly supports: CudaCapabilities;
  readonly sources: readonly DeviceSource[];
}

const kibibytes = (count: number): number => count * 1024;

/** The sizes that shared memory can be configured to, in KiB, by the size of the L1 storage. */
const carveouts = {
  volta: [0, 8, 16, 32, 64, 96],
  turing: [32, 64],
  l1Of128KiB: [0, 8, 16, 32, 64, 100],
  l1Of192KiB: [0, 8, 16, 32, 64, 100, 132, 164],
  l1Of256KiB: [0, 8, 16, 32, 64, 100, 132, 164, 196, 228],
} as const;

/** One row of the table: what differs between compute capabilities. */
interface Row {
  readonly capability: readonly [major: number, minor: number];
  readonly threads: number;
  readonly blocks: number;
  /** Named barriers for each resident block, counted from compute capability 9.0 on. */
  readonly barriersPerBlock?: 1 | 2;
  readonly carveoutKibibytes: readonly number[];
  /** The largest cluster that is not portable, where NVIDIA publishes it. */
  readonly maxClusterBlocks?: number;
}

const rows: readonly Row[] = [
  { capability: [7, 0], threads: 2048, blocks: 32, carveoutKibibytes: carveouts.volta },
  { capability: [7, 5], threads: 1024, blocks: 16, carveoutKibibytes: carveouts.turing },
  { capability: [8, 0], threads: 2048, blocks: 32, carveoutKibibytes: carveouts.l1Of192KiB },
  { capability: [8, 6], threads: 1536, blocks: 16, carveoutKibibytes: carveouts.l1Of128KiB },
  { capability: [8, 7], threads: 1536, blocks: 16, carveoutKibibytes: carveouts.l1Of192KiB },
  { capability: [8, 8], threads: 1536, blocks: 16, carveoutKibibytes: carveouts.l1Of128KiB },
  { capability: [8, 9], threads: 1536, blocks: 24, carveoutKibibytes: carveouts.l1Of128KiB },
  {
    capability: [9, 0],
    threads: 2048,
    blocks: 32,
    barriersPerBlock: 2,
    carveoutKibibytes: carveouts.l1Of256KiB,
    maxClusterBlocks: 16,
  },
  {
    capability: [10, 0],
    threads: 2048,
    blocks: 32,
    barriersPerBlock: 2,
    carveoutKibibytes: carveouts.l1Of256KiB,
    maxClusterBlocks: 16,
  },
  { capability: [10, 3], threads: 2048, blocks: 32, barriersPerBlock: 2, carveoutKibibytes: carveouts.l1Of256KiB },
  { capability: [11, 0], threads: 1536, blocks: 24, barriersPerBlock: 1, carveoutKibibytes: carveouts.l1Of256KiB },
  { capability: [12, 0], threads: 1536, blocks: 24, barriersPerBlock: 1, carveoutKibibytes: carveouts.l1Of128KiB },
  { capability: [12, 1], threads: 1536, blocks: 24, barriersPerBlock: 1, carveoutKibibytes: carveouts.l1Of128KiB },
];

function architecture({
  capability: [major, minor],
  threads,
  blocks,
  barriersPerBlock,
  ...row
}: Row): CudaArchitecture {
  // From Ampere on the system keeps 1 KiB of every block's shared memory.
  const sharedReservedBytesPerBlock = major >= 8 ? kibibytes(1) : 0;
  const sharedBytesPerMultiprocessor = kibibytes(Math.max(...row.carveoutKibibytes));
  return {
    computeCapability: { major, minor },
    warpSize: 32,
    maxThreadsPerBlock: 1024,
    maxThreadsPerMultiprocessor: threads,
    maxBlocksPerMultiprocessor: blocks,
    blockBarriersPerMultiprocessor: barriersPerBlock === undefined ? null : barriersPerBlock * blocks,
    registersPerBlock: 65_536,
    registersPerMultiprocessor: 65_536,
    maxRegistersPerThread: 255,
    registerAllocationUnit: 256,
    warpAllocationGranularity: 4,
    sharedBytesPerBlock: kibibytes(48),
    // One block may have all of the multiprocessor's shared memory but the reserved part.
    sharedBytesPerBlockOptin: sharedBytesPerMultiprocessor - sharedReservedBytesPerBlock,
    sharedBytesPerMultiprocessor,
    sharedReservedBytesPerBlock,
    sharedGranuleBytes: major >= 8 ? 128 : 256,
    sharedCarveoutBytes: row.carveoutKibibytes.map(kibibytes),
    clusters: major >= 9 ? { maxPortableBlocks: 8, maxBlocks: row.maxClusterBlocks ?? null } : null,
    supports: {
      cooperativeLaunch: true,
      clusters: major >= 9,
      asyncCopy: major >= 8,
      bf16MatrixMultiply: major >= 8,
    },
    sources,
  };
}

const sources: readonly DeviceSource[] = [
  {
    covers: [
      "maxBlocksPerMultiprocessor",
      "blockBarriersPerMultiprocessor",
      "registerAllocationUnit",
      "warpAllocationGranularity",
      "sharedGranuleBytes",
      "sharedCarveoutBytes",
    ],
    kind: "published",
    from: "cuda_occupancy.h of CUDA Toolkit 13.0",
  },
  {
    covers: [
      "computeCapability",
      "warpSize",
      "maxThreadsPerBlock",
      "maxThreadsPerMultiprocessor",
      "registersPerBlock",
      "registersPerMultiprocessor",
      "maxRegistersPerThread",
      "sharedBytesPerBlock",
      "sharedBytesPerBlockOptin",
      "sharedBytesPerMultiprocessor",
      "sharedReservedBytesPerBlock",
    ],
    kind: "published",
    from: "libcudacxx arch_traits.h (NVIDIA/cccl, 004ad19)",
  },
  { covers: ["supports"], kind: "published", from: "PTX ISA 9.0, sections on cp.async, mma and clusters" },
  {
    covers: ["clusters"],
    kind: "published",
    from: 'NVIDIA Hopper and Blackwell Tuning Guides, CUDA Toolkit 13.0, "Thread Block Clusters"',
  },
];

/** Every compute capability from 7.0 to 12.1 that has a product, ascending. */
export const cudaArchitectures: readonly CudaArchitecture[] = deepFreeze(rows.map(architecture));

/** A compute capability as it is written, e.g. `"9.0"`. */
export const capabilityText = ({ major, minor }: ComputeCapability): string => `${major}.${minor}`;
