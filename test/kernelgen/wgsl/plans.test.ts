import type { WebGpuDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import type { Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily, solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";
import { residentFamily } from "../../../packages/kernelgen/src/wgsl/resident.js";
import { stepwiseFamily } from "../../../packages/kernelgen/src/wgsl/stepwise.js";
import { families, problemOf, spread, webGpuDevice } from "./tilings.js";

const defaultDevice = webGpuDevice("webgpu-default");

/** What a tiling of an LSTM needs, by plain arithmetic that shares nothing with the package. */
interface Needs {
  readonly invocations: number;
  readonly workgroupBytes: number;
  readonly workgroups: number;
  readonly registers: number;
}

const gates = 4;
const states = 2;
const scratchRegisters = 16;

/** A slot's share: two states and three indices, and for the resident family four inputs on their way. */
function commonNeeds(P: number, U: number, K: number, F: number, S: number, slotRegisters: number) {
  const ownSlots = Math.ceil((P * S) / K);
  const partialBytes = K === 1 ? 0 : P * S * (K / F) * (U + 1) * 16 + (F === 1 ? 0 : 16);
  return { invocations: U * K, partialBytes, registers: P * S * gates + ownSlots * slotRegisters + scratchRegisters };
}

function residentNeeds(
  { headDim, heads, batch }: Problem,
  P: number,
  K: number,
  F: number,
  S: number,
  CR: number,
  CW: number,
): Needs {
  const U = Math.ceil(headDim / P);
  const { invocations, partialBytes, registers } = commonNeeds(P, U, K, F, S, states + 3 + gates);
  const chunks = Math.ceil(Math.ceil(headDim / 4) / K);
  const stateBytes = (K === 1 ? 2 : 1) * S * chunks * K * 4 * 4;
  return {
    invocations,
    workgroupBytes: partialBytes + stateBytes + CW * P * U * K * 16 * 4,
    workgroups: heads * Math.ceil(batch / S),
    registers: registers + CR * P * 16,
  };
}

function stepwiseNeeds(
  { headDim, heads, batch }: Problem,
  P: number,
  U: number,
  K: number,
  F: number,
  S: number,
): Needs {
  const { invocations, partialBytes, registers } = commonNeeds(P, U, K, F, S, states + 3);
  return {
    invocations,
    workgroupBytes: partialBytes,
    workgroups: Math.ceil(headDim / (P * U)) * Math.ceil(batch / S) * heads,
    registers: registers + P * 16 + 4,
  };
}

const fits = (needs: Needs, { limits, assumed }: WebGpuDevice): boolean =>
  needs.invocations <= limits.maxComputeInvocationsPerWorkgroup &&
  needs.workgroupBytes <= limits.maxComputeWorkgroupStorageSize &&
  needs.registers <= assumed.registersPerInvocation &&
  needs.registers * needs.invocations <= assumed.registersPerWorkgroup;

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
const powersOfTwo = (last: number): number[] => upTo(last).filter((n) => (n & (n - 1)) === 0);

/** Batch tiles that no smaller tile can replace, inner splits that leave no lane idle, and what part of a split a subgroup can add up. */
function workgroupShapes(
  { headDim, batch }: Problem,
  { subgroupSizes }: WebGpuDevice,
): { P: number; K: number; F: number; S: number }[] {
  const chunkCount = Math.ceil(headDim / 4);
  const tiles = upTo(batch).filter((S) => S === 1 || Math.ceil(batch / (S - 1)) > Math.ceil(batch / S));
  return [1, 2, 4, 8].flatMap((P) =>
    powersOfTwo(64)
      .filter((K) => K <= chunkCount)
      .flatMap((K) => powersOfTwo(Math.min(K, subgroupSizes?.min ?? 1)).map((F) => ({ K, F })))
      .flatMap(({ K, F }) => tiles.map((S) => ({ P, K, F, S }))),
  );
}

function* residentTilings(problem: Problem, device: WebGpuDevice): Generator<Needs> {
  for (const { P, K, F, S } of workgroupShapes(problem, device)) {
    const chunks = Math.ceil(Math.ceil(problem.headDim / 4) / K);
    for (let CR = 0; CR <= chunks; CR++) {
      for (let CW = 0; CR + CW <= chunks; CW++) yield residentNeeds(problem, P, K, F, S, CR, CW);
    }
  }
}

function* stepwiseTilings(problem: Problem, device: WebGpuDevice): Generator<Needs> {
  for (const { P, K, F, S } of workgroupShapes(problem, device)) {
    for (const U of powersOfTwo(256)) {
      if (P * U < 2 * problem.headDim) yield stepwiseNeeds(problem, P, U, K, F, S);
    }
  }
}

const tilingsOf = { resident: residentTilings, stepwise: stepwiseTilings } as const;

describe("tilings against plain loops", () => {
  it.each(spread)("heads %i x %i, batch %i: as many are feasible as loops count", (headDim, heads, batch) => {
    const problem = problemOf({ headDim, heads, batch });
    for (const id of ["webgpu-default", "webgpu-compatibility", "webgpu-swiftshader"]) {
      const device = webGpuDevice(id);
      for (const family of families) {
        const expected = [...tilingsOf[family.name as keyof typeof tilingsOf](problem, device)].filter((needs) =>
          fits(needs, device),
        );
        expect(solveFamily(problem, device, family, {}, { count: true }).feasibleCount, `${family.name} on ${id}`).toBe(
          expected.length,
        );
      }
    }
  });

  it.each(spread)("heads %i x %i, batch %i: what a plan says it needs", (headDim, heads, batch) => {
    const problem = problemOf({ headDim, heads, batch });
    for (const family of families) {
      const plan = solveFamily(problem, defaultDevice, family).plan!;
      const {
        unitsPerInvocation: P,
        unitLanes: U,
        innerLanes: K,
        batchTile: S,
      } = plan.parameters as Record<string, number>;
      const { chunksInRegisters: CR, chunksInWorkgroup: CW } = plan.parameters as Record<string, number>;
      const needs =
        family.name === "resident"
          ? residentNeeds(problem, P!, K!, 1, S!, CR!, CW!)
          : stepwiseNeeds(problem, P!, U!, K!, 1, S!);
      expect(fits(needs, defaultDevice)).toBe(true);
      expect(plan.launch).toEqual({
        blockCount: needs.workgroups,
        threadsPerBlock: needs.invocations,
        sharedBytesPerBlock: needs.workgroupBytes,
      });
      const registers = plan.budgets.find(({ name }) => name === "registers per invocation (assumed)")!;
      expect(registers.used).toBe(needs.registers);
      const { workgroupsX, workgroupsY, workgroupsZ } = plan.derived as Record<string, number>;
      expect(workgroupsX! * workgroupsY! * workgroupsZ!).toBe(needs.workgroups);
    }
  });

  it("stepwise dispatches once a step, resident once", () => {
    const problem = problemOf({ headDim: 7, steps: 1234 });
    expect(solveFamily(problem, defaultDevice, stepwiseFamily).plan!.derived.dispatchCount).toBe(1234);
    expect(solveFamily(problem, defaultDevice, residentFamily).plan!.derived.dispatchCount).toBe(1);
  });

  it("on an H200, small heads are resident and a large head is stepwise", () => {
    const device = webGpuDevice("webgpu-h200");
    const familyFor = (headDim: number) => solvePlan(problemOf({ headDim, steps: 128 }), device, families).plan.family;
    expect(familyFor(32)).toBe("resident");
    expect(familyFor(1024)).toBe("stepwise");
  });
});

describe("refusals name the thing, the number and the limit", () => {
  it.each(families)("$name: bf16", (family) => {
    const problem = problemOf({ headDim: 64, dataType: "bf16" });
    expect(solveFamily(problem, defaultDevice, family).reason).toBe(
      "bf16: WGSL has no such type; it has fp32, and fp16 where the adapter has it",
    );
  });

  it.each(families)("$name: fp16", (family) => {
    const problem = problemOf({ headDim: 64, dataType: "fp16" });
    expect(solveFamily(problem, defaultDevice, family).reason).toBe(
      "fp16: needs the feature shader-f16, which WebGPU default limits lacks",
    );
  });

  it.each(families)("$name: a tensor larger than a binding may be", (family) => {
    const problem = problemOf({ headDim: 64, heads: 12, batch: 16, steps: 1024 });
    expect(solveFamily(problem, defaultDevice, family).reason).toBe(
      "tensor wx [16,1024,4,12,64]: needs a storage buffer of 201326592 B, WebGPU default limits allows 134217728 B",
    );
  });

  it.each(families)("$name: a buffer may be as large as the limit", (family) => {
    // wx: 4 gates * 512 units * 4 B * 16384 steps = 128 MiB.
    const problem = problemOf({ headDim: 512, steps: 16_384 });
    expect(family.refuse(problem, defaultDevice)).toBeUndefined();
    expect(family.refuse(problemOf({ headDim: 512, steps: 16_385 }), defaultDevice)).toMatch("134225920 B");
  });

  it.each(families)("$name: more tensors than storage buffers", (family) => {
    const device = { ...defaultDevice, limits: { ...defaultDevice.limits, maxStorageBuffersPerShaderStage: 5 } };
    expect(family.refuse(problemOf({ headDim: 64 }), device)).toBe(
      "storage buffers: lstm needs 6, WebGPU default limits allows 5",
    );
  });

  it("resident: a head with more units than a workgroup can hold", () => {
    const { plan, reason } = solveFamily(problemOf({ headDim: 2816 }), defaultDevice, residentFamily);
    expect(plan).toBeUndefined();
    expect(reason).toMatch(
      /invocations per workgroup: needs at least 352 invocations, WebGPU default limits allows 256/,
    );
  });
});
