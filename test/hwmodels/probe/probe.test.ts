import { describe, expect, test } from "vitest";
import { cudaDevices } from "../../../packages/hwmodels/src/catalog/cuda/devices.js";
import { findDevice } from "../../../packages/hwmodels/src/catalog/find-device.js";
import type { CudaDevice } from "../../../packages/hwmodels/src/device.js";
import { deviceJson, parseDevice } from "../../../packages/hwmodels/src/device-file/parse.js";
import { parseCudaRuntime } from "../../../packages/hwmodels/src/probe/cuda-runtime.js";
import { deviceFromCudaRuntime, deviceFromNvidiaSmi } from "../../../packages/hwmodels/src/probe/device-from-probe.js";
import { ProbeError, parseNvidiaSmi } from "../../../packages/hwmodels/src/probe/nvidia-smi.js";
import { numberPaths, sourceOf } from "../../../packages/hwmodels/src/source.js";
import { recordedGpus } from "./recorded-gpus.js";

const cuda = (id: string): CudaDevice => findDevice(id) as CudaDevice;

describe("nvidia-smi", () => {
  test("is read line by line, with what is not available left out", () => {
    const output = [
      "0, NVIDIA H200, 9.0, 580.159.04, 1980",
      "1, NVIDIA B200, 10.0, 595.58.03, 1965",
      "2, NVIDIA Thor, 11.0, 580.00, [N/A]",
      "3, Tesla T4, [Not Supported], 418.87, 1590",
      "",
    ].join("\n");
    expect(parseNvidiaSmi(output)).toEqual([
      { index: 0, name: "NVIDIA H200", computeCapability: "9.0", driver: "580.159.04", clockMegahertz: 1980 },
      { index: 1, name: "NVIDIA B200", computeCapability: "10.0", driver: "595.58.03", clockMegahertz: 1965 },
      { index: 2, name: "NVIDIA Thor", computeCapability: "11.0", driver: "580.00", clockMegahertz: null },
      { index: 3, name: "Tesla T4", computeCapability: null, driver: "418.87", clockMegahertz: 1590 },
    ]);
    expect(parseNvidiaSmi("")).toEqual([]);
  });

  test.each([
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
    "No devices were found",
    'Field "compute_cap" is not a valid field to query.',
    "0, NVIDIA H200, 9.0, 580.159.04, 1980, 3201",
  ])("that says %j is not read as a GPU", (line) => {
    expect(() => parseNvidiaSmi(line)).toThrow(ProbeError);
    expect(() => parseNvidiaSmi(line)).toThrow(JSON.stringify(line));
  });

  test.each([
    ["NVIDIA H200", "h200"],
    ["Tesla T4", "t4"],
    ["NVIDIA H100 80GB HBM3", "h100"],
    ["NVIDIA A100-SXM4-80GB", "a100"],
    ["NVIDIA GeForce RTX 4090", "rtx4090"],
    ["NVIDIA B300 SXM6 AC", "b300"],
  ])("finds %s in the catalogue", (name, id) => {
    const gpu = { index: 0, name, computeCapability: null, driver: "580", clockMegahertz: null };
    expect(deviceFromNvidiaSmi(gpu)).toBe(cuda(id));
  });

  test("has the clock of this very card, and knows no card that the catalogue does not have", () => {
    const gpu = { index: 0, name: "NVIDIA H200", computeCapability: "9.0", driver: "580", clockMegahertz: 1785 };
    const device = deviceFromNvidiaSmi(gpu)!;
    expect(device.timing).toEqual({ ...cuda("h200").timing, clockMegahertz: 1785 });
    expect(sourceOf(device.sources, "timing.clockMegahertz")?.kind).toBe("reported");
    expect(deviceFromNvidiaSmi({ ...gpu, name: "NVIDIA H300" })).toBeUndefined();
  });
});

describe("the CUDA runtime", () => {
  const limits = [
    "computeCapability",
    "multiprocessorCount",
    "warpSize",
    "maxThreadsPerBlock",
    "maxThreadsPerMultiprocessor",
    "maxBlocksPerMultiprocessor",
    "registersPerBlock",
    "registersPerMultiprocessor",
    "maxRegistersPerThread",
    "registerAllocationUnit",
    "warpAllocationGranularity",
    "sharedBytesPerBlock",
    "sharedBytesPerBlockOptin",
    "sharedBytesPerMultiprocessor",
    "sharedReservedBytesPerBlock",
    "sharedGranuleBytes",
    "sharedCarveoutBytes",
    "blockBarriersPerMultiprocessor",
    "l2Bytes",
    "supports",
  ] as const;

  test.each(Object.entries(recordedGpus))("of a recorded %s gives the catalogue's limits", (id, gpu) => {
    const device = deviceFromCudaRuntime(gpu);
    for (const name of limits) expect(device[name], name).toEqual(cuda(id)[name]);
    expect(device.timing.clockMegahertz).toBe(gpu.clockKilohertz / 1000);
    expect(device.name).toBe(gpu.name);
    expect(cudaDevices.map((known) => known.id)).not.toContain(device.id);
  });

  test.each(Object.entries(recordedGpus))("of a recorded %s gives a device file", (_, gpu) => {
    const device = deviceFromCudaRuntime(gpu);
    expect(parseDevice(deviceJson(device), "here.json")).toEqual(device);
    const { sources, ...numbers } = device;
    for (const path of numberPaths(numbers)) expect(sourceOf(sources, path), path).toBeDefined();
    expect(sourceOf(sources, "multiprocessorCount")?.kind).toBe("reported");
    expect(sourceOf(sources, "registerAllocationUnit")?.kind).toBe("published");
  });

  test("gives the memory of a card that the catalogue does not have", () => {
    // 1215 MHz, two transfers a clock, 5120 bits: 1555 GB/s, the 40 GB card; the catalogue has the 80 GB card.
    const device = deviceFromCudaRuntime(recordedGpus.a100!);
    expect(device.timing.memoryBytesPerSecond / 1e9).toBeCloseTo(1555.2, 6);
    expect(sourceOf(device.sources, "timing.memoryBytesPerSecond")?.kind).toBe("reported");
    // This driver reports 8533 MT/s as a clock: the catalogue's 273 GB/s hold.
    expect(deviceFromCudaRuntime(recordedGpus.gb10!).timing.memoryBytesPerSecond).toBe(273e9);
  });

  test("scales what it cannot ask by clock and multiprocessors", () => {
    const { timing } = deviceFromCudaRuntime({
      ...recordedGpus.t4!,
      name: "Tesla T3",
      multiprocessorCount: 20,
      clockKilohertz: 795_000,
    });
    const t4 = cuda("t4").timing;
    expect(timing.l2BytesPerSecond).toBeCloseTo(t4.l2BytesPerSecond / 4, 0);
    expect(timing.blockBarrierNanoseconds).toBeCloseTo(2 * t4.blockBarrierNanoseconds, 9);
    expect(timing.gridExchangeBytesPerSecondPerBlock).toBeCloseTo(t4.gridExchangeBytesPerSecondPerBlock / 2, 0);
    expect(timing.latencies).toBe("scaled");
  });

  test("takes the newest known rules for a newer compute capability, and calls them an estimate", () => {
    const device = deviceFromCudaRuntime({ ...recordedGpus.gb10!, name: "NVIDIA X", major: 13, minor: 0 });
    expect(device.computeCapability).toEqual({ major: 13, minor: 0 });
    expect(device.registerAllocationUnit).toBe(cuda("gb10").registerAllocationUnit);
    expect(sourceOf(device.sources, "registerAllocationUnit")).toEqual({
      covers: expect.any(Array),
      kind: "estimate",
      from: "compute capability 12.1 of the catalogue",
    });
  });

  test("is read as the list that the program prints", () => {
    const list = Object.values(recordedGpus);
    expect(parseCudaRuntime(JSON.stringify(list))).toEqual(list);
    expect(parseCudaRuntime("[\n]\n")).toEqual([]);
  });

  test.each([
    ["", /printed no JSON/],
    ["{}", /needs a list of objects/],
    [JSON.stringify([{ ...recordedGpus.t4, l2Bytes: "4 MB" }]), /\[0\]\.l2Bytes needs a whole number .* got "4 MB"/],
    [JSON.stringify([{ ...recordedGpus.t4, warpSize: undefined }]), /\[0\]\.warpSize is missing/],
  ])("that says %j is refused", (output, message) => {
    expect(() => parseCudaRuntime(output)).toThrow(message);
    expect(() => parseCudaRuntime(output)).toThrow(ProbeError);
  });
});
