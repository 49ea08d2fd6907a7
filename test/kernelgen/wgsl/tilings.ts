import { findDevice, type WebGpuDevice } from "hwmodels";
import type { KernelFamily } from "../../../packages/kernelgen/src/plan/family.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { defineProblem, type Problem, type ProblemOptions } from "../../../packages/kernelgen/src/plan/problem.js";
import { type Pins, planOf, stateTiling } from "../../../packages/kernelgen/src/plan/stated-tiling.js";
import { residentFamily } from "../../../packages/kernelgen/src/wgsl/resident.js";
import { stepwiseFamily } from "../../../packages/kernelgen/src/wgsl/stepwise.js";
import { propertySeed } from "../../support/property-seed.js";

export const families: readonly KernelFamily<WebGpuDevice>[] = [residentFamily, stepwiseFamily];

/** Property tests run the same cases every time, unless FC_SEED asks for others. */
export const seed = propertySeed;

export const webGpuDevice = (id: string): WebGpuDevice => findDevice(id) as WebGpuDevice;

/** WebGPU's default limits with subgroups, the smallest of that size. */
export const withSubgroups = (min: number): WebGpuDevice => {
  const device = webGpuDevice("webgpu-default");
  return { ...device, features: [...device.features, "subgroups"], subgroupSizes: { min, max: 64 } };
};

/** WebGPU's default limits with products of subgroup matrices, smaller than any that there are, of f32 and of f16. */
export const withMatrices = (subgroupSize: number): WebGpuDevice => ({
  ...webGpuDevice("webgpu-default"),
  features: ["shader-f16", "subgroups", "chromium-experimental-subgroup-matrix"],
  subgroupSizes: { min: 4, max: subgroupSize },
  subgroupMatrices: (["f32", "f16"] as const).flatMap((component) => [
    { component, result: "f32", m: 4, n: 2, k: 4 },
    { component, result: "f32", m: 2, n: 2, k: 4 },
  ]),
});

/** A problem in fp32; an LSTM's unless another cell is named. */
export const problemOf = (options: Omit<ProblemOptions, "cell"> & { cell?: string }): Problem =>
  defineProblem({ cell: "lstm", dataType: "fp32", steps: 5, ...options });

/** Sizes that divide tiles and sizes that divide nothing: head dimension, heads, batch. */
export const spread: readonly (readonly [headDim: number, heads: number, batch: number])[] = [
  [1, 1, 1],
  [7, 1, 1],
  [20, 2, 5],
  [48, 5, 3],
  [64, 12, 16],
  [131, 1, 2],
  [256, 1, 8],
];

/** Every feasible tiling of a family, not the fastest alone, as a function from its position to the plan. */
export function feasiblePlans(
  problem: Problem,
  device: WebGpuDevice,
  family: KernelFamily<WebGpuDevice>,
  pins: Pins = {},
): { readonly count: number; plan(index: number): Plan } {
  const stated = stateTiling(problem, device, family, pins);
  const solutions = [...stated.model.solutions()];
  return {
    count: solutions.length,
    plan: (index) => planOf(stated, solutions[index % solutions.length]!),
  };
}
