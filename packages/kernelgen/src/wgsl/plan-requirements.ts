import type { Plan } from "../plan/plan.js";
import { exchangeBuffer } from "./exchange.js";
import type { ProgramRequirements } from "./recurrent/program.js";
import { stepCounter } from "./step-counter.js";
import { bufferBytes, storageBuffers } from "./storage-buffers.js";
import { subgroupMatrixOf } from "./subgroup-matrix.js";

/** What a WGSL plan and its source take of an adapter: each limit that they could exceed, and the features that the source enables. */
export function planRequirements(plan: Plan, source: string): ProgramRequirements {
  const { problem, family, launch, derived } = plan;
  const subgroupMatrix = subgroupMatrixOf(plan);
  const buffers = storageBuffers(problem);
  const counter = stepCounter(plan);
  const others = [...(family === "grid" ? [exchangeBuffer(problem).bytes] : []), ...(counter ? [counter.bytes] : [])];
  const largestBuffer = Math.max(...buffers.map(bufferBytes), ...others);
  return {
    features: enabledFeatures(source),
    limits: {
      maxStorageBuffersPerShaderStage: buffers.length + others.length,
      maxStorageBufferBindingSize: largestBuffer,
      maxBufferSize: largestBuffer,
      maxComputeWorkgroupStorageSize: launch.sharedBytesPerBlock,
      maxComputeInvocationsPerWorkgroup: launch.threadsPerBlock,
      maxComputeWorkgroupSizeX: launch.threadsPerBlock,
      maxComputeWorkgroupsPerDimension: Math.max(derived.workgroupsX!, derived.workgroupsY!, derived.workgroupsZ!),
    },
    ...(subgroupMatrix && { subgroupMatrix }),
  };
}

/** The WebGPU features of the extensions that a module enables. */
export const enabledFeatures = (source: string): readonly string[] =>
  [...source.matchAll(/^enable ([^;]+);/gm)].flatMap(([, names]) =>
    names!.split(",").map((name) => featureOfExtension[name.trim()] ?? unknownExtension(name.trim())),
  );

/** WGSL specification, section "Enable Extensions": the feature that lets a module enable an extension. */
const featureOfExtension: Readonly<Record<string, string>> = {
  f16: "shader-f16",
  subgroups: "subgroups",
  chromium_experimental_subgroup_matrix: "chromium-experimental-subgroup-matrix",
};

function unknownExtension(name: string): never {
  throw new Error(`WGSL extension ${name} has no known feature`);
}
