import type { WebGpuLimits } from "hwmodels";
import type { Plan } from "../plan/plan.js";
import { bufferBytes, storageBuffers } from "./storage-buffers.js";

/** What a WGSL plan takes of each limit that it could exceed: what to ask an adapter for. */
export function requiredLimits({ problem, launch, derived }: Plan): Partial<WebGpuLimits> {
  const buffers = storageBuffers(problem);
  const largestBuffer = Math.max(...buffers.map(bufferBytes));
  return {
    maxStorageBuffersPerShaderStage: buffers.length,
    maxStorageBufferBindingSize: largestBuffer,
    maxBufferSize: largestBuffer,
    maxComputeWorkgroupStorageSize: launch.sharedBytesPerBlock,
    maxComputeInvocationsPerWorkgroup: launch.threadsPerBlock,
    maxComputeWorkgroupSizeX: launch.threadsPerBlock,
    maxComputeWorkgroupsPerDimension: Math.max(derived.workgroupsX!, derived.workgroupsY!, derived.workgroupsZ!),
  };
}

/** The optional features that a WGSL plan's source needs: those that it enables. */
export const requiredFeatures = (source: string): readonly GPUFeatureName[] =>
  [...source.matchAll(/^enable ([^;]+);/gm)].flatMap(([, names]) =>
    names!.split(",").map((name) => featureOfExtension[name.trim()] ?? unknownExtension(name.trim())),
  );

/** WGSL specification, section "Enable Extensions": the feature that lets a module enable an extension. */
const featureOfExtension: Readonly<Record<string, GPUFeatureName>> = {
  f16: "shader-f16",
  subgroups: "subgroups",
};

function unknownExtension(name: string): never {
  throw new Error(`WGSL extension ${name} has no known feature`);
}
