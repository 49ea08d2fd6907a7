import type { WebGpuDevice } from "hwmodels";
import { familiesFor } from "../families.js";
import type { Problem } from "../plan/problem.js";
import { solvePlan } from "../plan/solve.js";
import { randomInputs } from "../reference/random-case.js";
import { scanForward } from "../reference/scan/forward.js";
import type { ScanAlgorithm } from "../reference/scan/options.js";
import { createForward } from "../wgsl/runtime.js";
import { steadyTime } from "./steady-time.js";

/** Milliseconds of a forward pass by each way of computing it. */
export interface ScanTimes {
  readonly steps: number;
  readonly cpuSequential: number;
  readonly cpuScan: number;
  /** On the WebGPU device, its memory filled before; absent without one. */
  readonly gpuScan?: number;
}

/** A WebGPU device and its description. */
export interface ScanDevice {
  readonly device: GPUDevice;
  readonly description: WebGpuDevice;
}

/** Runs of one way: as many as fit in this time, so that short ones are compiled by the end of it, but some at least; the fastest counts. */
const budgetMilliseconds = 300;
const leastRuns = 3;
/** Runs of a measurement on the GPU. */
const gpuRuns = 3;

function fastest(run: () => unknown): number {
  let best = Infinity;
  const end = performance.now() + budgetMilliseconds;
  for (let count = 0; count < leastRuns || performance.now() < end; count++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Measures a linear recurrence in fp32 on the CPU, one step after the other and as a scan, and on the GPU if there is one. */
export async function scanTimes(problem: Problem, gpu: ScanDevice | undefined, seed: number): Promise<ScanTimes> {
  const inputs = Object.fromEntries(
    Object.entries(randomInputs(problem, seed)).map(([name, values]) => [name, Float32Array.from(values)]),
  );
  const onCpu = (algorithm: ScanAlgorithm): number => fastest(() => scanForward(problem, inputs, { algorithm }));
  const times = { steps: problem.steps, cpuSequential: onCpu("sequential"), cpuScan: onCpu("scan") };
  if (gpu === undefined) return times;
  const { plan, family } = solvePlan(problem, gpu.description, familiesFor(gpu.description, problem));
  const forward = await createForward(gpu.device, plan, family.emit(plan)[0].text);
  try {
    for (const [name, values] of Object.entries(inputs)) forward.write(name, values);
    const { microsecondsPerStep } = await steadyTime(forward, gpuRuns);
    return { ...times, gpuScan: (microsecondsPerStep * problem.steps) / 1000 };
  } finally {
    forward.destroy();
  }
}
