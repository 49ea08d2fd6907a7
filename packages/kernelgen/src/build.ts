// What a configuration and the modules of a build import. It holds no solver.
export type { BuiltCudaKernel, BuiltKernel, KernelTier } from "./bundler/built-kernel.js";
export {
  defineKernel,
  defineKernels,
  type KernelDefinition,
  type NamedByFile,
  webGpuTiers,
} from "./bundler/definition.js";
