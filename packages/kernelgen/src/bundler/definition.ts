import { KernelgenError } from "../errors.js";
import type { ProblemOptions } from "../plan/problem.js";
import type { BuiltKernel } from "./built-kernel.js";

/** A kernel that an application's build asks for: a problem, and the devices to solve it for. */
export interface KernelDefinition extends ProblemOptions {
  /** What its files are called and its names in the source start with: `checkKernelName` says what it may be. Unique in a build. */
  readonly name: string;
  /**
   * The devices to solve for, by name or as the path of a JSON file that describes one, relative to the file of the definition. Of WebGPU
   * devices, the best first: at run time the first whose plan the adapter can hold is taken. Left out: `webGpuTiers`.
   */
  readonly devices?: readonly string[];
  /** Consider this kernel family alone. */
  readonly family?: string;
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

/**
 * A kernel in a file of its own, for the default export of `NAME.kernel.ts`. The bundler plugin solves it and puts the built kernel in the
 * module's place, whose type is therefore that of this function's result.
 *
 * Without the plugin there is no built kernel: reading its plans then throws `KernelgenError` "not-built".
 */
export function defineKernel(definition: NamedByFile): BuiltKernel {
  const notBuilt = (property: string) => ({
    get(): never {
      throw new KernelgenError(
        "not-built",
        `${property} of a kernel's definition: the bundler plugin of kernelgen has not replaced its module`,
      );
    },
  });
  const kernel = { ...definition };
  // Not enumerable, so that the build reads the definition's own fields alone.
  Object.defineProperties(kernel, {
    problem: notBuilt("problem"),
    tensors: notBuilt("tensors"),
    tiers: notBuilt("tiers"),
  });
  return kernel as unknown as BuiltKernel;
}
