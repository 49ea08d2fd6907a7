import { type CudaDevice, findDevice, occupancy } from "hwmodels";
import { describe, expect, it } from "vitest";
import { analyse } from "../../../packages/kernelgen/src/cli/occupancy/analysis.js";
import { launchFrom } from "../../../packages/kernelgen/src/cli/occupancy/launch-options.js";
import { runKernelgen } from "./run-kernelgen.js";

const example = ["occupancy", "--device", "h200", "--threads", "256", "--registers", "64", "--shared", "48KiB"];

async function jsonOf(...parameters: readonly string[]) {
  const { exitCode, stdout, stderr } = await runKernelgen(...parameters, "--json");
  expect([exitCode, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("kernelgen occupancy", () => {
  // 8 warps of 2048 registers: 4 blocks of 65536; 49 KiB with the reserved part: 4 in 228 KiB.
  it("counts blocks, says what binds and what would change it", async () => {
    const { exitCode, stdout, stderr } = await runKernelgen(...example);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n").map((line) => line.trim().replaceAll(/ {2,}/g, " | "));
    expect(lines[0]).toBe("256 threads of 64 registers, 49 152 B of shared memory on NVIDIA H200");
    for (const line of [
      "blocks | 4 a multiprocessor, 528 at once on 132 multiprocessors (the most of a cooperative launch)",
      "occupancy | 50 %: 32 of 64 warps",
      "limited by registers, shared memory",
      "registers | 16 384 | 65 536 | 4",
      "shared memory, B | 50 176 | 233 472 | 4",
      "3 | 80 | 27 648",
      "4 | 64 | 8 192 | now",
      "5 | 48 | -",
    ]) {
      expect(lines).toContain(line);
    }
  });

  it("prints the same as JSON", async () => {
    const report = await jsonOf(...example);
    expect(report).toMatchObject({
      device: { id: "h200", name: "NVIDIA H200" },
      launch: { threadsPerBlock: 256, registersPerThread: 64, staticSharedBytes: 49_152, dynamicSharedBytes: 0 },
      blocksPerMultiprocessor: 4,
      warpOccupancy: 0.5,
      limitedBy: ["registers", "shared"],
      limits: { warps: 8, blocks: 32, registers: 4, shared: 4, barriers: 64 },
      maxCooperativeBlocks: 528,
      clusters: [
        { clusterBlocks: 2, clusters: 264, kind: "estimate" },
        { clusterBlocks: 4, clusters: 132, kind: "estimate" },
        { clusterBlocks: 8, clusters: 66, kind: "estimate" },
        { clusterBlocks: 16, clusters: 32, kind: "estimate" },
      ],
    });
    expect(report.alternatives).toHaveLength(8);
    const h200 = findDevice("h200") as CudaDevice;
    for (const { blocksPerMultiprocessor, maxRegistersPerThread, maxDynamicSharedBytes } of report.alternatives) {
      if (maxDynamicSharedBytes === null) continue;
      const launch = {
        ...report.launch,
        registersPerThread: maxRegistersPerThread,
        dynamicSharedBytes: maxDynamicSharedBytes,
      };
      expect(occupancy(h200, launch).blocksPerMultiprocessor).toBe(blocksPerMultiprocessor);
    }
  });

  it("ends with 1 for a launch that the device refuses, with 2 for wrong numbers", async () => {
    const common = ["occupancy", "--device", "h200", "--registers", "64", "--threads"];
    const refused = await runKernelgen(...common, "1056");
    const message = "kernelgen: threads: 1056 in a block, NVIDIA H200 allows 1024\n";
    expect(refused).toEqual({ exitCode: 1, stdout: "", stderr: message });
    expect((await runKernelgen(...common, "0")).exitCode).toBe(2);
    const webGpu = await runKernelgen(
      "occupancy",
      "--device",
      "webgpu-default",
      "--registers",
      "64",
      "--threads",
      "32",
    );
    expect(webGpu.exitCode).toBe(2);
    expect(webGpu.stderr).toMatch(/^kernelgen: occupancy is counted for CUDA devices; WebGPU default limits is /);
  });
});

describe("a launch of kernelgen occupancy", () => {
  const parameters = { threads: "32", registers: "32", shared: "0", dynamic: "0", barriers: "1" };
  const h200 = findDevice("h200") as CudaDevice;

  it.for([
    [{ threads: "1056" }, "no-configuration", "threads: 1056 in a block, NVIDIA H200 allows 1024"],
    [{ registers: "256" }, "no-configuration", "registers: 256 a thread, NVIDIA H200 allows 255"],
    [
      { threads: "512", registers: "200" },
      "no-configuration",
      "registers: a block of 512 threads of 200 needs 102400, NVIDIA H200 allows 65536",
    ],
    [
      { dynamic: "228KiB" },
      "no-configuration",
      "shared memory: needs 233472 B in a block, NVIDIA H200 allows 232448 B",
    ],
    [
      { dynamic: "50000", maxDynamic: "40000" },
      "no-configuration",
      "dynamic shared memory: 50000 B asked for, the kernel's limit is 40000 B",
    ],
    [{ barriers: "65" }, "no-configuration", "barriers: 65 named barriers in a block, NVIDIA H200 has 64"],
    [{ threads: "0" }, "invalid-problem", "threads: 0 is not an integer from 1 on"],
    [{ threads: "x" }, "invalid-problem", 'threads: "x" is not a number'],
    [{ registers: "1.5" }, "invalid-problem", "registers: 1.5 is not an integer from 0 on"],
    [{ carveout: "101" }, "invalid-problem", "carveout: 101 is not an integer from 0 to 100"],
    ...["48KB", "-1", "0.3KiB", "", "KiB"].map(
      (typed) =>
        [
          { shared: typed },
          "invalid-problem",
          `shared: "${typed}" is not a whole number of bytes, such as 49152, 48KiB or 0.5MiB`,
        ] as const,
    ),
  ] as const)("with %j is refused", ([change, code, message]) => {
    expect(() => analyse(h200, launchFrom({ ...parameters, ...change }))).toThrow(
      expect.objectContaining({ code, message }),
    );
  });

  // 25 % of 228 KiB is 57 KiB, so 64 KiB; blocks of 16 KiB and 1 KiB reserved: 3.
  it("takes opt-in, carve-out and barriers", () => {
    const found = (change: Partial<typeof parameters> & { carveout?: string; maxDynamic?: string }) =>
      analyse(h200, launchFrom({ ...parameters, ...change }));
    const carved = found({ dynamic: "16KiB", carveout: "25" }).occupancy;
    expect([carved.carveoutBytes, carved.limits.shared]).toEqual([65_536, 3]);
    expect(found({ barriers: "16" }).occupancy.limits.barriers).toBe(4);
    const { launch } = found({ dynamic: "40KiB", maxDynamic: "200KiB" });
    expect(launch).toMatchObject({ dynamicSharedBytes: 40_960, maxDynamicSharedBytes: 204_800 });
  });

  it("takes bytes with and without units", () => {
    const bytes = (shared: string) => launchFrom({ ...parameters, shared }).staticSharedBytes;
    expect(["49152", "48KiB", "48 KiB", "0.5MiB", "7B"].map(bytes)).toEqual([49_152, 49_152, 49_152, 524_288, 7]);
  });
});
