import type { WebGpuDevice } from "../../device.js";
import type { DeviceSource } from "../../source.js";
import {
  defaultLimits,
  guessed,
  limitsFrom,
  specified,
  unknownGpu,
  workgroupLimits,
  workgroupsOf1024,
} from "./specification.js";

const adreno: DeviceSource = {
  covers: ["subgroupSizes"],
  kind: "published",
  from: "Qualcomm Snapdragon OpenCL guide: waves of 64 or 128 on Adreno 6xx and 7xx",
};

/** Qualcomm GPUs. */
export const qualcommAdapters: readonly WebGpuDevice[] = [
  {
    kind: "webgpu",
    id: "webgpu-adreno",
    name: "Qualcomm Adreno 7xx through Vulkan",
    vendor: "qualcomm",
    limits: { ...defaultLimits, ...workgroupsOf1024, maxComputeWorkgroupStorageSize: 32 * 2 ** 10 },
    features: ["shader-f16", "subgroups"],
    subgroupSizes: { min: 64, max: 128 },
    subgroupMatrices: [],
    assumed: unknownGpu,
    sources: [
      limitsFrom(
        "reported",
        "iree-org/iree, KnownTargets.cpp, after vulkan.gpuinfo.org reports 19218, 19382 and 27414",
        workgroupLimits,
      ),
      adreno,
      specified,
      guessed,
    ],
  },
  {
    kind: "webgpu",
    id: "webgpu-adreno-610",
    name: "Qualcomm Adreno 610 through Vulkan",
    vendor: "qualcomm",
    limits: defaultLimits,
    features: [],
    subgroupSizes: null,
    subgroupMatrices: [],
    assumed: unknownGpu,
    sources: [
      limitsFrom("reported", "vulkan.gpuinfo.org reports of the Adreno 610 (gpuweb/gpuweb#2832): 16 KiB", [
        "maxComputeWorkgroupStorageSize",
      ]),
      specified,
      guessed,
    ],
  },
];
