import type { CudaDevice, Device, WebGpuDevice } from "../device.js";
import type { FieldProblem } from "./field.js";

/** What must hold between the numbers of a device whose numbers are plausible one by one. */
export function inconsistencies(device: Device): readonly FieldProblem[] {
  return device.kind === "cuda" ? cudaInconsistencies(device) : webGpuInconsistencies(device);
}

/** Collects a problem for each condition that does not hold. */
function unmet(...conditions: readonly (readonly [holds: boolean, field: string, message: string])[]): FieldProblem[] {
  return conditions.filter(([holds]) => !holds).map(([, field, message]) => ({ field, message }));
}

function cudaInconsistencies(device: CudaDevice): readonly FieldProblem[] {
  const { sharedCarveoutBytes: carveouts, clusters, timing } = device;
  const largestCarveout = carveouts.at(-1);
  const partOfRegisters = device.warpAllocationGranularity * device.registerAllocationUnit;
  const sharedOfBlock = device.sharedBytesPerBlockOptin + device.sharedReservedBytesPerBlock;
  return unmet(
    [
      device.maxThreadsPerMultiprocessor % device.warpSize === 0,
      "maxThreadsPerMultiprocessor",
      `${device.maxThreadsPerMultiprocessor} is not a multiple of warpSize, ${device.warpSize}`,
    ],
    [
      device.maxThreadsPerBlock <= device.maxThreadsPerMultiprocessor,
      "maxThreadsPerBlock",
      `${device.maxThreadsPerBlock} is more than maxThreadsPerMultiprocessor, ${device.maxThreadsPerMultiprocessor}`,
    ],
    [
      device.registersPerBlock <= device.registersPerMultiprocessor,
      "registersPerBlock",
      `${device.registersPerBlock} is more than registersPerMultiprocessor, ${device.registersPerMultiprocessor}`,
    ],
    [
      device.registersPerMultiprocessor % partOfRegisters === 0,
      "registersPerMultiprocessor",
      `${device.registersPerMultiprocessor} is not a multiple of warpAllocationGranularity × registerAllocationUnit, ${partOfRegisters}`,
    ],
    [
      carveouts.every((bytes, index) => index === 0 || bytes > carveouts[index - 1]!),
      "sharedCarveoutBytes",
      `${JSON.stringify(carveouts)} is not ascending`,
    ],
    [
      largestCarveout === device.sharedBytesPerMultiprocessor,
      "sharedCarveoutBytes",
      `the last, ${largestCarveout}, is not sharedBytesPerMultiprocessor, ${device.sharedBytesPerMultiprocessor}`,
    ],
    [
      sharedOfBlock <= device.sharedBytesPerMultiprocessor,
      "sharedBytesPerBlockOptin",
      `with sharedReservedBytesPerBlock ${sharedOfBlock}, more than sharedBytesPerMultiprocessor, ${device.sharedBytesPerMultiprocessor}`,
    ],
    [
      device.sharedBytesPerBlock <= device.sharedBytesPerBlockOptin,
      "sharedBytesPerBlock",
      `${device.sharedBytesPerBlock} is more than sharedBytesPerBlockOptin, ${device.sharedBytesPerBlockOptin}`,
    ],
    [
      (clusters !== null) === device.supports.clusters,
      "clusters",
      `is ${clusters === null ? "null" : "given"}, but supports.clusters is ${device.supports.clusters}`,
    ],
    [
      (timing.clusterBarrierNanoseconds !== null) === device.supports.clusters,
      "timing.clusterBarrierNanoseconds",
      `is ${timing.clusterBarrierNanoseconds}, but supports.clusters is ${device.supports.clusters}`,
    ],
    [
      clusters === null || clusters.maxBlocks === null || clusters.maxBlocks >= clusters.maxPortableBlocks,
      "clusters.maxBlocks",
      `${clusters?.maxBlocks} is less than clusters.maxPortableBlocks, ${clusters?.maxPortableBlocks}`,
    ],
  );
}

function webGpuInconsistencies({
  limits,
  features,
  subgroupSizes,
  subgroupMatrices,
}: WebGpuDevice): readonly FieldProblem[] {
  const isPowerOfTwo = (size: number): boolean => Number.isInteger(Math.log2(size));
  const hasSubgroups = features.includes("subgroups");
  const hasMatrices = features.includes("chromium-experimental-subgroup-matrix");
  return unmet(
    [
      limits.maxStorageBufferBindingSize <= limits.maxBufferSize,
      "limits.maxStorageBufferBindingSize",
      `${limits.maxStorageBufferBindingSize} is more than limits.maxBufferSize, ${limits.maxBufferSize}`,
    ],
    ...(["X", "Y", "Z"] as const).map((axis): readonly [boolean, string, string] => {
      const name = `maxComputeWorkgroupSize${axis}` as const;
      return [
        limits[name] <= limits.maxComputeInvocationsPerWorkgroup,
        `limits.${name}`,
        `${limits[name]} is more than limits.maxComputeInvocationsPerWorkgroup, ${limits.maxComputeInvocationsPerWorkgroup}`,
      ];
    }),
    [
      hasSubgroups === (subgroupSizes !== null),
      "subgroupSizes",
      `is ${subgroupSizes === null ? "null" : "given"}, but features ${hasSubgroups ? "has" : "lacks"} "subgroups"`,
    ],
    [
      subgroupSizes === null || (isPowerOfTwo(subgroupSizes.min) && isPowerOfTwo(subgroupSizes.max)),
      "subgroupSizes",
      `${subgroupSizes?.min} and ${subgroupSizes?.max} are not both powers of two`,
    ],
    [
      subgroupSizes === null || subgroupSizes.min <= subgroupSizes.max,
      "subgroupSizes.min",
      `${subgroupSizes?.min} is more than subgroupSizes.max, ${subgroupSizes?.max}`,
    ],
    [
      hasMatrices || subgroupMatrices.length === 0,
      "subgroupMatrices",
      'is not empty, but features lacks "chromium-experimental-subgroup-matrix"',
    ],
    [hasSubgroups || !hasMatrices, "features", 'has "chromium-experimental-subgroup-matrix", which needs "subgroups"'],
  );
}
