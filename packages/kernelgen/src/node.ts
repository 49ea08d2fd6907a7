// What needs node: the files of the package's assets, and a WebGPU device outside of a browser.
export { type GeneratedFile, type GenerateOptions, generateFiles } from "./generate.js";
export { type OpenDevice, openNodeDevice } from "./wgsl/node-device.js";
