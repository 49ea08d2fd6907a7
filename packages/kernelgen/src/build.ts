// What a configuration and the modules of a build import. It holds no solver.
export type { BuiltCudaKernel, BuiltKernel, BuiltNetwork, KernelTier, NetworkTier } from "./bundler/built.js";
export {
  type BuiltFrom,
  defineKernel,
  defineKernels,
  type KernelDefinition,
  type NamedByFile,
  webGpuTiers,
} from "./bundler/definition.js";
