import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cudaDevices } from "../../../packages/hwmodels/src/catalog/cuda/devices.js";
import { findDevice } from "../../../packages/hwmodels/src/catalog/find-device.js";
import {
  clusterSharedBytes,
  maxActiveClusters,
  maxClusterBlocks,
  maxCooperativeBlocks,
} from "../../../packages/hwmodels/src/cuda/grid-limits.js";
import { InvalidKernelError } from "../../../packages/hwmodels/src/cuda/kernel-resources.js";
import type { CudaDevice } from "../../../packages/hwmodels/src/device.js";
import { launches, modelLaunch, seed } from "./launches.js";

const cuda = (id: string): CudaDevice => findDevice(id) as CudaDevice;
const h200 = cuda("h200");
/** One block fills a multiprocessor of Hopper. */
const large = { threadsPerBlock: 256, registersPerThread: 128, dynamicSharedBytes: 200 * 1024 };
const small = { threadsPerBlock: 256, registersPerThread: 64 };

describe("cooperative launch", () => {
  test("holds as many blocks as are resident", () => {
    expect(maxCooperativeBlocks(h200, large)).toBe(132);
    // 64 registers of 256 threads: 4 blocks a multiprocessor.
    expect(maxCooperativeBlocks(h200, small)).toBe(528);
    expect(maxCooperativeBlocks(cuda("a100"), { ...large, dynamicSharedBytes: 164 * 1024 })).toBe(0);
  });

  test("is not there where the device has none", () => {
    const without = { ...h200, supports: { ...h200.supports, cooperativeLaunch: false } };
    expect(maxCooperativeBlocks(without, small)).toBe(0);
  });
});

describe("clusters", () => {
  test.each([
    ["a100", 1, 1],
    ["h200", 8, 16],
    ["b200", 8, 16],
    // NVIDIA publishes no larger one.
    ["rtx5090", 8, 8],
  ])("%s: %d blocks, %d after opting in", (id, portable, largest) => {
    expect([maxClusterBlocks(cuda(id)), maxClusterBlocks(cuda(id), true)]).toEqual([portable, largest]);
  });

  test("share the shared memory of their blocks", () => {
    expect(clusterSharedBytes(h200, 16)).toBe(16 * 227 * 1024);
  });

  test("of n blocks are refused beyond the limit", () => {
    expect(() => clusterSharedBytes(h200, 17)).toThrow("clusterBlocks: needs an integer from 1 to 16, got 17");
    expect(() => maxActiveClusters(cuda("a100"), small, 2)).toThrow(InvalidKernelError);
  });

  // 132 multiprocessors over 8 GPCs in pairs: 6 of 16 and 2 of 18.
  test.each([
    [1, 132],
    [2, 66],
    [4, 32],
    [8, 16],
    [16, 8],
  ])("of %d blocks: an H200 holds %d of one block a multiprocessor", (blocks, clusters) => {
    expect(maxActiveClusters(h200, large, blocks)).toEqual({ clusters, kind: "estimate" });
  });

  test("are bounded where the number of graphics processing clusters is not published", () => {
    expect(maxActiveClusters(cuda("gb10"), small, 8)).toEqual({ clusters: (48 * 4) / 8, kind: "bound" });
  });

  test("are what the device reported where one block fills a multiprocessor", () => {
    const reporting = { ...h200, activeClusters: [{ clusterBlocks: 16, clusters: 7 }] };
    expect(maxActiveClusters(reporting, large, 16)).toEqual({ clusters: 7, kind: "reported" });
    expect(maxActiveClusters(reporting, large, 8).kind).toBe("estimate");
    expect(maxActiveClusters(reporting, small, 16).kind).toBe("estimate");
  });

  test("leave less than one cluster of blocks unused in each graphics processing cluster", () => {
    const clustered = cudaDevices.filter(({ supports }) => supports.clusters);
    fc.assert(
      fc.property(fc.constantFrom(...clustered), launches, fc.integer({ min: 1, max: 8 }), (device, drawn, size) => {
        const launch = modelLaunch(drawn);
        const { clusters } = maxActiveClusters(device, launch, size);
        const blocks = maxCooperativeBlocks(device, launch);
        expect(clusters * size).toBeLessThanOrEqual(blocks);
        // What a graphics processing cluster cannot use is less than one cluster of blocks.
        const groups = device.graphicsProcessingClusterCount ?? 1;
        expect(blocks - clusters * size).toBeLessThan(groups * size);
      }),
      { numRuns: 1000, seed },
    );
  });
});
