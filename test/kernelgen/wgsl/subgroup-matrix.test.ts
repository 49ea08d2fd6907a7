import type { WebGpuDevice } from "hwmodels";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { cells } from "../../../packages/kernelgen/src/cell/index.js";
import { KernelgenError } from "../../../packages/kernelgen/src/errors.js";
import { familiesFor, familiesNamed } from "../../../packages/kernelgen/src/families.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { tolerances } from "../../../packages/kernelgen/src/reference/tolerances.js";
import {
  experimentalDawnOptions,
  type OpenDevice,
  openNodeDevice,
} from "../../../packages/kernelgen/src/wgsl/node-device.js";
import { planRequirements } from "../../../packages/kernelgen/src/wgsl/plan-requirements.js";
import { planRecurrent } from "../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import { unmetRequirements } from "../../../packages/kernelgen/src/wgsl/recurrent/program.js";
import { createForward } from "../../../packages/kernelgen/src/wgsl/runtime.js";
import { subgroupMatrixFamily } from "../../../packages/kernelgen/src/wgsl/subgroup-matrix.js";
import { openNullDevice, requireDevice } from "./devices.js";
import { expectRight } from "./expect-numbers.js";
import { expectRightGradients } from "./recurrent/expect-gradients.js";
import { feasiblePlans, problemOf, seed, webGpuDevice, withMatrices } from "./tilings.js";

const defaultDevice = webGpuDevice("webgpu-default");
const half = { headDim: 32, batch: 5, dataType: "fp16" } as const;

/** Dawn without a driver says that subgroups may be as large as this. */
const largestSubgroup = 128;
const onNull: WebGpuDevice = {
  ...withMatrices(largestSubgroup),
  // Of matrices so small an invocation of a small subgroup has many.
  assumed: { ...defaultDevice.assumed, registersPerInvocation: 1024, registersPerWorkgroup: 2 ** 18 },
};

describe("on request alone", () => {
  it("is considered, and refused on a device without the feature, which the message names", () => {
    const names = (device: WebGpuDevice, subgroupMatrices?: boolean): string[] =>
      familiesFor(device, undefined, { subgroupMatrices }).map(({ name }) => name);
    expect(names(onNull)).not.toContain("subgroup-matrix");
    expect(names(onNull, true)).toContain("subgroup-matrix");
    expect(() => familiesNamed("subgroup-matrix", onNull)).toThrow('unknown family "subgroup-matrix"');
    for (const ask of [
      () => names(defaultDevice, true),
      () => planRecurrent({ cell: "lstm", headDim: 16, subgroupMatrices: true }, defaultDevice),
    ]) {
      expect(ask).toThrow(KernelgenError);
      expect(ask).toThrow(/need the feature chromium-experimental-subgroup-matrix, which WebGPU default limits lacks/);
    }
  });

  it.each([
    [half, { ...onNull, subgroupMatrices: [] }, /has none of f16 with sums in f32, which fp16 needs/],
    [
      { ...half, headDim: 30 },
      onNull,
      /head dimension 30 is no multiple of 4 and 4, or of 2 and 4, the rows and columns/,
    ],
    [{ ...half, headDim: 512, batch: 16 }, onNull, /workgroup memory: needs at least \d+ B, .* allows 16384/],
  ] as const)("says what stands against %o", (options, device, reason) => {
    expect(solveFamily(problemOf(options), device, subgroupMatrixFamily).reason).toMatch(reason);
  });
});

it("a program tells an adapter with its matrices from one with others", () => {
  const options = { cell: "gru", ...half, family: "subgroup-matrix", subgroupMatrices: true };
  const program = planRecurrent(options, onNull);
  const { component, result, m, n, k } = program.requires.subgroupMatrix!;
  expect([component, result]).toEqual(["f16", "f32"]);
  const unmet = (rows: number): readonly string[] => {
    const config = { componentType: component, resultComponentType: result, M: rows, N: n, K: k };
    const features = new Set<string>(onNull.features);
    return unmetRequirements(program, { features, limits: onNull.limits, info: { subgroupMatrixConfigs: [config] } });
  };
  expect(unmet(m)).toEqual([]);
  expect(unmet(m + 1)).toEqual([
    `subgroup matrices ${m}×${n}×${k} of f16 with sums in f32: the program needs them, the device lacks them`,
  ]);
});

describe("modules, compiled by Dawn without a driver", () => {
  // naga, the other compiler of the tests, does not know the extension.
  let dawn: OpenDevice;
  beforeAll(async () => {
    dawn = await openNodeDevice(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  });
  afterAll(() => dawn.close());

  it.each([...cells.keys()])("of %s, whatever R lies in", async (cell) => {
    for (const [dataType, innerTilesInRegisters] of [
      ["fp16", 8],
      ["fp16", 3],
      ["fp32", 0],
    ] as const) {
      const problem = problemOf({ ...half, cell, dataType, heads: 2, stateOutput: "last" });
      const { plan, reason } = solveFamily(problem, onNull, subgroupMatrixFamily, { innerTilesInRegisters });
      expect(reason).toBeUndefined();
      const source = subgroupMatrixFamily.emit(plan!)[0]!.text;
      expect(planRequirements(plan!, source).features).toContain("chromium-experimental-subgroup-matrix");
      (await createForward(dawn.device, plan!, source)).destroy();
    }
  });

  it("are refused by a device that was not asked for the feature", async () => {
    const plain = await openNullDevice();
    const { plan } = solveFamily(problemOf(half), onNull, subgroupMatrixFamily);
    await expect(createForward(plain.device, plan!, subgroupMatrixFamily.emit(plan!)[0]!.text)).rejects.toMatchObject({
      code: "webgpu-failure",
      message: expect.stringContaining("subgroup_matrix"),
    });
    await plain.close();
  });

  it("of any feasible tiling use as much workgroup memory as the plan says, by Dawn's count", async () => {
    const roomy = { ...onNull, limits: { ...onNull.limits, maxComputeWorkgroupStorageSize: 1 << 20 } };
    const { count, plan } = feasiblePlans(problemOf({ ...half, batch: 64 }), roomy, subgroupMatrixFamily);
    const needy = Array.from({ length: count }, (_, index) => plan(index)).filter(
      ({ launch }) => launch.sharedBytesPerBlock > defaultDevice.limits.maxComputeWorkgroupStorageSize,
    );
    expect(needy.length).toBeGreaterThan(4);
    for (const candidate of needy.filter((_, index) => index % Math.ceil(needy.length / 4) === 0)) {
      await expect(
        createForward(dawn.device, candidate, subgroupMatrixFamily.emit(candidate)[0]!.text),
      ).rejects.toMatchObject({
        code: "webgpu-failure",
        message: expect.stringContaining(`(${candidate.launch.sharedBytesPerBlock} bytes)`),
      });
    }
  });
});

/** A device with products of f16; skips the test where the machine has none. The interpreter of the race tests computes numbers anywhere. */
async function requireMatrices(context: TestContext): Promise<OpenDevice> {
  await requireDevice(context);
  const opened = await openNodeDevice(experimentalDawnOptions);
  if (!opened.description.subgroupMatrices.some(({ component, result }) => component === "f16" && result === "f32")) {
    await opened.close();
    context.skip(`subgroup matrices cannot be run here: ${opened.description.name} has none`);
  }
  return opened;
}

it("forward passes and a network in training, on a device that has such matrices", async (context) => {
  const { device, description, close } = await requireMatrices(context);
  for (const cell of cells.keys()) {
    const problem = problemOf({ ...half, cell, heads: 2, steps: 9 });
    const { plan } = solveFamily(problem, description, subgroupMatrixFamily);
    await expectRight(device, plan!, subgroupMatrixFamily, problem, seed, tolerances.fp16);
  }
  const options = { cell: "lstm", inputDim: 3, family: "subgroup-matrix", subgroupMatrices: true, training: true };
  await expectRightGradients(device, planRecurrent({ ...options, ...half }, description), 4, seed % 1000);
  await close();
});
