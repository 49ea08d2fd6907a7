import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearCells } from "../../../packages/kernelgen/src/cell/index.js";
import { linearCell } from "../../../packages/kernelgen/src/cell/linear.js";
import { multiply, sigmoid, tanh } from "../../../packages/kernelgen/src/cell/scalar.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { createForward } from "../../../packages/kernelgen/src/wgsl/runtime.js";
import { scanFamily } from "../../../packages/kernelgen/src/wgsl/scan.js";
import { verifyForward } from "../../../packages/kernelgen/src/wgsl/verify.js";
import { requireDevice } from "./devices.js";
import { feasiblePlans, problemOf, seed, webGpuDevice } from "./tilings.js";

const defaultDevice = webGpuDevice("webgpu-default");

/** A user's cell with biases, whose decay has no complement of its own. */
const leaky = linearCell({
  name: "leaky",
  description: "a leaky integrator",
  gates: ["rate", "drive"],
  state: "h",
  coefficients: (u) => ({ decay: sigmoid(u.rate!), update: multiply(sigmoid(u.rate!), tanh(u.drive!)) }),
});

async function expectRight(device: GPUDevice, plan: Plan, caseSeed: number): Promise<void> {
  const forward = await createForward(device, plan, scanFamily.emit(plan)[0]!.text);
  try {
    const errors = await verifyForward(forward, plan.problem, caseSeed);
    expect(errors.map(({ tensor }) => tensor)).toEqual(["h", "h_last"]);
    for (const { tensor, largestError } of errors) {
      expect(largestError, `${tensor}, ${JSON.stringify(plan.parameters)}`).toBeLessThan(1e-5);
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
      { numRuns: 12, seed, endOnFailure: true },
    );
    expect(dispatches).toEqual(new Set([1, 3]));
  });

  it("a user's cell with biases", async (context) => {
    const { device } = await requireDevice(context);
    const problem = { ...problemOf({ cell: "linear", headDim: 9, batch: 2, steps: 50 }), cell: leaky };
    await expectRight(device, solveFamily(problem, defaultDevice, scanFamily).plan!, 5);
  });

  it("refuses what it does not compute, and says what", () => {
    for (const [options, reason] of [
      [{ cell: "mingru", headDim: 4, dataType: "fp16" }, "fp16: scans in WGSL have fp32 alone"],
      [{ cell: "lstm", headDim: 4 }, "lstm is no linear recurrence: its gates look at the state before"],
    ] as const) {
      expect(solveFamily(problemOf(options), defaultDevice, scanFamily).reason).toBe(reason);
    }
  });
});
