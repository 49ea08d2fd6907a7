import type { WebGpuDevice } from "../../device.js";
import { defaultLimits, guessed, limitsFrom, specified, unknownGpu } from "./specification.js";

/** Arm GPUs. */
export const armAdapters: readonly WebGpuDevice[] = [
  {
    kind: "webgpu",
    id: "webgpu-mali",
    name: "Arm Mali-G720 (5th generation) through Vulkan",
    vendor: "arm",
    limits: { ...defaultLimits, maxComputeWorkgroupStorageSize: 32 * 2 ** 10 },
    features: ["shader-f16", "subgroups"],
    subgroupSizes: { min: 16, max: 16 },
    subgroupMatrices: [],
    assumed: { ...unknownGpu, computeUnitCount: 12, fmaPerClockPerComputeUnit: 128 },
    sources: [
      limitsFrom("reported", "device of ggml-org/llama.cpp#27163, driver r44p1: 32768 B", [
        "maxComputeWorkgroupStorageSize",
      ]),
      {
        covers: ["subgroupSizes", "assumed.computeUnitCount", "assumed.fmaPerClockPerComputeUnit"],
        kind: "reported",
        from: "device of ggml-org/llama.cpp#27163, driver r44p1: subgroup 16, 12 cores, fma rate 128",
      },
      specified,
      guessed,
    ],
  },
];
