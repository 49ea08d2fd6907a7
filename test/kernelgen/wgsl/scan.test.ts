import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearCells } from "../../../packages/kernelgen/src/cell/index.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { randomInputs } from "../../../packages/kernelgen/src/reference/random-case.js";
import { scanForward } from "../../../packages/kernelgen/src/reference/scan/forward.js";
import { errorOf } from "../../../packages/kernelgen/src/reference/tolerances.js";
import { createForward } from "../../../packages/kernelgen/src/wgsl/runtime.js";
import { chunksAtOnce } from "../../../packages/kernelgen/src/wgsl/scan/buffers.js";
import { scanFamily } from "../../../packages/kernelgen/src/wgsl/scan/forward.js";
import { verifyForward } from "../../../packages/kernelgen/src/wgsl/verify.js";
import { leaky, selective } from "../own-cells.js";
import { requireDevice } from "./devices.js";
import { feasiblePlans, problemOf, seed, webGpuDevice, withSubgroups } from "./tilings.js";

const defaultDevice = webGpuDevice("webgpu-default");

async function expectRight(device: GPUDevice, plan: Plan, caseSeed: number, tolerance = 1e-5): Promise<void> {
  const forward = await createForward(device, plan, scanFamily.emit(plan)[0]!.text);
  try {
    const errors = await verifyForward(forward, plan.problem, caseSeed);
    expect(errors.map(({ tensor }) => tensor)).toEqual(
      ["", "_last"].map((end) => plan.problem.cell.states[0]!.name + end),
    );
    for (const { tensor, largestError } of errors) {
      expect(largestError, `${tensor}, ${JSON.stringify(plan.parameters)}`).toBeLessThan(tolerance);
    }
  } finally {
    forward.destroy();
  }
}

describe("scans in WGSL against the float64 reference", () => {
  it("any feasible tiling of any small problem, in one chunk and in several", { timeout: 120_000 }, async (context) => {
    const { device } = await requireDevice(context);
    const sizes = fc.record({
      cell: fc.constantFrom(...linearCells.keys()),
      headDim: fc.integer({ min: 1, max: 40 }),
      heads: fc.integer({ min: 1, max: 2 }),
      batch: fc.integer({ min: 1, max: 3 }),
      steps: fc.integer({ min: 1, max: 90 }),
    });
    const dispatches = new Set<number>();
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), fc.nat(), async (options, index, caseSeed) => {
        const plan = feasiblePlans(problemOf(options), defaultDevice, scanFamily).plan(index);
        dispatches.add(plan.derived.dispatchCount!);
        await expectRight(device, plan, caseSeed);
      }),
      { numRuns: 8, seed, endOnFailure: true },
    );
    expect(dispatches).toEqual(new Set([1, 3]));
  });

  it.for([
    [1, leaky],
    [2, selective],
  ] as const)(
    "a user's cell, %i channels at once, in more chunks than the state passes at once",
    async ([channelsPerInvocation, cell], context) => {
      const { device } = await requireDevice(context);
      const problem = { ...problemOf({ cell: "linear", headDim: 12, batch: 2, steps: 170 }), cell };
      const pins = { channelsPerInvocation, timeLanes: 2, stepsPerInvocation: 8, tilesPerChunk: 1 };
      const plan = solveFamily(problem, defaultDevice, scanFamily, pins).plan!;
      expect(plan.derived.chunks).toBeGreaterThan(chunksAtOnce);
      await expectRight(device, plan, 5);
    },
  );

  it("joins lanes by shuffles where there are subgroups", { timeout: 120_000 }, async (context) => {
    const { device, description } = await requireDevice(context);
    if (!description.features.includes("subgroups"))
      context.skip(`shuffles cannot be run here: ${description.name} has no subgroups`);
    const problem = problemOf({ cell: "mingru", headDim: 3, batch: 2, steps: 70 });
    // SwiftShader's subgroups have 4 invocations: 16 do without, as where invocations lie in another order.
    for (const shuffleLanes of [4, 16]) {
      const pins = { channelLanes: 2, shuffleLanes, timeLanes: 8, stepsPerInvocation: 2, tilesPerChunk: 2 };
      const plan = solveFamily(problem, withSubgroups(shuffleLanes), scanFamily, pins).plan!;
      expect(scanFamily.emit(plan)[0]!.text).toContain("subgroupShuffleXor");
      await expectRight(device, plan, 6);
    }
  });

  it("stops at the end of each sequence", async (context) => {
    const { device } = await requireDevice(context);
    const problem = problemOf({ cell: "minlstm", headDim: 5, batch: 3, steps: 40 });
    const pins = { timeLanes: 2, stepsPerInvocation: 8, tilesPerChunk: 1 };
    const plan = solveFamily(problem, defaultDevice, scanFamily, pins).plan!;
    const forward = await createForward(device, plan, scanFamily.emit(plan)[0]!.text);
    try {
      const inputs = randomInputs(problem, 3);
      for (const [name, values] of Object.entries(inputs)) forward.write(name, Float32Array.from(values));
      forward.write("padding", new Float32Array([0, 39, 13]));
      forward.write("h", new Float32Array(3 * 40 * 5).fill(Number.NaN));
      await forward.run();
      const expected = scanForward(problem, inputs, { lengths: [40, 1, 27] });
      for (const name of ["h", "h_last"]) {
        const actual = await forward.read(name);
        actual.forEach((value, index) => {
          expect(errorOf(value, expected[name]![index]!), `${name}[${index}]`).toBeLessThan(1e-5);
        });
      }
    } finally {
      forward.destroy();
    }
  });

  it("refuses what it does not compute, and says what", () => {
    for (const [options, reason] of [
      [{ cell: "mingru", headDim: 4, dataType: "bf16" }, /^bf16: WGSL has no such type/],
      [{ cell: "mingru", headDim: 4, dataType: "fp16" }, /^fp16: needs the feature shader-f16/],
      [{ cell: "lstm", headDim: 4 }, /^lstm is no linear recurrence: its gates look at the state before$/],
    ] as const) {
      expect(solveFamily(problemOf(options), defaultDevice, scanFamily).reason).toMatch(reason);
    }
  });
});
