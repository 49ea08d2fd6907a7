export { cudaDevices } from "./catalog/cuda-devices.js";
export { devices, findDevice, UnknownDeviceError } from "./catalog/find-device.js";
export { webGpuDevices } from "./catalog/webgpu-devices.js";
export type {
  ComputeCapability,
  CudaCapabilities,
  CudaDevice,
  CudaMultiprocessor,
  CudaTiming,
  Device,
  WebGpuAssumptions,
  WebGpuDevice,
  WebGpuFeature,
  WebGpuLimits,
} from "./device.js";
