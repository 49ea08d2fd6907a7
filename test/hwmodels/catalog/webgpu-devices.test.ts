import { describe, expect, test } from "vitest";
import { findDevice } from "../../../packages/hwmodels/src/catalog/find-device.js";
import { webGpuDevices } from "../../../packages/hwmodels/src/catalog/webgpu/devices.js";
import type { WebGpuDevice, WebGpuLimits } from "../../../packages/hwmodels/src/device.js";

const webgpu = (id: string): WebGpuDevice => findDevice(id) as WebGpuDevice;

describe("WebGPU devices", () => {
  test("the default limits are the specification's", () => {
    expect(webgpu("webgpu-default").limits).toEqual({
      maxBindGroups: 4,
      maxBindingsPerBindGroup: 1000,
      maxStorageBuffersPerShaderStage: 8,
      maxUniformBuffersPerShaderStage: 12,
      maxUniformBufferBindingSize: 65_536,
      maxStorageBufferBindingSize: 134_217_728,
      minUniformBufferOffsetAlignment: 256,
      minStorageBufferOffsetAlignment: 256,
      maxBufferSize: 268_435_456,
      maxComputeWorkgroupStorageSize: 16_384,
      maxComputeInvocationsPerWorkgroup: 256,
      maxComputeWorkgroupSizeX: 256,
      maxComputeWorkgroupSizeY: 256,
      maxComputeWorkgroupSizeZ: 64,
      maxComputeWorkgroupsPerDimension: 65_535,
    });
  });

  test("compatibility mode lowers four compute limits", () => {
    const { limits } = webgpu("webgpu-default");
    const compatibility = webgpu("webgpu-compatibility").limits;
    const lowered = Object.entries(compatibility).filter(
      ([name, value]) => value !== limits[name as keyof WebGpuLimits],
    );
    expect(Object.fromEntries(lowered)).toEqual({
      maxUniformBufferBindingSize: 16_384,
      maxComputeInvocationsPerWorkgroup: 128,
      maxComputeWorkgroupSizeX: 128,
      maxComputeWorkgroupSizeY: 128,
    });
  });

  test.each([
    ["webgpu-h200", { storage: 49_152, invocations: 1024, subgroups: { min: 32, max: 32 }, f16: false }],
    ["webgpu-swiftshader", { storage: 32_768, invocations: 256, subgroups: { min: 4, max: 4 }, f16: false }],
    ["webgpu-lavapipe", { storage: 16_384, invocations: 1024, subgroups: { min: 8, max: 8 }, f16: true }],
    ["webgpu-d3d12", { storage: 32_768, invocations: 1024, subgroups: null, f16: false }],
    ["webgpu-nvidia", { storage: 49_152, invocations: 1024, subgroups: { min: 32, max: 32 }, f16: false }],
    ["webgpu-amd", { storage: 65_536, invocations: 1024, subgroups: { min: 32, max: 64 }, f16: true }],
    ["webgpu-intel", { storage: 32_768, invocations: 1024, subgroups: { min: 8, max: 32 }, f16: true }],
    ["webgpu-apple-m1", { storage: 32_768, invocations: 1024, subgroups: { min: 32, max: 32 }, f16: true }],
    ["webgpu-apple-m2", { storage: 32_768, invocations: 1024, subgroups: { min: 32, max: 32 }, f16: true }],
    ["webgpu-apple-m3", { storage: 32_768, invocations: 1024, subgroups: { min: 32, max: 32 }, f16: true }],
    ["webgpu-apple-m4", { storage: 32_768, invocations: 1024, subgroups: { min: 32, max: 32 }, f16: true }],
    ["webgpu-adreno", { storage: 32_768, invocations: 1024, subgroups: { min: 64, max: 128 }, f16: true }],
    ["webgpu-adreno-610", { storage: 16_384, invocations: 256, subgroups: null, f16: false }],
    ["webgpu-mali", { storage: 32_768, invocations: 256, subgroups: { min: 16, max: 16 }, f16: true }],
  ])("%s has what its sources say", (id, expected) => {
    const { limits, subgroupSizes, features } = webgpu(id);
    expect({
      storage: limits.maxComputeWorkgroupStorageSize,
      invocations: limits.maxComputeInvocationsPerWorkgroup,
      subgroups: subgroupSizes,
      f16: features.includes("shader-f16"),
    }).toEqual(expected);
  });

  test.each(webGpuDevices.map((device) => [device.id, device] as const))("%s is consistent", (id, device) => {
    const { limits, features, subgroupSizes, assumed } = device;
    expect(limits.maxStorageBufferBindingSize).toBeLessThanOrEqual(limits.maxBufferSize);
    for (const size of [limits.maxComputeWorkgroupSizeX, limits.maxComputeWorkgroupSizeY]) {
      expect(size).toBeLessThanOrEqual(limits.maxComputeInvocationsPerWorkgroup);
    }
    // Every core adapter meets the defaults: at least for a maximum, at most for an alignment.
    if (id !== "webgpu-compatibility") {
      for (const [name, value] of Object.entries(webgpu("webgpu-default").limits)) {
        const own = limits[name as keyof WebGpuLimits];
        if (name.startsWith("max")) expect(own, name).toBeGreaterThanOrEqual(value);
        else expect(own, name).toBeLessThanOrEqual(value);
      }
    }
    expect(features.includes("subgroups")).toBe(subgroupSizes !== null);
    if (subgroupSizes) {
      for (const size of [subgroupSizes.min, subgroupSizes.max]) {
        expect([4, 8, 16, 32, 64, 128]).toContain(size);
      }
      expect(subgroupSizes.min).toBeLessThanOrEqual(subgroupSizes.max);
    }
    const { subgroupsTakeTurns, ...rates } = assumed;
    expect(subgroupsTakeTurns).toBe(["webgpu-swiftshader", "webgpu-lavapipe"].includes(id));
    for (const [name, value] of Object.entries(rates)) expect(value, name).toBeGreaterThan(0);
  });
});
