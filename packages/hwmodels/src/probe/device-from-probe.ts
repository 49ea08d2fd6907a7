import { capabilityText } from "../catalog/cuda/compute-capabilities.js";
import { cudaDevices, driverNames } from "../catalog/cuda/devices.js";
import type { CudaDevice, CudaTiming } from "../device.js";
import { deepFreeze } from "../freeze.js";
import { type DeviceSource, numberPaths } from "../source.js";
import type { CudaRuntimeGpu } from "./cuda-runtime.js";
import type { NvidiaSmiGpu } from "./nvidia-smi.js";

/** The catalogued device that a driver calls by this name, if there is one. */
function cataloguedAs(name: string): CudaDevice | undefined {
  return cudaDevices.find((device) => device.name === name || driverNames.get(device.id) === name);
}

/** An id of a driver's name, e.g. `"nvidia-h200"`; the catalogue's have no vendor. */
const idOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");

/**
 * The catalogued device whose rates, and what no driver reports, stand in for a device's own: of the same name, or of the
 * same compute capability and about as many multiprocessors, or of the highest compute capability below.
 */
function nearest({ name, major, minor, multiprocessorCount }: CudaRuntimeGpu): CudaDevice {
  const catalogued = cataloguedAs(name);
  if (catalogued) return catalogued;
  const rank = (device: CudaDevice): number => device.computeCapability.major * 10 + device.computeCapability.minor;
  const own = major * 10 + minor;
  const reachable = cudaDevices.filter((device) => rank(device) <= own);
  const candidates = reachable.length > 0 ? reachable : cudaDevices;
  const best = Math.max(...candidates.map(rank));
  const distance = (device: CudaDevice): number => Math.abs(device.multiprocessorCount - multiprocessorCount);
  return candidates
    .filter((device) => rank(device) === best)
    .reduce((found, device) => (distance(device) < distance(found) ? device : found));
}

/** Rates and latencies of the nearest device at another clock, with as many multiprocessors and the memory that there is. */
function timingOf(gpu: CudaRuntimeGpu, like: CudaDevice): CudaTiming {
  const clockMegahertz = gpu.clockKilohertz / 1000;
  const { timing } = like;
  const scale = timing.clockMegahertz / clockMegahertz;
  const { clusterBarrierNanoseconds } = timing;
  return {
    ...timing,
    latencies: scale === 1 ? timing.latencies : "scaled",
    clockMegahertz,
    blockBarrierNanoseconds: timing.blockBarrierNanoseconds * scale,
    clusterBarrierNanoseconds: clusterBarrierNanoseconds === null ? null : clusterBarrierNanoseconds * scale,
    gridBarrierNanoseconds: timing.gridBarrierNanoseconds * scale,
    gridExchangeNanoseconds: timing.gridExchangeNanoseconds * scale,
    gridExchangeBytesPerSecondPerBlock: timing.gridExchangeBytesPerSecondPerBlock / scale,
    l2BytesPerSecond: (timing.l2BytesPerSecond * gpu.multiprocessorCount) / like.multiprocessorCount / scale,
    memoryBytesPerSecond: memoryFrom(gpu) ?? timing.memoryBytesPerSecond,
  };
}

/**
 * Two transfers a clock on a bus of so many bits; `undefined` where the driver reports neither, and for a catalogued
 * product, whose vendor's peak is better: some drivers report the data rate as the clock.
 */
function memoryFrom({ name, memoryClockKilohertz, memoryBusBits }: CudaRuntimeGpu): number | undefined {
  const bytesPerSecond = (2 * memoryClockKilohertz * 1000 * memoryBusBits) / 8;
  return bytesPerSecond > 0 && cataloguedAs(name) === undefined ? bytesPerSecond : undefined;
}

/** What every product of a compute capability has in common and no driver reports. */
const allocationUnits = [
  "maxRegistersPerThread",
  "registerAllocationUnit",
  "warpAllocationGranularity",
  "sharedGranuleBytes",
  "sharedCarveoutBytes",
  "blockBarriersPerMultiprocessor",
] as const;

/**
 * A device from what the CUDA runtime reports. What it does not report (allocation units, rates, latencies) is that of
 * the nearest catalogued device, scaled by clock and multiprocessors.
 */
export function deviceFromCudaRuntime(gpu: CudaRuntimeGpu): CudaDevice {
  const like = nearest(gpu);
  const sameCapability = capabilityText(like.computeCapability) === `${gpu.major}.${gpu.minor}`;
  const sameProduct = cataloguedAs(gpu.name) !== undefined;
  const carveouts = like.sharedCarveoutBytes.filter((bytes) => bytes < gpu.sharedBytesPerMultiprocessor);
  const device: Omit<CudaDevice, "sources"> = {
    kind: "cuda",
    id: idOf(gpu.name),
    name: gpu.name,
    vendor: "nvidia",
    computeCapability: { major: gpu.major, minor: gpu.minor },
    multiprocessorCount: gpu.multiprocessorCount,
    graphicsProcessingClusterCount: sameProduct ? like.graphicsProcessingClusterCount : null,
    warpSize: gpu.warpSize,
    maxThreadsPerBlock: gpu.maxThreadsPerBlock,
    maxThreadsPerMultiprocessor: gpu.maxThreadsPerMultiprocessor,
    maxBlocksPerMultiprocessor: gpu.maxBlocksPerMultiprocessor,
    blockBarriersPerMultiprocessor: like.blockBarriersPerMultiprocessor,
    registersPerBlock: gpu.registersPerBlock,
    registersPerMultiprocessor: gpu.registersPerMultiprocessor,
    maxRegistersPerThread: like.maxRegistersPerThread,
    registerAllocationUnit: like.registerAllocationUnit,
    warpAllocationGranularity: like.warpAllocationGranularity,
    sharedBytesPerBlock: gpu.sharedBytesPerBlock,
    sharedBytesPerBlockOptin: gpu.sharedBytesPerBlockOptin,
    sharedBytesPerMultiprocessor: gpu.sharedBytesPerMultiprocessor,
    sharedReservedBytesPerBlock: gpu.sharedReservedBytesPerBlock,
    sharedGranuleBytes: like.sharedGranuleBytes,
    sharedCarveoutBytes: [...carveouts, gpu.sharedBytesPerMultiprocessor],
    l2Bytes: gpu.l2Bytes,
    clusters: gpu.clusterLaunch
      ? { maxPortableBlocks: like.clusters?.maxPortableBlocks ?? 8, maxBlocks: gpu.maxClusterBlocks }
      : null,
    activeClusters: gpu.activeClusters,
    supports: { ...like.supports, cooperativeLaunch: gpu.cooperativeLaunch, clusters: gpu.clusterLaunch },
    timing: timingOf(gpu, like),
  };
  const assumed: DeviceSource = {
    covers: numberPaths(device),
    kind: "estimate",
    from: `as the ${like.name}, by clock and multiprocessors`,
  };
  const ofCapability: DeviceSource = {
    covers: allocationUnits,
    kind: sameCapability ? "published" : "estimate",
    from: `compute capability ${capabilityText(like.computeCapability)} of the catalogue`,
  };
  // Of the catalogue's own product at its own clock, the catalogue's sources hold.
  const base = sameProduct && device.timing.clockMegahertz === like.timing.clockMegahertz ? like.sources : [assumed];
  return deepFreeze({ ...device, sources: [...base, ofCapability, reported(device, memoryFrom(gpu) !== undefined)] });
}

function reported({ timing: _, ...device }: Omit<CudaDevice, "sources">, memoryReported: boolean): DeviceSource {
  const notReported: readonly string[] = [
    ...allocationUnits,
    "graphicsProcessingClusterCount",
    "clusters.maxPortableBlocks",
  ];
  return {
    covers: [
      ...numberPaths(device).filter((path) => !notReported.includes(path)),
      "timing.clockMegahertz",
      ...(memoryReported ? ["timing.memoryBytesPerSecond"] : []),
    ],
    kind: "reported",
    from: "CUDA runtime of this machine",
  };
}

/**
 * A device from what `nvidia-smi` reports, or `undefined` if the catalogue does not have it: `nvidia-smi` tells neither
 * multiprocessors nor shared memory.
 */
export function deviceFromNvidiaSmi({ name, clockMegahertz }: NvidiaSmiGpu): CudaDevice | undefined {
  const catalogued = cataloguedAs(name);
  if (catalogued === undefined || clockMegahertz === null) return catalogued;
  if (clockMegahertz === catalogued.timing.clockMegahertz) return catalogued;
  const source: DeviceSource = {
    covers: ["timing.clockMegahertz"],
    kind: "reported",
    from: "nvidia-smi of this machine",
  };
  return deepFreeze({
    ...catalogued,
    id: idOf(name),
    name,
    timing: { ...catalogued.timing, clockMegahertz },
    sources: [...catalogued.sources, source],
  });
}
