export {
  type CudaArchitecture,
  capabilityText,
  cudaArchitectures,
} from "./catalog/cuda/compute-capabilities.js";
export { cudaDevices } from "./catalog/cuda/devices.js";
export type {
  AccumulatorType,
  MatrixInstruction,
  MatrixShape,
  MatrixType,
} from "./catalog/cuda/matrix-instructions.js";
export { allMatrixShapes } from "./catalog/cuda/matrix-instructions.js";
export { devices, findDevice, UnknownDeviceError } from "./catalog/find-device.js";
export { webGpuDevices } from "./catalog/webgpu/devices.js";
export { type BlockSizeChoice, type BlockSizeOptions, bestBlockSize } from "./cuda/block-size.js";
export { maxDynamicSharedBytes, type SharedMemoryUse } from "./cuda/dynamic-shared-memory.js";
export {
  type ActiveClusters,
  clusterSharedBytes,
  maxActiveClusters,
  maxClusterBlocks,
  maxCooperativeBlocks,
} from "./cuda/grid-limits.js";
export { InvalidKernelError, type KernelLaunch, type KernelResources } from "./cuda/kernel-resources.js";
export {
  type FragmentRegisters,
  fragmentRegisters,
  type MatrixShapeQuery,
  matrixShapes,
} from "./cuda/matrix-shapes.js";
export { type Occupancy, type OccupancyResource, occupancy } from "./cuda/occupancy.js";
export { maxRegistersPerThread, registersPerWarp } from "./cuda/registers.js";
export { sharedBytesAllocated, sharedBytesLimit } from "./cuda/shared-memory.js";
export type {
  ActiveClusterCount,
  ClusterLimits,
  ComputeCapability,
  CudaCalibration,
  CudaCapabilities,
  CudaDevice,
  CudaMultiprocessor,
  CudaTiming,
  Device,
  SubgroupMatrixComponent,
  SubgroupMatrixShape,
  WebGpuAssumptions,
  WebGpuDevice,
  WebGpuFeature,
  WebGpuLimits,
} from "./device.js";
export type { FieldProblem } from "./device-file/field.js";
export { deviceJson, InvalidDeviceError, parseDevice } from "./device-file/parse.js";
export { type CudaRuntimeGpu, parseCudaRuntime } from "./probe/cuda-runtime.js";
export { deviceFromCudaRuntime, deviceFromNvidiaSmi } from "./probe/device-from-probe.js";
export { type NvidiaSmiGpu, nvidiaSmiParameters, ProbeError, parseNvidiaSmi } from "./probe/nvidia-smi.js";
export { type DeviceSource, numberPaths, type SourceKind, sourceOf } from "./source.js";
