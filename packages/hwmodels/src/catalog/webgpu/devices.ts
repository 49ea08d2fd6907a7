import type { WebGpuDevice } from "../../device.js";
import { deepFreeze } from "../../freeze.js";
import { amdAdapters } from "./amd.js";
import { appleAdapters } from "./apple.js";
import { armAdapters } from "./arm.js";
import { intelAdapters } from "./intel.js";
import { nvidiaAdapters } from "./nvidia.js";
import { qualcommAdapters } from "./qualcomm.js";
import { softwareDevices } from "./software.js";
import { specificationDevices } from "./specification.js";

/** The WebGPU adapters of the catalogue: the specification's own limits, software drivers, and typical GPUs. */
export const webGpuDevices: readonly WebGpuDevice[] = deepFreeze([
  ...specificationDevices,
  ...nvidiaAdapters,
  ...amdAdapters,
  ...intelAdapters,
  ...appleAdapters,
  ...qualcommAdapters,
  ...armAdapters,
  ...softwareDevices,
]);
