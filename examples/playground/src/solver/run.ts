import {
  createForward,
  defineProblem,
  familiesFor,
  KernelgenError,
  planToJson,
  solvePlan,
  tolerances,
  verifyForward,
  webGpuDeviceFromAdapter,
} from "kernelgen";
import { requestAdapter } from "./browser-gpu.js";
import type { RunRequest, RunResult } from "./protocol.js";

/** Runs that are timed. */
const timedRuns = 5;
const seed = 1;

/** Plans a kernel for the GPU of this browser, runs it, and compares every output with the float64 reference. */
export async function run({ problem: options }: RunRequest): Promise<RunResult> {
  const adapter = await requestAdapter();
  if (adapter === undefined) throw new KernelgenError("no-webgpu-device", "this browser has no WebGPU adapter");
  const description = webGpuDeviceFromAdapter(adapter);
  const problem = defineProblem(options);
  const { plan, family } = solvePlan(problem, description, familiesFor(description));
  const device = await adapter.requestDevice({
    requiredFeatures: [...description.features] as GPUFeatureName[],
    requiredLimits: { ...description.limits },
  });
  try {
    const source = family.emit(plan)[0].text;
    const forward = await createForward(device, plan, source);
    const errors = await verifyForward(forward, problem, seed);
    const time = await forward.time(timedRuns);
    forward.destroy();
    const tolerance = tolerances[problem.dataType];
    return { adapter: description.name, plan: planToJson(plan), source, errors, tolerance, time };
  } finally {
    device.destroy();
  }
}
