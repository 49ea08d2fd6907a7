import { type CudaDevice, type Device, findDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import { clusterFamily } from "../../../packages/kernelgen/src/cuda/on-chip/cluster.js";
import { gridFamily } from "../../../packages/kernelgen/src/cuda/on-chip/grid.js";
import { residentFamily } from "../../../packages/kernelgen/src/cuda/on-chip/resident.js";
import { KernelgenError } from "../../../packages/kernelgen/src/errors.js";
import { defineProblem, type ProblemOptions } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily, solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";
import type { Pins } from "../../../packages/kernelgen/src/plan/stated-tiling.js";

/** Families that keep R on the chip. */
const families = [residentFamily, clusterFamily, gridFamily];

function refusal(device: Device, sizes: Omit<ProblemOptions, "cell">): KernelgenError {
  try {
    solvePlan(defineProblem({ cell: "lstm", ...sizes }), device, families);
  } catch (error) {
    if (error instanceof KernelgenError) return error;
    throw error;
  }
  throw new Error("has a plan");
}

/** "NAME: needs at least N UNIT, DEVICE allows M", each as [name, N, M]. */
function shortfalls(message: string, device: Device): [string, number, number][] {
  const pattern = new RegExp(`([^:;]+): needs at least (\\d+) \\w+, ${device.name} allows (\\d+)`, "g");
  return [...message.matchAll(pattern)].map(([, name, needed, allowed]) => [
    name!.trim(),
    Number(needed),
    Number(allowed),
  ]);
}

describe("a head that no family can serve", () => {
  it.for([
    ["rtx4090", { headDim: 16_384 }, "heads 16384x1"],
    ["t4", { headDim: 16_384, dataType: "fp32" }, "fp32"],
  ] as const)("on %s: %o", ([id, sizes, named]) => {
    const device = findDevice(id);
    const { code, message } = refusal(device, sizes);
    expect(code).toBe("no-configuration");
    const [first, ...reasons] = message.split("\n");
    expect(first).toMatch(new RegExp(`^no kernel family can serve lstm forward, .* on ${device.name}$`));
    expect(first).toContain(named);
    // Each family says what it lacks. R alone is one of these shortfalls, and easy to work out.
    expect(reasons.map((line) => line.trim().split(":")[0])).toEqual(["resident", "cluster", "grid"]);
    const matrixBytes = 4 * sizes.headDim ** 2 * ("dataType" in sizes ? 4 : 2);
    for (const line of reasons) {
      if (/^ *cluster: .* has no thread block clusters/.test(line)) continue;
      const lacks = shortfalls(line, device);
      expect(lacks.length).toBeGreaterThan(0);
      for (const [name, needed, allowed] of lacks) expect(needed, name).toBeGreaterThan(allowed);
      // The grid family may read R from device memory in every step, but not h.
      if (/^ *grid:/.test(line)) continue;
      expect(lacks.map(([name, needed]) => [name, needed])).toContainEqual([
        expect.stringMatching(/^R of (a block|a cluster) in registers and shared memory$/),
        matrixBytes,
      ]);
    }
  });

  it("names the limits that cannot be met together", () => {
    const device = findDevice("a100");
    const problem = defineProblem({ cell: "lstm", headDim: 192, batch: 16 });
    const { reason } = solveFamily(problem, device, residentFamily);
    // Each of them could be met alone, and none of them where all others are.
    const opening = "where all other limits are met, ";
    expect(reason!.slice(0, opening.length)).toBe(opening);
    const lacks = shortfalls(reason!.slice(opening.length).replaceAll("; or ", "; "), device);
    expect(lacks.length).toBeGreaterThan(1);
    for (const [name, needed, allowed] of lacks) expect(needed, name).toBeGreaterThan(allowed);
    expect(reason).toContain(`allows ${(device as CudaDevice).sharedBytesPerBlockOptin}`);
  });

  it("says so where a GPU lacks the instructions", () => {
    const { message } = refusal(findDevice("v100"), { headDim: 64 });
    expect(message.match(/NVIDIA V100 SXM2 has no bf16 matrix instructions/g)).toHaveLength(families.length);
  });
});

describe("pins", () => {
  const device = findDevice("h200");
  const problem = defineProblem({ cell: "lstm", headDim: 64, heads: 2, batch: 8 });

  it("fix unknowns of the plan", () => {
    const pins = { unitsPerThread: 2, warpsAlongInner: 2 };
    expect(solveFamily(problem, device, residentFamily, pins).plan!.parameters).toMatchObject(pins);
  });

  it("that are no unknowns are refused with the names of those that are", () => {
    expect(() => solveFamily(problem, device, gridFamily, { warps: 2 })).toThrow(
      expect.objectContaining({
        code: "invalid-problem",
        message: expect.stringMatching(/^grid has no unknown "warps"; its unknowns: unitsPerThread, .*warpsAlongInner/),
      }),
    );
  });

  it("that no tile has are the reason", () => {
    const reasonOf = (pins: Pins) => solveFamily(problem, device, residentFamily, pins).reason;
    // Four tiles along 64 units: four warps have one each.
    expect(reasonOf({ innerTilesInRegisters: 4, warpsAlongInner: 4 })).toBe(
      "no tile of these dimensions has innerTilesInRegisters = 4 and warpsAlongInner = 4",
    );
    expect(reasonOf({ unitsPerThread: 3, prefetchSteps: 5 })).toBe(
      "unitsPerThread is 1 to 2, not 3; prefetchSteps is one of 4, 6, 8, 12, 16, not 5",
    );
  });
});

it("a head too small to be spread over blocks is refused with its sizes", () => {
  const problem = defineProblem({ cell: "elman", headDim: 1, batch: 3 });
  expect(solveFamily(problem, findDevice("h200"), clusterFamily)).toEqual({
    family: clusterFamily,
    reason: "heads of 1 units and a batch of 3 are too small for any tile",
  });
});
