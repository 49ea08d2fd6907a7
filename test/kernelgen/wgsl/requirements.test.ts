import { expect, it } from "vitest";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import { gridFamily } from "../../../packages/kernelgen/src/wgsl/grid.js";
import { planRequirements } from "../../../packages/kernelgen/src/wgsl/plan-requirements.js";
import { planRecurrent, type RecurrentOptions } from "../../../packages/kernelgen/src/wgsl/recurrent/plan-recurrent.js";
import { trainedModules } from "../../../packages/kernelgen/src/wgsl/recurrent/plan-training.js";
import { families, problemOf, webGpuDevice } from "./tilings.js";

// What a plan or program takes of a device, counted in its source: a limit that is not asked for is the default one.

/** The invocations of a workgroup and the storage buffers of a module. */
function countedIn(source: string): { readonly invocations: number; readonly storageBuffers: number } {
  const constant = (name: string): number => Number(new RegExp(`^const ${name} = (\\d+)u;`, "m").exec(source)?.[1]);
  const lanes = constant("ROW_LANES") * constant("COLUMN_LANES");
  return {
    invocations: Number.isNaN(lanes) ? constant("INVOCATIONS") : lanes,
    storageBuffers: source.match(/var<storage, /g)!.length,
  };
}

it.each([...families, gridFamily])("a plan of the family $name", (family) => {
  const device = webGpuDevice("webgpu-h200");
  const problem = problemOf({ headDim: 96, batch: 4, steps: 1 });
  const { plan } = solveFamily(problem, device, family);
  const source = family.emit(plan!)[0]!.text;
  const { invocations, storageBuffers } = countedIn(source);
  const { limits } = planRequirements(plan!, source);
  // wx [4,1,4,1,96] is smaller than R [4,1,96,96].
  const largestBuffer = 4 * 96 * 96 * 4;
  expect(limits).toEqual({
    maxStorageBuffersPerShaderStage: storageBuffers,
    maxStorageBufferBindingSize: largestBuffer,
    maxBufferSize: largestBuffer,
    maxComputeWorkgroupStorageSize: plan!.launch.sharedBytesPerBlock,
    maxComputeInvocationsPerWorkgroup: invocations,
    maxComputeWorkgroupSizeX: invocations,
    maxComputeWorkgroupsPerDimension: expect.any(Number),
  });
});

it.each<[string, RecurrentOptions]>([
  ["for training", { cell: "slstm", headDim: 40, inputDim: 24, batch: 4, training: true }],
  ["whose workgroups wait for one another", { cell: "gru", headDim: 40, assumeForwardProgress: true, family: "grid" }],
])("a program %s", (_what, options) => {
  const program = planRecurrent(options, webGpuDevice("webgpu-h200"));
  const trained = program.training === undefined ? [] : trainedModules(program.training);
  const modules = [program.forward, ...program.projections, ...trained];
  const counted = modules.map(({ source }) => countedIn(source));
  const most = (what: keyof ReturnType<typeof countedIn>): number => Math.max(...counted.map((of) => of[what]));
  expect(program.requires.limits).toMatchObject({
    maxStorageBuffersPerShaderStage: most("storageBuffers"),
    maxComputeInvocationsPerWorkgroup: most("invocations"),
    maxComputeWorkgroupSizeX: most("invocations"),
  });
});
