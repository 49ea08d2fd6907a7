import type { WebGpuAssumptions, WebGpuDevice, WebGpuLimits } from "../device.js";
import { deepFreeze } from "../freeze.js";
import { cudaDevices } from "./cuda-devices.js";

/** Source: WebGPU specification (gpuweb da251f9), section "Limits", default values. */
const defaultLimits: WebGpuLimits = {
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

/**
 * An unknown integrated GPU of about 1 TFLOP/s.
 *
 * 64 registers are what an invocation has on a 256 KiB register file shared by 1024 invocations (NVIDIA) and all that
 * Arm Mali has for one; most GPUs have more. The times are guesses between the adapters that were measured.
 */
const unknownGpu: WebGpuAssumptions = {
  registersPerInvocation: 64,
  registersPerWorkgroup: 64 * defaultLimits.maxComputeInvocationsPerWorkgroup,
  computeUnitCount: 8,
  clockMegahertz: 1000,
  fmaPerClockPerComputeUnit: 64,
  specialFunctionsPerClockPerComputeUnit: 16,
  workgroupBytesPerClockPerComputeUnit: 64,
  workgroupBarrierNanoseconds: 50,
  dispatchMicroseconds: 10,
  storageBytesPerSecond: 100e9,
};

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

const h200 = cudaDevices.find((device) => device.id === "h200")!;

const specification = "limits: WebGPU specification (gpuweb da251f9), section Limits";
const unlisted = "limits that were not read: the specification's defaults, which every adapter meets";

/** The WebGPU adapters of the catalogue. */
export const webGpuDevices: readonly WebGpuDevice[] = deepFreeze([
  {
    kind: "webgpu",
    id: "webgpu-default",
    name: "WebGPU default limits",
    limits: defaultLimits,
    features: [],
    subgroupSizes: null,
    assumed: unknownGpu,
    sources: [specification],
  },
  {
    kind: "webgpu",
    id: "webgpu-compatibility",
    name: "WebGPU compatibility mode limits",
    limits: {
      ...defaultLimits,
      maxUniformBufferBindingSize: 16 * 2 ** 10,
      maxComputeInvocationsPerWorkgroup: 128,
      maxComputeWorkgroupSizeX: 128,
      maxComputeWorkgroupSizeY: 128,
    },
    features: [],
    subgroupSizes: null,
    assumed: unknownGpu,
    sources: [specification],
  },
  {
    kind: "webgpu",
    id: "webgpu-h200",
    name: "NVIDIA H200 through Dawn and Vulkan",
    limits: {
      ...defaultLimits,
      maxComputeWorkgroupStorageSize: 48 * 2 ** 10,
      maxComputeInvocationsPerWorkgroup: 1024,
      maxComputeWorkgroupSizeX: 1024,
      maxComputeWorkgroupSizeY: 1024,
    },
    // Dawn offers "shader-f16" here only with its toggle vulkan_enable_f16_on_nvidia.
    features: ["subgroups", "timestamp-query"],
    subgroupSizes: { min: h200.warpSize, max: h200.warpSize },
    assumed: {
      registersPerInvocation: h200.maxRegistersPerThread,
      registersPerWorkgroup: h200.registersPerBlock,
      computeUnitCount: h200.multiprocessorCount,
      clockMegahertz: h200.timing.clockMegahertz,
      fmaPerClockPerComputeUnit: h200.timing.fmaPerClockPerMultiprocessor,
      specialFunctionsPerClockPerComputeUnit: h200.timing.specialFunctionsPerClockPerMultiprocessor,
      workgroupBytesPerClockPerComputeUnit: h200.timing.sharedBytesPerClockPerMultiprocessor,
      workgroupBarrierNanoseconds: h200.timing.blockBarrierNanoseconds,
      // Measured: 1000 steps of one dispatch each in one pass.
      dispatchMicroseconds: 5.6,
      storageBytesPerSecond: h200.timing.l2BytesPerSecond,
    },
    sources: [
      "limits, features, dispatch: read and measured through webgpu 0.6.2 (Dawn) on an H200, driver 580",
      unlisted,
    ],
  },
  {
    kind: "webgpu",
    id: "webgpu-swiftshader",
    name: "SwiftShader through Dawn and Vulkan",
    limits: {
      ...defaultLimits,
      maxStorageBuffersPerShaderStage: 12,
      maxStorageBufferBindingSize: 2 ** 30,
      maxBufferSize: 2 ** 30,
      maxComputeWorkgroupStorageSize: 32 * 2 ** 10,
    },
    features: ["subgroups", "timestamp-query"],
    subgroupSizes: { min: 4, max: 4 },
    assumed: twoCores,
    sources: ["limits, features: read through webgpu 0.6.2 (Dawn) from SwiftShader 5.0.0 of Debian 12's chromium 156"],
  },
  {
    kind: "webgpu",
    id: "webgpu-lavapipe",
    name: "Mesa lavapipe through Dawn and Vulkan",
    limits: {
      ...defaultLimits,
      maxComputeInvocationsPerWorkgroup: 1024,
      maxComputeWorkgroupSizeX: 1024,
      maxComputeWorkgroupSizeY: 1024,
    },
    features: ["shader-f16", "subgroups"],
    subgroupSizes: { min: 8, max: 8 },
    assumed: twoCores,
    sources: ["limits, features: read through webgpu 0.6.2 (Dawn) from lavapipe of Mesa 25", unlisted],
  },
]);
