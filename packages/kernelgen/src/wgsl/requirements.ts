import type { WebGpuDevice } from "hwmodels";
import type { Problem } from "../plan/problem.js";
import { backwardBuffers } from "./backward-buffers.js";
import { bufferBytes, type StorageBuffer, storageBuffers } from "./storage-buffers.js";

/**
 * Why no WGSL kernel can serve a problem on the device, whatever its tile: the data type, the number of buffers, or the size of one.
 * Undefined if nothing stands against it.
 */
export function refuseForward(problem: Problem, device: WebGpuDevice): string | undefined {
  const refusal = refuseDataType(problem, device);
  if (refusal !== undefined) return refusal;
  if (problem.pass === "backward") return "backward: in WGSL it is a part of networks that are planned for training";
  if (problem.lengths) return "lengths: WGSL kernels run all sequences of a batch for the same number of steps";
  return refuseBuffers(problem, device, storageBuffers(problem));
}

/** The same of a backward kernel. */
export function refuseBackward(problem: Problem, device: WebGpuDevice): string | undefined {
  if (problem.recurrentGradientClip !== undefined || problem.recurrentGradientCut) {
    return "the recurrent gradient: WGSL kernels pass all of it on, neither clipped nor cut";
  }
  return refuseDataType(problem, device) ?? refuseBuffers(problem, device, backwardBuffers(problem));
}

function refuseDataType({ dataType, tf32 }: Problem, { features, name }: WebGpuDevice): string | undefined {
  if (dataType === "bf16") return "bf16: WGSL has no such type; it has fp32, and fp16 where the adapter has it";
  if (dataType === "fp16" && !features.includes("shader-f16")) {
    return `fp16: needs the feature shader-f16, which ${name} lacks`;
  }
  return tf32 ? "tf32: WGSL has no such type" : undefined;
}

function refuseBuffers(
  problem: Problem,
  { limits, name }: WebGpuDevice,
  buffers: readonly StorageBuffer[],
): string | undefined {
  if (buffers.length > limits.maxStorageBuffersPerShaderStage) {
    return `storage buffers: ${problem.cell.name} needs ${buffers.length}, ${name} allows ${limits.maxStorageBuffersPerShaderStage}`;
  }
  const allowedBytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  for (const buffer of buffers) {
    const bytes = bufferBytes(buffer);
    if (bytes > allowedBytes) {
      return `tensor ${buffer.name} [${buffer.shape.join(",")}]: needs a storage buffer of ${bytes} B, ${name} allows ${allowedBytes} B`;
    }
  }
  return undefined;
}
