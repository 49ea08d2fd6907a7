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

/** Intel GPUs. */
export const intelAdapters: readonly WebGpuDevice[] = [
  {
    kind: "webgpu",
    id: "webgpu-intel",
    name: "Intel Arc A770 (Xe-HPG)",
    vendor: "intel",
    limits: { ...defaultLimits, ...workgroupsOf1024, maxComputeWorkgroupStorageSize: 32 * 2 ** 10 },
    features: ["shader-f16", "subgroups", "timestamp-query"],
    subgroupSizes: { min: 8, max: 32 },
    subgroupMatrices: [],
    assumed: {
      ...unknownGpu,
      // 4 KiB of a hardware thread that runs 16 invocations.
      registersPerInvocation: 64,
      registersPerWorkgroup: 16 * 8 * 1024,
      computeUnitCount: 32,
      clockMegahertz: 2100,
      fmaPerClockPerComputeUnit: 128,
      specialFunctionsPerClockPerComputeUnit: 32,
      workgroupBytesPerClockPerComputeUnit: 128,
      storageBytesPerSecond: 560e9,
    },
    sources: [
      limitsFrom(
        "reported",
        "gpuweb/gpuweb#6243: 1024 invocations; 32 KiB in an adapter dump of an HD 530, Firefox",
        workgroupLimits,
      ),
      {
        covers: ["subgroupSizes", "assumed.registersPerInvocation", "assumed.registersPerWorkgroup"],
        kind: "published",
        from: "Intel oneAPI GPU Optimization Guide, Xe-HPG: 16 engines of 8 threads of 4 KiB, subgroups of 8, 16 or 32",
      },
      specified,
      {
        covers: ["assumed.computeUnitCount", "assumed.clockMegahertz", "assumed.storageBytesPerSecond"],
        kind: "published",
        from: "Intel product page of the Arc A770: 32 Xe cores, 2100 MHz, 560 GB/s of memory",
      },
      guessed,
    ],
  },
];
