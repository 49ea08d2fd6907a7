import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { storageBuffers } from "./storage-buffers.js";

/** The buffer in which the invocations of a kernel with a dispatch for each step count their steps. */
export interface StepCounter {
  /** The name of the module's variable. */
  readonly name: string;
  /** All of it must be zero before a sequence, and before each part of one. */
  readonly bytes: number;
}

/** WebGPU's default limit `maxStorageBuffersPerShaderStage`: no kernel needs more. */
const portableStorageBuffers = 8;

/**
 * Whether a kernel with a dispatch for each step counts them itself, which takes a storage buffer; where the tensors take all of them, the
 * uniform tells the step. With a count, all dispatches bind the same, so that the host sets its bindings once and not for each step: on the
 * host a step then takes half as long (bench/results/2026-11-21-web-peers-h200.md).
 */
const countsSteps = (problem: Problem): boolean => storageBuffers(problem).length < portableStorageBuffers;

/** The counter of a plan: one count for each invocation. Undefined where the uniform tells the step, and where one dispatch does them all. */
export const stepCounter = ({ problem, family, launch }: Plan): StepCounter | undefined =>
  family === "stepwise" && problem.pass === "forward" && countsSteps(problem)
    ? {
        name: counterName,
        bytes: launch.blockCount * launch.threadsPerBlock * Uint32Array.BYTES_PER_ELEMENT,
      }
    : undefined;

const counterName = "steps_done";

/** WGSL that tells the step of a dispatch: `step_of(workgroup, invocation)`. */
export const stepSource = (problem: Problem): string =>
  countsSteps(problem)
    ? `// The steps that each invocation has done. No other reads or writes its count, so nothing depends on the order in which they run.
@group(0) @binding(${storageBuffers(problem).length + 1}) var<storage, read_write> ${counterName}: array<u32>;

// The step of this dispatch.
fn step_of(workgroup: vec3u, invocation: u32) -> u32 {
  let block = (workgroup.z * BATCH_BLOCKS + workgroup.y) * UNIT_BLOCKS + workgroup.x;
  let place = block * INVOCATIONS + invocation;
  let step = ${counterName}[place];
  ${counterName}[place] = step + 1u;
  return step;
}`
    : `// The step of this dispatch.
fn step_of(workgroup: vec3u, invocation: u32) -> u32 {
  return run.step;
}`;
