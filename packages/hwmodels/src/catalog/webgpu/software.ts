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
 * clock cycles of a subgroup, in storage and in workgroup memory alike, and bytes as such are free. What is held in variables takes none;
 * registers stand for the length of the code, which SwiftShader compiles in half a second with 72 and in two with 128.
 *
 * Source: SwiftShader with one thread, clock cycles of the processor for a subgroup, least of many runs beside other work: component 34, vector of
 * four 120 to 160, multiply-add 6.5, exponential 70, division for the length of an array 25, turn at a barrier 830
 * (bench/results/2026-11-21-web-peers-h200.md). On a quiet machine it takes about 0.6 of that, which the rates below are. A dispatch is long by the
 * clock: both threads wait for it, beside the one that polls for its end.
 */
const twoCores: WebGpuAssumptions = {
  ...unknownGpu,
  registersPerInvocation: 72,
  registersPerWorkgroup: 72 * defaultLimits.maxComputeInvocationsPerWorkgroup,
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
  from: "clock cycles of SwiftShader on two processor cores with vectors of four f32 (bench/results/2026-11-21-web-peers-h200.md)",
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
