import { describe, expect, test } from "vitest";
import { cudaArchitectures } from "../../../packages/hwmodels/src/catalog/cuda/compute-capabilities.js";
import { cudaDevices } from "../../../packages/hwmodels/src/catalog/cuda/devices.js";
import { findDevice } from "../../../packages/hwmodels/src/catalog/find-device.js";
import type { CudaDevice, CudaMultiprocessor } from "../../../packages/hwmodels/src/device.js";
import { sourceOf } from "../../../packages/hwmodels/src/source.js";
import { publishedProducts } from "./published-products.js";

const capability = ({ computeCapability: { major, minor } }: CudaMultiprocessor): string => `${major}.${minor}`;
const cuda = (id: string): CudaDevice => findDevice(id) as CudaDevice;

describe("compute capabilities", () => {
  // libcudacxx arch_traits.h and cuda_occupancy.h: threads, warps and blocks a multiprocessor, shared memory a
  // multiprocessor and a block (KiB), reserved bytes, granule.
  const expected: Record<string, number[]> = {
    "7.0": [2048, 64, 32, 96, 96, 0, 256],
    "7.5": [1024, 32, 16, 64, 64, 0, 256],
    "8.0": [2048, 64, 32, 164, 163, 1024, 128],
    "8.6": [1536, 48, 16, 100, 99, 1024, 128],
    "8.7": [1536, 48, 16, 164, 163, 1024, 128],
    "8.8": [1536, 48, 16, 100, 99, 1024, 128],
    "8.9": [1536, 48, 24, 100, 99, 1024, 128],
    "9.0": [2048, 64, 32, 228, 227, 1024, 128],
    "10.0": [2048, 64, 32, 228, 227, 1024, 128],
    "10.3": [2048, 64, 32, 228, 227, 1024, 128],
    "11.0": [1536, 48, 24, 228, 227, 1024, 128],
    "12.0": [1536, 48, 24, 100, 99, 1024, 128],
    "12.1": [1536, 48, 24, 100, 99, 1024, 128],
  };

  test("are all there, in ascending order", () => {
    expect(cudaArchitectures.map(capability)).toEqual(Object.keys(expected));
  });

  test.each(cudaArchitectures.map((row) => [capability(row), row] as const))(
    "%s has the vendor's limits",
    (id, row) => {
      expect([
        row.maxThreadsPerMultiprocessor,
        row.maxThreadsPerMultiprocessor / row.warpSize,
        row.maxBlocksPerMultiprocessor,
        row.sharedBytesPerMultiprocessor / 1024,
        row.sharedBytesPerBlockOptin / 1024,
        row.sharedReservedBytesPerBlock,
        row.sharedGranuleBytes,
      ]).toEqual(expected[id]);
    },
  );

  test.each(cudaArchitectures.map((row) => [capability(row), row] as const))("%s is consistent", (_, row) => {
    const { sharedCarveoutBytes: carveouts } = row;
    expect(carveouts).toEqual([...new Set(carveouts)].sort((a, b) => a - b));
    expect(carveouts.at(-1)).toBe(row.sharedBytesPerMultiprocessor);
    expect(row.sharedBytesPerBlockOptin + row.sharedReservedBytesPerBlock).toBeLessThanOrEqual(
      row.sharedBytesPerMultiprocessor,
    );
    expect(row.sharedBytesPerBlockOptin).toBeGreaterThanOrEqual(row.sharedBytesPerBlock);
    for (const bytes of [...carveouts, row.sharedBytesPerBlock, row.sharedBytesPerBlockOptin]) {
      expect(bytes % row.sharedGranuleBytes).toBe(0);
    }
    expect(row.maxThreadsPerMultiprocessor % row.warpSize).toBe(0);
    expect(row.maxThreadsPerBlock).toBeLessThanOrEqual(row.maxThreadsPerMultiprocessor);
    expect(row.registersPerBlock).toBeLessThanOrEqual(row.registersPerMultiprocessor);
    expect(row.registersPerMultiprocessor % (row.warpAllocationGranularity * row.registerAllocationUnit)).toBe(0);
    expect(row.blockBarriersPerMultiprocessor === null).toBe(row.computeCapability.major < 9);
    expect(row.supports.clusters).toBe(row.computeCapability.major >= 9);
    expect(row.clusters === null).toBe(!row.supports.clusters);
    if (row.clusters) expect(row.clusters.maxPortableBlocks).toBe(8);
    expect(row.supports.asyncCopy && row.supports.bf16MatrixMultiply).toBe(row.computeCapability.major >= 8);
  });
});

describe("products", () => {
  test("are those of the published table", () => {
    expect(cudaDevices.map(({ id }) => id)).toEqual(Object.keys(publishedProducts));
  });

  const rows = cudaDevices.map((device) => [device.id, device] as const);

  test.each(rows)("%s is as published", (id, device) => {
    const published = publishedProducts[id]!;
    expect(capability(device)).toBe(published.computeCapability);
    expect(device.multiprocessorCount).toBe(published.multiprocessors);
    expect(device.l2Bytes).toBe(published.l2Mebibytes * 2 ** 20);
    const [busBits, gigabitsPerPin] = published.memory;
    expect(device.timing.memoryBytesPerSecond / ((busBits * gigabitsPerPin * 1e9) / 8)).toBeCloseTo(1, 2);
    const { clockMegahertz, fmaPerClockPerMultiprocessor, bf16MultiplyAddsPerClockPerMultiprocessor } = device.timing;
    const teraflops = (perClock: number): number => (2 * perClock * device.multiprocessorCount * clockMegahertz) / 1e6;
    const kindOf = (path: string): string => sourceOf(device.sources, path)!.kind;
    if (published.fp32Teraflops === null) expect(kindOf("timing.clockMegahertz")).not.toBe("published");
    else expect(teraflops(fmaPerClockPerMultiprocessor) / published.fp32Teraflops).toBeCloseTo(1, 1.3);
    if (published.bf16Teraflops === null) {
      expect(kindOf("timing.bf16MultiplyAddsPerClockPerMultiprocessor")).toBe("estimate");
    } else if (published.bf16Teraflops === 0) {
      expect(bf16MultiplyAddsPerClockPerMultiprocessor).toBe(0);
      expect(device.supports.bf16MatrixMultiply).toBe(false);
    } else {
      // Datasheets are for a boost clock that is up to 8 % below the highest that the driver reports.
      const ratio = teraflops(bf16MultiplyAddsPerClockPerMultiprocessor) / published.bf16Teraflops;
      expect(ratio).toBeGreaterThan(0.97);
      expect(ratio).toBeLessThan(1.1);
    }
  });

  test.each(rows)("%s has the limits of its compute capability", (_, device) => {
    const { sources: __, ...limits } = cudaArchitectures.find((row) => capability(row) === capability(device))!;
    expect(device).toMatchObject(limits);
  });

  // Registers and opt-in shared memory of all multiprocessors, in MiB, as published for persistent recurrent kernels.
  test.each([
    ["h200", 62.3],
    ["h100", 62.3],
    ["a100", 44.2],
    ["rtx4090", 44.4],
    ["rtx3090", 28.4],
    ["rtx5090", 58.9],
    ["b200", 69.8],
  ])("%s has %d MiB on chip", (id, mebibytes) => {
    const { registersPerMultiprocessor, sharedBytesPerBlockOptin, multiprocessorCount } = cuda(id);
    const bytes = multiprocessorCount * (4 * registersPerMultiprocessor + sharedBytesPerBlockOptin);
    expect(bytes / 2 ** 20).toBeCloseTo(mebibytes, 1);
  });

  test("the H200 has what its driver reports", () => {
    expect(cuda("h200")).toMatchObject({
      kind: "cuda",
      name: "NVIDIA H200",
      computeCapability: { major: 9, minor: 0 },
      multiprocessorCount: 132,
      registersPerMultiprocessor: 65_536,
      sharedBytesPerBlock: 49_152,
      sharedBytesPerBlockOptin: 232_448,
      sharedBytesPerMultiprocessor: 233_472,
      l2Bytes: 62_914_560,
      timing: { latencies: "measured", clockMegahertz: 1980, blockBarrierNanoseconds: 16, gridBarrierNanoseconds: 930 },
    });
  });

  test("the H200's exchange is the least-squares line through its measurements", () => {
    // KiB of state and µs of a step, readers polling the data, 32 blocks.
    const points = [
      [8, 0.97],
      [12, 1.34],
      [16, 1.25],
      [24, 1.72],
      [32, 1.67],
    ] as const;
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
    const x = mean(points.map(([size]) => size));
    const y = mean(points.map(([, time]) => time));
    const slope =
      mean(points.map(([size, time]) => (size - x) * (time - y))) / mean(points.map(([size]) => (size - x) ** 2));
    const { gridExchangeNanoseconds, gridExchangeBytesPerSecondPerBlock } = cuda("h200").timing;
    expect(gridExchangeNanoseconds).toBeCloseTo((y - slope * x) * 1000, 0);
    expect(gridExchangeBytesPerSecondPerBlock / 1e9).toBeCloseTo(1024 / (slope * 1000), 1);
  });

  test("latencies of the others are the H200's in clock cycles", () => {
    const cycles = ({ timing }: CudaDevice, nanoseconds: number): number =>
      (nanoseconds * timing.clockMegahertz) / 1000;
    const h200 = cuda("h200");
    for (const device of cudaDevices) {
      expect(device.timing.latencies).toBe(device === h200 ? "measured" : "scaled");
      expect(device.timing.clusterBarrierNanoseconds === null).toBe(device.clusters === null);
      for (const latency of ["blockBarrierNanoseconds", "gridBarrierNanoseconds", "gridExchangeNanoseconds"] as const) {
        expect(cycles(device, device.timing[latency])).toBeCloseTo(cycles(h200, h200.timing[latency]), 6);
      }
    }
  });

  test.each(cudaDevices.map((device) => [device.id, device] as const))("%s is ordered as memories are", (_, device) => {
    const { timing, multiprocessorCount } = device;
    const sharedBytesPerSecond =
      timing.sharedBytesPerClockPerMultiprocessor * multiprocessorCount * timing.clockMegahertz * 1e6;
    expect(timing.memoryBytesPerSecond).toBeLessThan(timing.l2BytesPerSecond);
    expect(timing.l2BytesPerSecond).toBeLessThan(sharedBytesPerSecond);
  });
});
