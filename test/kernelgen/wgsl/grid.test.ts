import type { WebGpuDevice } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { familiesFor, familiesNamed } from "../../../packages/kernelgen/src/families.js";
import { solveFamily, solvePlan } from "../../../packages/kernelgen/src/plan/solve.js";
import { tolerances } from "../../../packages/kernelgen/src/reference/tolerances.js";
import { gridFamily } from "../../../packages/kernelgen/src/wgsl/grid.js";
import type { OpenDevice } from "../../../packages/kernelgen/src/wgsl/node-device.js";
import { planRecurrent } from "../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import type { RecurrentProgram } from "../../../packages/kernelgen/src/wgsl/recurrent/program.js";
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

describe("a network", () => {
  const options = { cell: "gru", headDim: 6, inputDim: 3, batch: 1, bidirectional: true, layers: 2 } as const;
  // One workgroup for a head: it waits for nobody, so that it computes the same on any adapter.
  const program = planRecurrent({ ...options, assumeForwardProgress: true, family: "grid" }, withUnits(1));
  const weights = randomWeights(program, seed % 1000);
  const input = randomNumbers(7 * 3, 1);
  const withSource = (source: string): RecurrentProgram => {
    expect(source).not.toBe(program.forward.source);
    return { ...program, forward: { ...program.forward, source } };
  };

  it("gives what the other families give", async (context) => {
    const { device } = await requireDevice(context);
    expect(program.forward.workgroups).toEqual([1, 1, 1]);
    const networks: Recurrent[] = [];
    for (const each of [planRecurrent(options, defaultDevice), program]) {
      networks.push(await createRecurrent(device, each, weights));
    }
    for (const start of ["zero", "kept"] as const) {
      const [expected, actual] = await Promise.all(networks.map((network) => network.forward(input, start)));
      for (const [index, value] of actual!.output.entries()) expect(value).toBeCloseTo(expected!.output[index]!, 5);
    }
    for (const network of networks) network.destroy();
  });

  it("starts each sequence, layer and direction with nothing in the exchange", async (context) => {
    const { device } = await requireDevice(context);
    // A kernel that counts as a failed read whatever it finds there.
    const looks = `
  for (var i = 1u; i < arrayLength(&exchange); i++) {
    if (atomicLoad(&exchange[i]) != 0u) { atomicAdd(&exchange[0], 1u); }
  }
  workgroupBarrier();
`;
    const [before, after] = program.forward.source.split("  // R, for all steps.");
    const network = await createRecurrent(device, withSource(`${before}${looks}${after}`), weights);
    for (const start of ["zero", "kept"] as const) {
      expect((await network.forward(input, start)).output).toHaveLength(7 * 12);
    }
    network.destroy();
  });

  it("rejects where a state does not come, and computes again where it then does", async (context) => {
    const { device } = await requireDevice(context);
    // No workgroup sends in the first sequence alone: its inputs are below zero.
    const source = program.forward.source
      .replace("  atomicStore(&exchange[", "  if (wx[0] > -1e3) { atomicStore(&exchange[")
      .replace("layer_unit)], word);", "layer_unit)], word); }")
      .replace(/MOST_LOOKS = \d+u/, "MOST_LOOKS = 50u");
    const network = await createRecurrent(device, withSource(source), weights);
    const expected = await network.forward(input);
    const silent = weights.layers[0]!.map((tensors) => ({ ...tensors, input: tensors.input.map(() => -1e4) }));
    await network.setWeights({ layers: [silent, weights.layers[1]!] });
    const failure = { code: "no-forward-progress", message: expect.stringMatching(/^\d+ reads of the state gave up/) };
    await expect(network.forward(input.map(Math.abs))).rejects.toMatchObject(failure);
    await network.setWeights(weights);
    expect((await network.forward(input)).output).toEqual(expected.output);
    network.destroy();
  });
});
