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
 * A software driver on two processor cores: a compute unit is a core with vectors of four f32, a barrier is a switch
 * between invocations. Guesses, good to a factor of several.
 */
const twoCores: WebGpuAssumptions = {
  ...unknownGpu,
  computeUnitCount: 2,
  clockMegahertz: 3000,
  fmaPerClockPerComputeUnit: 4,
  specialFunctionsPerClockPerComputeUnit: 0.25,
  workgroupBytesPerClockPerComputeUnit: 16,
  workgroupBarrierNanoseconds: 1000,
  dispatchMicroseconds: 50,
  storageBytesPerSecond: 20e9,
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
