import { describe, expect, it, vi } from "vitest";
import { chooseTier, requestDeviceFor } from "../../../packages/kernelgen/src/bundler/choose-tier.js";

const tier = (device: string, invocations: number) => ({
  device,
  requires: { features: [], limits: { maxComputeInvocationsPerWorkgroup: invocations } },
});
const network = { name: "speech", tiers: [tier("large", 1024), tier("small", 64)] };
const adapter = (invocations: number) => ({
  features: new Set<string>(),
  limits: { maxComputeInvocationsPerWorkgroup: invocations } as GPUSupportedLimits,
});

describe("the tier for an adapter", () => {
  it("is the first that it can hold", () => {
    expect(chooseTier(network, adapter(1024)).device).toBe("large");
    expect(chooseTier(network, adapter(1023)).device).toBe("small");
  });

  it("is refused with the numbers of every tier where there is none", () => {
    const needs = (invocations: number): string =>
      `maxComputeInvocationsPerWorkgroup: the program needs ${invocations}, the device has 63`;
    expect(() => chooseTier(network, adapter(63))).toThrow(
      `no tier of speech fits this WebGPU device\n  large: ${needs(1024)}\n  small: ${needs(64)}`,
    );
  });

  it.each([null, undefined])("is refused for the adapter %s of a browser without one", async (none) => {
    const missing = expect.objectContaining({ name: "KernelgenError", code: "no-webgpu-device" });
    expect(() => chooseTier(network, none)).toThrow(missing);
    await expect(requestDeviceFor(network.tiers[0]!, none)).rejects.toThrow(missing);
  });

  it("is asked for with all that it requires, without which a device has the default limits alone", async () => {
    const requestDevice = vi.fn<GPUAdapter["requestDevice"]>();
    const requires = { features: ["shader-f16", "subgroups"], limits: { maxComputeInvocationsPerWorkgroup: 1024 } };
    await requestDeviceFor({ device: "large", requires }, { requestDevice } as unknown as GPUAdapter);
    expect(requestDevice).toHaveBeenCalledExactlyOnceWith({
      requiredLimits: { maxComputeInvocationsPerWorkgroup: 1024 },
      requiredFeatures: ["shader-f16", "subgroups"],
    });
  });
});
