import type { SubgroupMatrixShape, WebGpuAssumptions, WebGpuDevice, WebGpuLimits } from "../device.js";
import { choice, flag, type GroupField, group, orNull, real, whole } from "./field.js";
import { identityFields } from "./identity-fields.js";

const bytes = (min: number, max: number) => whole(min, max, "bytes");
const kibibyte = 1024;
const gibibyte = 1024 ** 3;
const subgroupSize = whole(4, 128, "invocations");
const matrixComponent = choice("f32", "f16", "u32", "i32", "u8", "i8");
const matrixSide = whole(1, 256);

const limits = group<WebGpuLimits>({
  maxBindGroups: whole(1, 1024),
  maxBindingsPerBindGroup: whole(1, 2 ** 32 - 1),
  maxStorageBuffersPerShaderStage: whole(1, 2 ** 32 - 1),
  maxUniformBuffersPerShaderStage: whole(1, 2 ** 32 - 1),
  maxUniformBufferBindingSize: bytes(kibibyte, 2 ** 53 - 1),
  maxStorageBufferBindingSize: bytes(kibibyte, 2 ** 53 - 1),
  minUniformBufferOffsetAlignment: bytes(1, 256),
  minStorageBufferOffsetAlignment: bytes(1, 256),
  maxBufferSize: bytes(kibibyte, 2 ** 53 - 1),
  maxComputeWorkgroupStorageSize: bytes(kibibyte, gibibyte),
  maxComputeInvocationsPerWorkgroup: whole(1, 65_536, "invocations"),
  maxComputeWorkgroupSizeX: whole(1, 65_536, "invocations"),
  maxComputeWorkgroupSizeY: whole(1, 65_536, "invocations"),
  maxComputeWorkgroupSizeZ: whole(1, 65_536, "invocations"),
  maxComputeWorkgroupsPerDimension: whole(1, 2 ** 32 - 1),
});

const assumed = group<WebGpuAssumptions>({
  registersPerInvocation: whole(8, 4096, "registers"),
  registersPerWorkgroup: whole(256, 2 ** 24, "registers"),
  computeUnitCount: whole(1, 4096),
  clockMegahertz: real(50, 10_000, "MHz"),
  fmaPerClockPerComputeUnit: real(0.1, 4096),
  subgroupMatrixMultiplyAddsPerClockPerComputeUnit: real(0.1, 65_536),
  specialFunctionsPerClockPerComputeUnit: real(0.01, 4096),
  workgroupBytesPerClockPerComputeUnit: real(0.1, 4096, "bytes"),
  workgroupBarrierNanoseconds: real(0.1, 1e6, "ns"),
  dispatchMicroseconds: real(0.01, 1e6, "µs"),
  storageBytesPerSecond: real(1e8, 1e15, "bytes per second"),
  subgroupsTakeTurns: flag,
});

/** The fields of a WebGPU device and the ranges that are plausible for them. */
export const webGpuFields: GroupField = group<WebGpuDevice>({
  ...identityFields,
  kind: choice("webgpu"),
  limits,
  features: {
    kind: "texts",
    each: choice("shader-f16", "subgroups", "timestamp-query", "chromium-experimental-subgroup-matrix"),
  },
  subgroupSizes: orNull(group<{ min: number; max: number }>({ min: subgroupSize, max: subgroupSize })),
  subgroupMatrices: {
    kind: "groups",
    each: group<SubgroupMatrixShape>({
      component: matrixComponent,
      result: matrixComponent,
      m: matrixSide,
      n: matrixSide,
      k: matrixSide,
    }),
  },
  assumed,
});
