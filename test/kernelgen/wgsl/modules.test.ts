import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import type { OpenDevice } from "../../../packages/kernelgen/src/wgsl/node-device.js";
import { planRequirements } from "../../../packages/kernelgen/src/wgsl/plan-requirements.js";
import { createForward } from "../../../packages/kernelgen/src/wgsl/runtime.js";
import { openNullDevice } from "./devices.js";
import { families, feasiblePlans, problemOf, seed, spread, webGpuDevice, withSubgroups } from "./tilings.js";

const defaultDevice = webGpuDevice("webgpu-default");

let dawn: OpenDevice;
beforeAll(async () => {
  dawn = await openNullDevice();
});
afterAll(() => dawn.close());

describe.each(families)("modules of the family $name, compiled by Dawn", (family) => {
  it.each(spread)("heads %i x %i, batch %i", async (headDim, heads, batch) => {
    for (const stateOutput of ["sequence", "last"]) {
      const problem = problemOf({ headDim, heads, batch, stateOutput });
      const { plan, reason } = solveFamily(problem, defaultDevice, family);
      expect(reason).toBeUndefined();
      const [file] = family.emit(plan!);
      expect(file!.name).toBe("lstm_forward.wgsl");
      (await createForward(dawn.device, plan!, file!.text)).destroy();
    }
  });

  it("with shuffles need the feature subgroups, and no others do", async () => {
    for (const [shuffleLanes, features] of [
      [1, []],
      [2, ["subgroups"]],
      [16, ["subgroups"]],
    ] as const) {
      const { plan } = solveFamily(problemOf({ headDim: 67, batch: 3 }), withSubgroups(32), family, { shuffleLanes });
      const [file] = family.emit(plan!);
      expect(planRequirements(plan!, file!.text).features).toEqual(features);
      (await createForward(dawn.device, plan!, file!.text)).destroy();
    }
  });

  it("any feasible tiling of any small problem", async () => {
    const sizes = fc.record({
      headDim: fc.integer({ min: 1, max: 96 }),
      heads: fc.integer({ min: 1, max: 3 }),
      batch: fc.integer({ min: 1, max: 9 }),
      stateOutput: fc.constantFrom("sequence", "last"),
      cell: fc.constantFrom(...cells.keys()),
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (options, index) => {
        const plan = feasiblePlans(problemOf(options), defaultDevice, family).plan(index);
        (await createForward(dawn.device, plan, family.emit(plan)[0]!.text)).destroy();
      }),
      { numRuns: 25, seed },
    );
  });

  it("are the same bytes each time, and carry the plan's hash, cell, problem and device", () => {
    const problem = problemOf({ headDim: 20, heads: 2, batch: 5 });
    const emit = () => {
      const plan = solveFamily(problem, defaultDevice, family).plan!;
      return { plan, text: family.emit(plan)[0]!.text };
    };
    const { plan, text } = emit();
    expect(emit().text).toBe(text);
    const header = text.slice(0, text.indexOf("\n\n"));
    for (const part of [plan.hash, problem.cell.description, "heads 20x2, batch 5", defaultDevice.name, family.name]) {
      expect(header).toContain(part);
    }
  });

  // Dawn refuses what exceeds its limit and says how much that is: an independent count of a plan's workgroup memory.
  it("use as much workgroup memory as the plan says, by Dawn's count", async () => {
    const bigDevice = webGpuDevice("webgpu-h200");
    const problem = problemOf({ headDim: 256, batch: 8 });
    const { count, plan } = feasiblePlans(problem, bigDevice, family);
    const needy = Array.from({ length: count }, (_, index) => plan(index)).filter(
      ({ launch }) =>
        launch.sharedBytesPerBlock > defaultDevice.limits.maxComputeWorkgroupStorageSize &&
        launch.threadsPerBlock <= defaultDevice.limits.maxComputeInvocationsPerWorkgroup,
    );
    expect(needy.length).toBeGreaterThan(10);
    for (const candidate of needy.filter((_, index) => index % Math.ceil(needy.length / 10) === 0)) {
      await expect(createForward(dawn.device, candidate, family.emit(candidate)[0]!.text)).rejects.toMatchObject({
        code: "webgpu-failure",
        message: expect.stringContaining(`(${candidate.launch.sharedBytesPerBlock} bytes)`),
      });
    }
  });
});
