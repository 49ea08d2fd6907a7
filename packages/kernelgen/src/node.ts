// What needs node: the build step, the files of the package's assets, and a WebGPU device outside of a browser.
export {
  type BuildOptions,
  type BuildProgress,
  type BuildReport,
  type BuiltKernelReport,
  buildKernels,
} from "./bundler/build.js";
export { type CheckReport, checkKernels } from "./bundler/check.js";
export { type GeneratedFile, type GenerateOptions, generateFiles } from "./generate.js";
export { type OpenDevice, openNodeDevice } from "./wgsl/node-device.js";
