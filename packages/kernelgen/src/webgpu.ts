// What an application needs to run kernels and recurrent networks on WebGPU that were planned before, in node or a browser: no solver.
export type { BuiltKernel, BuiltNetwork, KernelTier, NetworkTier } from "./bundler/built.js";
export { type AdapterLimits, chooseTier, createBuiltForward, requestDeviceFor } from "./bundler/choose-tier.js";
export { KernelgenError, type KernelgenErrorCode } from "./errors.js";
export { type PlanJson, planFromJson } from "./plan/plan-json.js";
export {
  type ProgramRequirements,
  type RecurrentProgram,
  unmetRequirements,
} from "./wgsl/recurrent/program.js";
export {
  createRecurrent,
  type Recurrent,
  type RecurrentGradients,
  type RecurrentResult,
  type RecurrentState,
  type StartState,
} from "./wgsl/recurrent/recurrent.js";
export { type DirectionWeights, type RecurrentWeights, weightShapes } from "./wgsl/recurrent/weights.js";
export { createForward, type StepTime, type WebGpuForward } from "./wgsl/runtime.js";
export {
  type OnnxAttributes,
  type OnnxNetworkOptions,
  type OnnxOperator,
  type OnnxTensor,
  recurrentOptionsFromOnnx,
  weightsFromOnnx,
} from "./wgsl/weights/onnx.js";
export {
  createOnnxRecurrent,
  type OnnxInputs,
  type OnnxOutputs,
  type OnnxRecurrent,
} from "./wgsl/weights/onnx-recurrent.js";
export { type StateDict, type StateTensor, weightsFromPyTorch } from "./wgsl/weights/pytorch.js";
export { readSafetensors } from "./wgsl/weights/safetensors.js";
