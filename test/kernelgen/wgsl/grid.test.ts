import type { WebGpuDevice } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { KernelgenError } from "../../../packages/kernelgen/src/errors.js";
import { familiesFor, familiesNamed } from "../../../packages/kernelgen/src/families.js";
import { solveFamily, solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";
import { tolerances } from "../../../packages/kernelgen/src/reference/tolerances.js";
import { gridFamily } from "../../../packages/kernelgen/src/wgsl/grid.js";
import type { OpenDevice } from "../../../packages/kernelgen/src/wgsl/node-device.js";
import { planRecurrent } from "../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import { createRecurrent, type Recurrent } from "../../../packages/kernelgen/src/wgsl/recurrent/recurrent.js";
import { createForward } from "../../../packages/kernelgen/src/wgsl/runtime.js";
import { verifyForward } from "../../../packages/kernelgen/src/wgsl/verify.js";
import { openNullDevice, requireDevice } from "./devices.js";
import { expectRightGradients } from "./recurrent/expect-gradients.js";
import { randomNumbers, randomWeights } from "./recurrent/reference-network.js";
import { problemOf, seed, webGpuDevice, withSubgroups } from "./tilings.js";

const defaultDevice = webGpuDevice("webgpu-default");

/** As if so many workgroups ran at once. */
const withUnits = (count: number, device = defaultDevice): WebGpuDevice => ({
  ...device,
  assumed: { ...device.assumed, computeUnitCount: count },
});

it("the family grid is considered on request alone", () => {
  const names = (options?: { assumeForwardProgress: boolean }): string[] =>
    familiesFor(defaultDevice, undefined, options).map(({ name }) => name);
  expect(names()).not.toContain("grid");
  expect(names({ assumeForwardProgress: true })).toContain("grid");
  expect(() => familiesNamed("grid", defaultDevice)).toThrow('unknown family "grid"');
  expect(() => planRecurrent({ cell: "lstm", headDim: 8, family: "grid" }, defaultDevice)).toThrow(
    "unknown kernel family",
  );
});

// Microseconds a step on an H200: grid 2.3 and 12.5, stepwise 5.9 and 11.0 (bench/results/2026-11-21-wgsl-forward-h200.md).
it.each([
  [1, "grid"],
  [8, "stepwise"],
])("at 1024 units and batch %i the faster one is chosen: %s", (batch, family) => {
  const h200 = webGpuDevice("webgpu-h200");
  const families = familiesFor(h200, undefined, { assumeForwardProgress: true });
  expect(solvePlan(problemOf({ headDim: 1024, batch }), h200, families).family.name).toBe(family);
});

describe("without a driver", () => {
  let dawn: OpenDevice;
  beforeAll(async () => {
    dawn = await openNullDevice();
  });
  afterAll(() => dawn.close());

  it.each([...cells.keys()])("modules of %s compile, within the default limits", async (cell) => {
    for (const [headDim, shuffleLanes] of [
      [9, 1],
      [70, 4],
    ] as const) {
      const problem = problemOf({ cell, headDim, batch: 3, stateOutput: "last" });
      const { plan } = solveFamily(problem, withUnits(64, withSubgroups(4)), gridFamily, { shuffleLanes });
      expect(plan!.launch.blockCount).toBeLessThanOrEqual(64);
      (await createForward(dawn.device, plan!, gridFamily.emit(plan!)[0]!.text)).destroy();
    }
  });

  it("more workgroups than run at once are refused with the numbers", () => {
    const { reason } = solveFamily(problemOf({ headDim: 64, heads: 3 }), withUnits(2), gridFamily);
    expect(reason).toMatch(/workgroups that run at once \(assumed\): needs at least 3 workgroups, .* allows 2/);
  });
});

it.for([...cells.keys()])("numbers of one workgroup of %s against the float64 reference", async (cell, context) => {
  const { device } = await requireDevice(context);
  // One workgroup waits for its own values alone.
  const problem = problemOf({ cell, headDim: 6, batch: 2, steps: 6 });
  const { plan } = solveFamily(problem, withUnits(1), gridFamily);
  const forward = await createForward(device, plan!, gridFamily.emit(plan!)[0]!.text);
  for (const { tensor, largestError } of await verifyForward(forward, problem, seed)) {
    expect(largestError, tensor).toBeLessThanOrEqual(tolerances.fp32);
  }
  forward.destroy();
});

it("workgroups that cannot all run at once end, and are reported", async (context) => {
  const { device } = await requireDevice(context);
  // More workgroups than any software adapter has threads, each for a unit: the first ones wait for others that never start.
  const problem = problemOf({ headDim: 256, steps: 3 });
  const pins = { unitsPerInvocation: 1, unitLanes: 1, innerLanes: 64 };
  const { plan } = solveFamily(problem, withUnits(1000), gridFamily, pins);
  expect(plan!.launch.blockCount).toBe(256);
  const text = gridFamily.emit(plan!)[0]!.text;
  const impatient = text.replace(/MOST_LOOKS = \d+u/, "MOST_LOOKS = 50u");
  expect(impatient).not.toBe(text);
  const forward = await createForward(device, plan!, impatient);
  await expect(forward.run()).rejects.toMatchObject({
    code: "no-forward-progress",
    message: expect.stringMatching(/^\d+ reads of the state gave up/),
  });
  forward.destroy();
});

it("in training computes the forward pass, from which gradients follow", async (context) => {
  const { device } = await requireDevice(context);
  const options = { cell: "elman", headDim: 4, inputDim: 2, training: true } as const;
  const program = planRecurrent({ ...options, assumeForwardProgress: true, family: "grid" }, withUnits(1));
  expect([program.forward.family, program.training!.backward.family]).toEqual(["grid", "resident"]);
  await expectRightGradients(device, program, 3, seed % 1000);
});

it("a network gives what the other families give, or rejects", async (context) => {
  const { device } = await requireDevice(context);
  const options = { cell: "gru", headDim: 16, inputDim: 5, batch: 2, bidirectional: true, layers: 2 } as const;
  const given = { ...options, assumeForwardProgress: true, family: "grid" };
  const [patient, plain] = [planRecurrent(given, withUnits(2)), planRecurrent(options, defaultDevice)];
  const source = patient.forward.source.replace(/MOST_LOOKS = \d+u/, "MOST_LOOKS = 5000u");
  const waiting = { ...patient, forward: { ...patient.forward, source } };
  expect(waiting.forward.exchange).toBeDefined();
  const weights = randomWeights(plain, seed % 1000);
  const input = randomNumbers(2 * 7 * 5, 1);
  const networks: Recurrent[] = [];
  for (const program of [plain, waiting]) networks.push(await createRecurrent(device, program, weights));
  const expected = await networks[0]!.forward(input);
  // Twice: the second sequence finds what the first one left in the exchange.
  for (const start of ["zero", "zero"] as const) {
    try {
      const { output } = await networks[1]!.forward(input, start);
      for (const [index, value] of output.entries()) expect(value).toBeCloseTo(expected.output[index]!, 5);
    } catch (error) {
      expect(error).toBeInstanceOf(KernelgenError);
      expect(error).toMatchObject({ code: "no-forward-progress" });
    }
  }
  for (const network of networks) network.destroy();
});
