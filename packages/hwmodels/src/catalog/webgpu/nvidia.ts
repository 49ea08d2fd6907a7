import type {
  CudaDevice,
  SubgroupMatrixComponent,
  SubgroupMatrixShape,
  WebGpuAssumptions,
  WebGpuDevice,
} from "../../device.js";
import type { DeviceSource } from "../../source.js";
import { cudaDevices } from "../cuda/devices.js";
import { defaultLimits, limitsFrom, specified, workgroupLimits, workgroupsOf1024 } from "./specification.js";

const cudaDevice = (id: string): CudaDevice => cudaDevices.find((device) => device.id === id)!;
const h200 = cudaDevice("h200");
const rtx4090 = cudaDevice("rtx4090");

/** From one dispatch to the next, in µs: what steps of one dispatch each took on an H200 beyond what their kernels are predicted to take. */
const measuredDispatchMicroseconds = 2.5;

/** What CUDA tells about the GPU behind the adapter. */
const throughCuda = (device: CudaDevice): WebGpuAssumptions => ({
  registersPerInvocation: device.maxRegistersPerThread,
  registersPerWorkgroup: device.registersPerBlock,
  computeUnitCount: device.multiprocessorCount,
  clockMegahertz: device.timing.clockMegahertz,
  fmaPerClockPerComputeUnit: device.timing.fmaPerClockPerMultiprocessor,
  subgroupMatrixMultiplyAddsPerClockPerComputeUnit: device.timing.bf16MultiplyAddsPerClockPerMultiprocessor,
  specialFunctionsPerClockPerComputeUnit: device.timing.specialFunctionsPerClockPerMultiprocessor,
  workgroupBytesPerClockPerComputeUnit: device.timing.sharedBytesPerClockPerMultiprocessor,
  workgroupBarrierNanoseconds: device.timing.blockBarrierNanoseconds,
  dispatchMicroseconds: measuredDispatchMicroseconds,
  storageBytesPerSecond: device.timing.l2BytesPerSecond,
  subgroupsTakeTurns: false,
});

const assumedFrom = (device: CudaDevice): DeviceSource => ({
  covers: ["assumed"],
  kind: "estimate",
  from: `the CUDA device ${device.id} of this catalogue`,
});

const dispatch = (kind: DeviceSource["kind"]): DeviceSource => ({
  covers: ["assumed.dispatchMicroseconds"],
  kind,
  from: "bench/results/2026-11-21-wgsl-forward-h200.md",
});

const subgroupsOf32: DeviceSource = {
  covers: ["subgroupSizes"],
  kind: "published",
  from: "CUDA C++ Programming Guide 13.0: 32 threads in a warp",
};

const readOnH200 = "read through webgpu 0.6.2 (Dawn) on an H200, driver 580";

const h200Adapter: WebGpuDevice = {
  kind: "webgpu",
  id: "webgpu-h200",
  name: "NVIDIA H200 through Dawn and Vulkan",
  vendor: "nvidia",
  limits: { ...defaultLimits, ...workgroupsOf1024, maxComputeWorkgroupStorageSize: 48 * 2 ** 10 },
  features: ["subgroups", "timestamp-query"],
  subgroupSizes: { min: h200.warpSize, max: h200.warpSize },
  subgroupMatrices: [],
  assumed: throughCuda(h200),
  sources: [
    limitsFrom("reported", readOnH200, workgroupLimits),
    specified,
    subgroupsOf32,
    assumedFrom(h200),
    dispatch("measured"),
  ],
};

/** Sides of the products of subgroup matrices, m × n × k. */
const halfShapes = [
  [16, 16, 16],
  [16, 8, 16],
  [16, 8, 8],
] as const;
const byteShapes = [
  [16, 16, 32],
  [16, 8, 32],
] as const;
const matrices = (
  component: SubgroupMatrixComponent,
  result: SubgroupMatrixComponent,
  shapes: readonly (readonly [m: number, n: number, k: number])[],
): SubgroupMatrixShape[] => shapes.map(([m, n, k]) => ({ component, result, m, n, k }));

/** NVIDIA GPUs through Vulkan. */
export const nvidiaAdapters: readonly WebGpuDevice[] = [
  h200Adapter,
  {
    ...h200Adapter,
    id: "webgpu-h200-experimental",
    name: "NVIDIA H200 through Dawn with allow_unsafe_apis and vulkan_enable_f16_on_nvidia",
    features: ["shader-f16", "subgroups", "timestamp-query", "chromium-experimental-subgroup-matrix"],
    subgroupMatrices: [
      ...matrices("f16", "f16", halfShapes),
      ...matrices("f16", "f32", halfShapes),
      ...matrices("u8", "u32", byteShapes),
      ...matrices("i8", "i32", byteShapes),
    ],
    sources: [...h200Adapter.sources, { covers: ["subgroupMatrices"], kind: "reported", from: readOnH200 }],
  },
  {
    kind: "webgpu",
    id: "webgpu-nvidia",
    name: "NVIDIA GeForce through Dawn and Vulkan",
    vendor: "nvidia",
    limits: {
      ...defaultLimits,
      ...workgroupsOf1024,
      maxComputeWorkgroupStorageSize: 48 * 2 ** 10,
      maxStorageBufferBindingSize: 2 ** 31 - 4,
      maxBufferSize: 2 ** 31,
    },
    features: ["subgroups", "timestamp-query"],
    subgroupSizes: { min: rtx4090.warpSize, max: rtx4090.warpSize },
    subgroupMatrices: [],
    assumed: throughCuda(rtx4090),
    sources: [
      limitsFrom("reported", "adapter dump, Chrome 116 on Linux (webgpu/webgpureport.org#3)", [
        ...workgroupLimits,
        "maxStorageBufferBindingSize",
        "maxBufferSize",
      ]),
      specified,
      subgroupsOf32,
      assumedFrom(rtx4090),
      dispatch("estimate"),
    ],
  },
];
