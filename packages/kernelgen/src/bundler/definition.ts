import { KernelgenError } from "../errors.js";
import type { ProblemOptions } from "../plan/problem.js";
import type { OnRequest } from "../wgsl/families-on-request.js";
import type { BuiltKernel, BuiltNetwork } from "./built.js";

/** A kernel or a network that an application's build asks for: a problem, and the devices to solve it for. */
export interface KernelDefinition extends ProblemOptions, OnRequest {
  /** What its files are called and its names in the source start with: `checkKernelName` says what it may be. Unique in a build. */
  readonly name: string;
  /**
   * The devices to solve for, by name or as the path of a JSON file that describes one, relative to the file of the definition. Of WebGPU
   * devices, the best first: at run time the first whose plan the adapter can hold is taken. Left out: `webGpuTiers`.
   */
  readonly devices?: readonly string[];
  /** Consider this kernel family alone. */
  readonly family?: string;
  /**
   * Features of an input vector. With it the build makes a whole network for WebGPU, input projections included, which `createRecurrent` runs
   * for sequences of any length; without it, the kernel of the recurrence alone.
   */
  readonly inputDim?: number;
  /** Layers of a network; 1 if left out. */
  readonly layers?: number;
  /** Whether each layer of a network also walks the sequence from its end; false if left out. */
  readonly bidirectional?: boolean;
}

/**
 * The WebGPU devices that a kernel is solved for unless it names others, the best first: the limits that every desktop adapter has (those of
 * Direct3D 12), the limits that every adapter has, and those of compatibility mode.
 */
export const webGpuTiers = ["webgpu-d3d12", "webgpu-default", "webgpu-compatibility"] as const;

/** The kernels of an application, for the default export of `kernels.config.ts`. */
export const defineKernels = <const Kernels extends readonly KernelDefinition[]>(kernels: Kernels): Kernels => kernels;

/** A definition in a file of its own, `NAME.kernel.ts`, which names it. */
export type NamedByFile = Omit<KernelDefinition, "name"> & { readonly name?: string };

/** What the build makes of a definition. */
export type BuiltFrom<Definition> = Definition extends { readonly inputDim: number } ? BuiltNetwork : BuiltKernel;

/**
 * A kernel or network in a file of its own, for the default export of `NAME.kernel.ts`. The bundler plugin solves it and puts what is built in
 * the module's place, whose type is therefore that of this function's result.
 *
 * Without the plugin nothing is built: reading the tiers then throws `KernelgenError` "not-built".
 */
export function defineKernel<const Definition extends NamedByFile>(definition: Definition): BuiltFrom<Definition> {
  const kernel = { ...definition };
  // Not enumerable, so that the build reads the definition's own fields alone.
  Object.defineProperty(kernel, "tiers", {
    get(): never {
      throw new KernelgenError(
        "not-built",
        "a kernel's definition has no tiers: the bundler plugin of kernelgen has not replaced its module",
      );
    },
  });
  return kernel as unknown as BuiltFrom<Definition>;
}
