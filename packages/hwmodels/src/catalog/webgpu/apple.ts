import type { WebGpuDevice, WebGpuLimits } from "../../device.js";
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

/** What Apple publishes of a chip, or what is assumed instead. */
interface AppleChip {
  readonly id: string;
  readonly name: string;
  readonly coreCount: number;
  readonly clockMegahertz: number;
  readonly memoryGigabytesPerSecond: number;
  readonly limits?: Partial<WebGpuLimits>;
  readonly sources: readonly DeviceSource[];
}

const metalLimits = limitsFrom(
  "published",
  "Metal Feature Set Tables, Apple7 to Apple9: 1024 threads and 32 KiB of a threadgroup, which Dawn passes on",
  workgroupLimits,
);

const simdGroups: DeviceSource = {
  covers: ["subgroupSizes"],
  kind: "reported",
  from: "adapter dump of an Apple GPU, architecture metal-3, Chrome 151; fixed at 32 in Dawn",
};

const core: DeviceSource = {
  covers: ["assumed.registersPerInvocation", "assumed.registersPerWorkgroup", "assumed.fmaPerClockPerComputeUnit"],
  kind: "measured",
  from: "philipturner/metal-benchmarks, Apple 7 and 8: 128 ALUs a core; 12 SIMD-groups at 128 registers",
};

const chipNumbers = ["assumed.computeUnitCount", "assumed.clockMegahertz", "assumed.storageBytesPerSecond"] as const;
const published = (from: string): DeviceSource => ({ covers: chipNumbers, kind: "published", from });
const clockAssumed: DeviceSource = {
  covers: ["assumed.clockMegahertz"],
  kind: "estimate",
  from: "Apple does not publish it: the M2's",
};

const m2Clock = 1400;

const chips: readonly AppleChip[] = [
  {
    id: "apple-m1",
    name: "Apple M1",
    coreCount: 8,
    clockMegahertz: 1270,
    memoryGigabytesPerSecond: 68.25,
    sources: [published("Apple, M1 newsroom: 8 cores, 2.6 TFLOP/s (1270 MHz); M1 Mac specifications: 68.25 GB/s")],
  },
  {
    id: "apple-m2",
    name: "Apple M2",
    coreCount: 10,
    clockMegahertz: m2Clock,
    memoryGigabytesPerSecond: 100,
    sources: [published("Apple, M2 newsroom: 10 cores, 3.6 TFLOP/s (1400 MHz), 100 GB/s")],
  },
  {
    id: "apple-m3",
    name: "Apple M3",
    coreCount: 10,
    clockMegahertz: m2Clock,
    memoryGigabytesPerSecond: 100,
    sources: [published("Apple, M3 newsroom and Mac specifications: 10 cores, 100 GB/s"), clockAssumed],
  },
  {
    id: "apple-m4",
    name: "Apple M4",
    coreCount: 10,
    clockMegahertz: m2Clock,
    memoryGigabytesPerSecond: 120,
    limits: {
      maxStorageBuffersPerShaderStage: 10,
      maxStorageBufferBindingSize: 2 ** 32 - 4,
      maxBufferSize: 2 ** 32 - 4,
    },
    sources: [
      published("Apple, M4 newsroom: 10 cores, 120 GB/s"),
      clockAssumed,
      limitsFrom("reported", "adapter dumps of an M4, and of an Apple GPU with 32 GB in Chrome 151", [
        "maxStorageBuffersPerShaderStage",
        "maxStorageBufferBindingSize",
        "maxBufferSize",
      ]),
    ],
  },
];

/** Apple's M series through Metal, in the largest configuration of each base chip. */
export const appleAdapters: readonly WebGpuDevice[] = chips.map((chip) => ({
  kind: "webgpu",
  id: `webgpu-${chip.id}`,
  name: `${chip.name} through Dawn and Metal`,
  vendor: "apple",
  limits: {
    ...defaultLimits,
    ...workgroupsOf1024,
    maxComputeWorkgroupStorageSize: 32 * 2 ** 10,
    ...chip.limits,
  },
  features: ["shader-f16", "subgroups", "timestamp-query"],
  subgroupSizes: { min: 32, max: 32 },
  subgroupMatrices: [],
  assumed: {
    ...unknownGpu,
    registersPerInvocation: 128,
    registersPerWorkgroup: 12 * 32 * 128,
    computeUnitCount: chip.coreCount,
    clockMegahertz: chip.clockMegahertz,
    fmaPerClockPerComputeUnit: 128,
    specialFunctionsPerClockPerComputeUnit: 32,
    // The last cache is at least as fast as the memory behind it.
    storageBytesPerSecond: chip.memoryGigabytesPerSecond * 1e9,
  },
  sources: [specified, guessed, metalLimits, simdGroups, core, ...chip.sources],
}));
