// What an application needs to run kernels on WebGPU that were solved before: no solver.
export type { BuiltKernel, KernelTier } from "./bundler/built-kernel.js";
export { type AdapterLimits, chooseTier, createBuiltForward } from "./bundler/choose-tier.js";
export { KernelgenError, type KernelgenErrorCode } from "./errors.js";
export { type PlanJson, planFromJson } from "./plan/plan-json.js";
export { createForward, type StepTime, type WebGpuForward } from "./wgsl/runtime.js";
