import { deviceJson, findDevice, numberPaths, parseDevice, sourceOf, type WebGpuDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { type AdapterFacts, webGpuDeviceFromAdapter } from "../../../packages/kernelgen/src/wgsl/adapter-device.js";

/** What Chrome 151 reported of an Apple GPU with 32 GB, as published; textures and what else kernels do not use left out. */
const appleLimits = {
  maxBindGroups: 4,
  maxBindingsPerBindGroup: 1000,
  maxStorageBuffersPerShaderStage: 10,
  maxUniformBuffersPerShaderStage: 12,
  maxUniformBufferBindingSize: 65_536,
  maxStorageBufferBindingSize: 4_294_967_292,
  minUniformBufferOffsetAlignment: 256,
  minStorageBufferOffsetAlignment: 256,
  maxBufferSize: 4_294_967_292,
  maxComputeWorkgroupStorageSize: 32_768,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupSizeY: 1024,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupsPerDimension: 65_535,
} as const;

const facts = (
  info: Partial<AdapterFacts["info"]>,
  features: readonly string[],
  limits: Readonly<Record<string, number>> = appleLimits,
): AdapterFacts => ({
  info: { vendor: "", architecture: "", description: "", subgroupMinSize: 4, subgroupMaxSize: 128, ...info },
  limits: limits as unknown as GPUSupportedLimits,
  features: new Set(features),
});

const apple = facts({ vendor: "apple", architecture: "metal-3", subgroupMinSize: 32, subgroupMaxSize: 32 }, [
  "shader-f16",
  "subgroups",
  "texture-compression-astc",
]);

describe("a device from a live adapter", () => {
  it("has the limits and features that the adapter reports, and the name that it gives itself", () => {
    const device = webGpuDeviceFromAdapter(apple);
    expect(device).toMatchObject({
      kind: "webgpu",
      name: "apple metal-3",
      vendor: "apple",
      limits: appleLimits,
      features: ["shader-f16", "subgroups"],
      subgroupSizes: { min: 32, max: 32 },
    });
    const named = webGpuDeviceFromAdapter(facts({ description: "NVIDIA H200", vendor: "nvidia" }, []));
    expect([named.name, named.vendor, named.subgroupSizes]).toEqual(["NVIDIA H200", "nvidia", null]);
    expect(webGpuDeviceFromAdapter(facts({}, [])).name).toBe("WebGPU adapter");
    // An adapter that does not tell its subgroup sizes may have any that WebGPU permits.
    const { subgroupMinSize: _, subgroupMaxSize: __, ...info } = facts({}, []).info;
    const silent = webGpuDeviceFromAdapter({ ...facts({}, ["subgroups"]), info });
    expect(silent.subgroupSizes).toEqual({ min: 4, max: 128 });
  });

  it("has the subgroup matrices that Dawn reports, with their feature alone", () => {
    const info = {
      subgroupMatrixConfigs: [{ componentType: "f16", resultComponentType: "f32", M: 16, N: 8, K: 16 }],
    } as const;
    const feature = "chromium-experimental-subgroup-matrix";
    const device = webGpuDeviceFromAdapter(facts(info, ["subgroups", feature]));
    expect(device.features).toContain(feature);
    expect(device.subgroupMatrices).toEqual([{ component: "f16", result: "f32", m: 16, n: 8, k: 16 }]);
    expect(parseDevice(deviceJson(device), "here.json")).toEqual(device);
    expect(webGpuDeviceFromAdapter(facts(info, ["subgroups"])).subgroupMatrices).toEqual([]);
  });

  it.each([
    ["apple", "webgpu-apple-m1"],
    ["nvidia", "webgpu-h200"],
    ["Mali-G720", "webgpu-mali"],
    ["amd", "webgpu-default"],
    ["pineapple", "webgpu-default"],
  ])("of %s takes what WebGPU does not tell from %s", (vendor, id) => {
    const { assumed, sources } = webGpuDeviceFromAdapter(facts({ vendor }, []));
    const relative = findDevice(id) as WebGpuDevice;
    expect(assumed).toEqual(relative.assumed);
    expect(sourceOf(sources, "assumed.clockMegahertz")).toMatchObject({
      kind: "estimate",
      from: `those of ${relative.name}`,
    });
  });

  it("is a description for --device, with a source for every number", () => {
    const device = webGpuDeviceFromAdapter(apple);
    expect(parseDevice(deviceJson(device), "here.json")).toEqual(device);
    const { sources, ...numbers } = device;
    for (const path of numberPaths(numbers)) expect(sourceOf(sources, path), path).toBeDefined();
  });
});
