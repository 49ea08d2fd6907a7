// What needs node: the build step, the files of the package's assets, and a WebGPU device outside of a browser.
export {
  type BuildOptions,
  type BuildProgress,
  type BuildReport,
  type BuiltKernelReport,
  buildKernels,
} from "./bundler/build.js";
export { type CheckReport, checkKernels } from "./bundler/check.js";
export { headerFiles } from "./cuda/header/header-files.js";
export {
  type KernelSet,
  type KernelUse,
  type LeftOutKernel,
  type SetKernel,
  type SetProblem,
  solveKernelSet,
} from "./cuda/kernel-set.js";
export { withScanLaunchInterface } from "./cuda/scan/launch-interface.js";
export { torchPackageFiles } from "./cuda/torch/package-files.js";
export { type GeneratedFile, type GenerateOptions, generateFiles } from "./generate.js";
export { experimentalDawnOptions, type OpenDevice, openNodeDevice } from "./wgsl/node-device.js";
