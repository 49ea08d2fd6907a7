import type { ActiveClusterCount } from "../device.js";
import {
  type FieldsOf,
  flag,
  type GroupsField,
  group,
  orNull,
  problemsOf,
  real,
  text,
  whole,
} from "../device-file/field.js";
import { ProbeError } from "./nvidia-smi.js";

/** A GPU as the CUDA runtime describes it: what the program `device_query.cu` prints for each. */
export interface CudaRuntimeGpu {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  readonly multiprocessorCount: number;
  readonly warpSize: number;
  readonly maxThreadsPerBlock: number;
  readonly maxThreadsPerMultiprocessor: number;
  readonly maxBlocksPerMultiprocessor: number;
  readonly registersPerBlock: number;
  readonly registersPerMultiprocessor: number;
  readonly sharedBytesPerBlock: number;
  readonly sharedBytesPerBlockOptin: number;
  readonly sharedBytesPerMultiprocessor: number;
  readonly sharedReservedBytesPerBlock: number;
  readonly l2Bytes: number;
  readonly clockKilohertz: number;
  /** 0 where the driver does not say, as on Jetson. */
  readonly memoryClockKilohertz: number;
  /** 0 where the driver does not say. */
  readonly memoryBusBits: number;
  readonly cooperativeLaunch: boolean;
  readonly clusterLaunch: boolean;
  /** `cudaOccupancyMaxPotentialClusterSize` after opting in; `null` without clusters. */
  readonly maxClusterBlocks: number | null;
  /** `cudaOccupancyMaxActiveClusters` of blocks that fill a multiprocessor each, by the blocks of a cluster. */
  readonly activeClusters: readonly ActiveClusterCount[];
}

const count = whole(0, 2 ** 53 - 1);

const fields: FieldsOf<CudaRuntimeGpu> = {
  name: text("a name"),
  major: count,
  minor: count,
  multiprocessorCount: count,
  warpSize: count,
  maxThreadsPerBlock: count,
  maxThreadsPerMultiprocessor: count,
  maxBlocksPerMultiprocessor: count,
  registersPerBlock: count,
  registersPerMultiprocessor: count,
  sharedBytesPerBlock: count,
  sharedBytesPerBlockOptin: count,
  sharedBytesPerMultiprocessor: count,
  sharedReservedBytesPerBlock: count,
  l2Bytes: count,
  clockKilohertz: real(0, 1e9),
  memoryClockKilohertz: real(0, 1e9),
  memoryBusBits: count,
  cooperativeLaunch: flag,
  clusterLaunch: flag,
  maxClusterBlocks: orNull(count),
  activeClusters: {
    kind: "groups",
    each: group<ActiveClusterCount>({ clusterBlocks: count, clusters: count }),
  },
};

const list: GroupsField = { kind: "groups", each: group<CudaRuntimeGpu>(fields) };

/**
 * The GPUs in the output of the program `device_query.cu`: a JSON list.
 *
 * @throws {ProbeError} naming what is wrong with it.
 */
export function parseCudaRuntime(output: string): readonly CudaRuntimeGpu[] {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch (error) {
    throw new ProbeError(`CUDA runtime: the device query printed no JSON: ${(error as Error).message}`);
  }
  const [problem] = problemsOf(value, list);
  if (problem) throw new ProbeError(`CUDA runtime: the device query's ${problem.field} ${problem.message}`);
  return value as readonly CudaRuntimeGpu[];
}
