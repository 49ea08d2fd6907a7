import type { WebGpuAssumptions, WebGpuDevice } from "../../device.js";
import type { DeviceSource } from "../../source.js";
import {
  defaultLimits,
  limitsFrom,
  specified,
  unknownGpu,
  workgroupLimits,
  workgroupsOf1024,
} from "./specification.js";

/**
 * A software driver on two processor cores: the four invocations of a subgroup lie in one vector of f32, a core is a compute unit.
 *
 * Such a driver multiplies whole vectors, and reads and writes memory lane by lane: a component at an index that is no constant takes some twenty
 * clock cycles of a subgroup, in storage and in workgroup memory alike, and bytes as such are free; what is held in variables takes none, so
 * that registers stand for the length of the code alone. Cycles of a subgroup, of the processor with one thread of SwiftShader, least of many runs
 * beside other work: component 34, multiply-add 6.5, exponential 70, a turn at a barrier 830. By themselves, on the same machine, about 0.6 of it.
 * A dispatch is long, by the clock: both threads wait for it, and for the thread that
 * polls for its end.
 */
const twoCores: WebGpuAssumptions = {
  ...unknownGpu,
  registersPerInvocation: 128,
  registersPerWorkgroup: 128 * defaultLimits.maxComputeInvocationsPerWorkgroup,
  computeUnitCount: 2,
  clockMegahertz: 3000,
  fmaPerClockPerComputeUnit: 1,
  specialFunctionsPerClockPerComputeUnit: 0.1,
  workgroupBytesPerClockPerComputeUnit: 0.6,
  workgroupBarrierNanoseconds: 500,
  dispatchMicroseconds: 1000,
  storageBytesPerSecond: 4.5e9,
  subgroupsTakeTurns: true,
};

const guessed: DeviceSource = {
  covers: ["assumed"],
  kind: "estimate",
  from: "two processor cores with vectors of four f32",
};

/** Drivers that compute on the processor: what tests run on. */
export const softwareDevices: readonly WebGpuDevice[] = [
  {
    kind: "webgpu",
    id: "webgpu-swiftshader",
    name: "SwiftShader through Dawn and Vulkan",
    vendor: "google",
    limits: {
      ...defaultLimits,
      maxStorageBuffersPerShaderStage: 12,
      maxStorageBufferBindingSize: 2 ** 30,
      maxBufferSize: 2 ** 30,
      maxComputeWorkgroupStorageSize: 32 * 2 ** 10,
    },
    features: ["subgroups", "timestamp-query"],
    subgroupSizes: { min: 4, max: 4 },
    subgroupMatrices: [],
    assumed: twoCores,
    sources: [
      {
        covers: ["limits", "subgroupSizes"],
        kind: "reported",
        from: "read through webgpu 0.6.2 (Dawn) from SwiftShader 5.0.0 of Debian 12's chromium 156",
      },
      guessed,
    ],
  },
  {
    kind: "webgpu",
    id: "webgpu-lavapipe",
    name: "Mesa lavapipe through Dawn and Vulkan",
    vendor: "mesa",
    limits: { ...defaultLimits, ...workgroupsOf1024 },
    features: ["shader-f16", "subgroups"],
    subgroupSizes: { min: 8, max: 8 },
    subgroupMatrices: [],
    assumed: twoCores,
    sources: [
      limitsFrom("reported", "read through webgpu 0.6.2 (Dawn) from lavapipe of Mesa 25", workgroupLimits),
      {
        covers: ["subgroupSizes"],
        kind: "reported",
        from: "read through webgpu 0.6.2 (Dawn) from lavapipe of Mesa 25",
      },
      specified,
      guessed,
    ],
  },
];
