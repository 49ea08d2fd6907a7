import type { WebGpuAssumptions, WebGpuDevice, WebGpuLimits } from "../../device.js";
import type { DeviceSource } from "../../source.js";

/** What a core WebGPU adapter has at least. Source: WebGPU specification (gpuweb da251f9), section "Limits". */
export const defaultLimits: WebGpuLimits = {
  maxBindGroups: 4,
  maxBindingsPerBindGroup: 1000,
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBuffersPerShaderStage: 12,
  maxUniformBufferBindingSize: 64 * 2 ** 10,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  minUniformBufferOffsetAlignment: 256,
  minStorageBufferOffsetAlignment: 256,
  maxBufferSize: 256 * 2 ** 20,
  maxComputeWorkgroupStorageSize: 16 * 2 ** 10,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupsPerDimension: 65_535,
};

/** The limits of workgroups of up to 1024 invocations, which Dawn reports from 1024 on and not in between. */
export const workgroupsOf1024 = {
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
} as const satisfies Partial<WebGpuLimits>;

/**
 * An unknown integrated GPU of about 1 TFLOP/s.
 *
 * 64 registers are what an invocation has on a 256 KiB register file shared by 1024 invocations (NVIDIA) and all that
 * Arm Mali has for one; most GPUs have more. The times are guesses between the adapters that were measured.
 */
export const unknownGpu: WebGpuAssumptions = {
  registersPerInvocation: 64,
  registersPerWorkgroup: 64 * defaultLimits.maxComputeInvocationsPerWorkgroup,
  computeUnitCount: 8,
  clockMegahertz: 1000,
  fmaPerClockPerComputeUnit: 64,
  subgroupMatrixMultiplyAddsPerClockPerComputeUnit: 256,
  specialFunctionsPerClockPerComputeUnit: 16,
  workgroupBytesPerClockPerComputeUnit: 64,
  workgroupBarrierNanoseconds: 50,
  dispatchMicroseconds: 10,
  storageBytesPerSecond: 100e9,
  subgroupsTakeTurns: false,
};

/** Of a limit for which no other source is named. */
export const specified: DeviceSource = {
  covers: ["limits"],
  kind: "specification",
  from: 'WebGPU specification (gpuweb da251f9), section "Limits": what every adapter has at least',
};

/** Of an assumption for which no other source is named. */
export const guessed: DeviceSource = {
  covers: ["assumed"],
  kind: "estimate",
  from: "guesses between the adapters that were measured; see WebGpuAssumptions",
};

/** A source of some of an adapter's limits, by their names. */
export const limitsFrom = (
  kind: DeviceSource["kind"],
  from: string,
  limits: readonly (keyof WebGpuLimits)[],
): DeviceSource => ({ covers: limits.map((name) => `limits.${name}`), kind, from });

/** The three limits of `workgroupsOf1024` and the storage of a workgroup. */
export const workgroupLimits: readonly (keyof WebGpuLimits)[] = [
  "maxComputeWorkgroupStorageSize",
  ...(Object.keys(workgroupsOf1024) as (keyof typeof workgroupsOf1024)[]),
];

/** The specification's own limits, for kernels that run on every adapter. */
export const specificationDevices: readonly WebGpuDevice[] = [
  {
    kind: "webgpu",
    id: "webgpu-default",
    name: "WebGPU default limits",
    vendor: "any",
    limits: defaultLimits,
    features: [],
    subgroupSizes: null,
    subgroupMatrices: [],
    assumed: unknownGpu,
    sources: [specified, guessed],
  },
  {
    kind: "webgpu",
    id: "webgpu-compatibility",
    name: "WebGPU compatibility mode limits",
    vendor: "any",
    limits: {
      ...defaultLimits,
      maxUniformBufferBindingSize: 16 * 2 ** 10,
      maxComputeInvocationsPerWorkgroup: 128,
      maxComputeWorkgroupSizeX: 128,
      maxComputeWorkgroupSizeY: 128,
    },
    features: [],
    subgroupSizes: null,
    subgroupMatrices: [],
    assumed: unknownGpu,
    sources: [specified, guessed],
  },
  {
    kind: "webgpu",
    id: "webgpu-d3d12",
    name: "WebGPU through Direct3D 12",
    vendor: "any",
    limits: { ...defaultLimits, ...workgroupsOf1024, maxComputeWorkgroupStorageSize: 32 * 2 ** 10 },
    features: [],
    subgroupSizes: null,
    subgroupMatrices: [],
    assumed: unknownGpu,
    sources: [
      specified,
      limitsFrom(
        "published",
        "Direct3D 11.3 Functional Specification, cs_5_0: 1024 threads and 32 KiB of group shared memory on every GPU",
        workgroupLimits,
      ),
      guessed,
    ],
  },
];
