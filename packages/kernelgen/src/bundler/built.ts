import type { PlanJson } from "../plan/plan-json.js";
import type { Tensor } from "../plan/tensors.js";
import type { ProgramRequirements, RecurrentProgram } from "../wgsl/recurrent/program.js";

/** A kernel that was solved at build time, as a bundle carries it: plain data. */
export interface BuiltKernel {
  readonly name: string;
  /** What it computes. */
  readonly problem: Readonly<Record<string, string | number | boolean>>;
  /** The tensors of the kernel, inputs first. */
  readonly tensors: readonly Tensor[];
  /** A plan for each WebGPU device that it was solved for, the best first. */
  readonly tiers: readonly KernelTier[];
}

/** A kernel's plan for one WebGPU device, and its source. */
export interface KernelTier {
  /** The device that it was solved for, for example "webgpu-default". */
  readonly device: string;
  readonly plan: PlanJson;
  /** What the plan takes of an adapter. */
  readonly requires: ProgramRequirements;
  /** WGSL. */
  readonly source: string;
}

/** A recurrent network that was solved at build time, as a bundle carries it: plain data. */
export interface BuiltNetwork {
  readonly name: string;
  /** A program for each WebGPU device that it was solved for, the best first. */
  readonly tiers: readonly NetworkTier[];
}

/** A network's program for one WebGPU device; `createRecurrent` runs it. */
export interface NetworkTier {
  /** The device that it was solved for, for example "webgpu-default". */
  readonly device: string;
  readonly program: RecurrentProgram;
  /** What the program takes of an adapter. */
  readonly requires: ProgramRequirements;
}

/** A CUDA kernel of a build: its plan, and where its source lies. */
export interface BuiltCudaKernel {
  readonly name: string;
  /** The device that it was solved for, for example "h200". */
  readonly device: string;
  readonly tensors: readonly Tensor[];
  readonly plan: PlanJson;
  /** The paths of the source within the build's directory. */
  readonly files: readonly string[];
}
