import type { WebGpuDevice } from "hwmodels";
import { expect } from "vitest";
import type { KernelFamily } from "../../../packages/kernelgen/src/plan/family.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import type { Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { referenceForward, type TensorValues } from "../../../packages/kernelgen/src/reference/forward.js";
import { randomInputs } from "../../../packages/kernelgen/src/reference/random-case.js";
import { errorOf } from "../../../packages/kernelgen/src/reference/tolerances.js";
import { createForward } from "../../../packages/kernelgen/src/wgsl/runtime.js";

/** Runs a plan on inputs, with outputs that hold NaN before. */
export async function outputsOf(
  device: GPUDevice,
  plan: Plan,
  source: string,
  inputs: TensorValues,
): Promise<Record<string, Float32Array>> {
  const forward = await createForward(device, plan, source);
  try {
    const outputs = forward.tensors.filter(({ role }) => role === "output");
    for (const [name, values] of Object.entries(inputs)) forward.write(name, Float32Array.from(values));
    for (const { name, shape } of outputs) {
      forward.write(name, new Float32Array(shape.reduce((a, b) => a * b)).fill(Number.NaN));
    }
    await forward.run();
    return Object.fromEntries(await Promise.all(outputs.map(async ({ name }) => [name, await forward.read(name)])));
  } finally {
    forward.destroy();
  }
}

/** Runs a plan on random inputs and compares every output with the float64 reference. */
export async function expectRight(
  device: GPUDevice,
  plan: Plan,
  family: KernelFamily<WebGpuDevice>,
  problem: Problem,
  caseSeed: number,
  tolerance: number,
): Promise<void> {
  const inputs = randomInputs(problem, caseSeed);
  const actual = await outputsOf(device, plan, family.emit(plan)[0]!.text, inputs);
  for (const [name, expected] of Object.entries(referenceForward(problem, inputs))) {
    expect(actual[name]).toHaveLength(expected.length);
    const wrong = expected.findIndex((value, index) => !(errorOf(actual[name]![index]!, value) <= tolerance));
    expect(
      wrong,
      `${name}[${wrong}] is ${actual[name]![wrong]}, not ${expected[wrong]}; ${JSON.stringify(plan.parameters)}`,
    ).toBe(-1);
  }
}
