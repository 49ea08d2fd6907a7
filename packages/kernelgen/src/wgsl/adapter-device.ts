import { findDevice, type WebGpuDevice, type WebGpuFeature, type WebGpuLimits } from "hwmodels";
import { type AdapterMatrices, subgroupMatrixShapes } from "./adapter-matrices.js";

/** What is read from a live adapter or device. */
export interface AdapterFacts {
  readonly info: Pick<
    GPUAdapterInfo,
    "vendor" | "architecture" | "description" | "subgroupMinSize" | "subgroupMaxSize"
  > &
    AdapterMatrices;
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
}

const catalogued = (id: string): WebGpuDevice => findDevice(id) as WebGpuDevice;
const defaultDevice = catalogued("webgpu-default");
const limitNames = Object.keys(defaultDevice.limits) as (keyof WebGpuLimits)[];
const subgroupMatrix = "chromium-experimental-subgroup-matrix";
const featureNames: readonly WebGpuFeature[] = ["shader-f16", "subgroups", "timestamp-query", subgroupMatrix];

/** The subgroup sizes that WebGPU permits. */
const subgroupSizeRange = { min: 4, max: 128 } as const;

/** Catalogued devices whose assumptions hold for an adapter that says this about itself. */
const relatives: readonly { readonly says: RegExp; readonly id: string }[] = [
  { says: /swiftshader/i, id: "webgpu-swiftshader" },
  { says: /llvmpipe/i, id: "webgpu-lavapipe" },
  { says: /nvidia/i, id: "webgpu-h200" },
  { says: /\bapple\b/i, id: "webgpu-apple-m1" },
  { says: /\bmali\b/i, id: "webgpu-mali" },
];

/**
 * A device description from a live adapter: its limits and features as it reports them. What WebGPU does not report (registers, rates,
 * latencies) is assumed, from the catalogued device that is nearest to it.
 */
export function webGpuDeviceFromAdapter({ info, limits, features }: AdapterFacts): WebGpuDevice {
  const self = [info.vendor, info.architecture, info.description].join(" ");
  const relative = catalogued(relatives.find(({ says }) => says.test(self))?.id ?? defaultDevice.id);
  const name = info.description || [info.vendor, info.architecture].filter(Boolean).join(" ") || "WebGPU adapter";
  return {
    kind: "webgpu",
    id: "webgpu-adapter",
    name,
    vendor: info.vendor || "any",
    limits: Object.fromEntries(limitNames.map((limit) => [limit, limits[limit]])) as unknown as WebGpuLimits,
    features: featureNames.filter((feature) => features.has(feature)),
    subgroupSizes: features.has("subgroups")
      ? { min: info.subgroupMinSize ?? subgroupSizeRange.min, max: info.subgroupMaxSize ?? subgroupSizeRange.max }
      : null,
    subgroupMatrices: features.has(subgroupMatrix) ? subgroupMatrixShapes(info) : [],
    assumed: relative.assumed,
    sources: [
      { covers: ["limits", "subgroupSizes", "subgroupMatrices"], kind: "reported", from: "read from the adapter" },
      { covers: ["assumed"], kind: "estimate", from: `those of ${relative.name}` },
    ],
  };
}
