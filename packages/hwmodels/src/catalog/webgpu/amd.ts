import type { WebGpuDevice } from "../../device.js";
import {
  defaultLimits,
  guessed,
  limitsFrom,
  specified,
  unknownGpu,
  workgroupLimits,
  workgroupsOf1024,
} from "./specification.js";

/** AMD GPUs through Vulkan. */
export const amdAdapters: readonly WebGpuDevice[] = [
  {
    kind: "webgpu",
    id: "webgpu-amd",
    name: "AMD Radeon RX 7900 XTX (RDNA 3) through Vulkan",
    vendor: "amd",
    limits: { ...defaultLimits, ...workgroupsOf1024, maxComputeWorkgroupStorageSize: 64 * 2 ** 10 },
    features: ["shader-f16", "subgroups", "timestamp-query"],
    subgroupSizes: { min: 32, max: 64 },
    subgroupMatrices: [],
    assumed: {
      ...unknownGpu,
      registersPerInvocation: 256,
      // Two SIMDs of 1536 registers for each of 32 lanes.
      registersPerWorkgroup: 2 * 1536 * 32,
      computeUnitCount: 96,
      clockMegahertz: 2500,
      fmaPerClockPerComputeUnit: 128,
      specialFunctionsPerClockPerComputeUnit: 16,
      workgroupBytesPerClockPerComputeUnit: 128,
      storageBytesPerSecond: 960e9,
    },
    sources: [
      limitsFrom(
        "published",
        "iree-org/iree, KnownTargets.cpp, RDNA3: 1024 threads and 64 KiB of a workgroup",
        workgroupLimits,
      ),
      {
        covers: ["subgroupSizes"],
        kind: "published",
        from: "iree-org/iree, KnownTargets.cpp, RDNA3: subgroups of 32 or 64",
      },
      specified,
      {
        covers: ["assumed.registersPerInvocation", "assumed.registersPerWorkgroup"],
        kind: "published",
        from: "LLVM AMDGPUBaseInfo: 256 addressable VGPRs, 1536 a lane and SIMD on RDNA 3",
      },
      {
        covers: [
          "assumed.computeUnitCount",
          "assumed.clockMegahertz",
          "assumed.fmaPerClockPerComputeUnit",
          "assumed.storageBytesPerSecond",
        ],
        kind: "published",
        from: "AMD product page of the RX 7900 XTX: 96 compute units, 2500 MHz, 61 TFLOP/s, 960 GB/s of memory",
      },
      guessed,
    ],
  },
];
