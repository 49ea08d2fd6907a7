import type { CudaDevice } from "hwmodels";
import type { Problem } from "../plan/problem.js";
import { kernelTensors, tensorBytes } from "../plan/tensors.js";

/**
 * The least time of a step by device memory, in whole picoseconds: the bytes of inputs and outputs of all sequences and heads, of which each is read
 * or written once, over the vendor's bandwidth. No tiling is faster.
 */
export function memoryPicoseconds(problem: Problem, device: CudaDevice): number {
  const perStep = kernelTensors(problem).filter(({ dimensions }) => dimensions.split(",").includes("T"));
  const bytes = perStep.reduce((total, tensor) => total + tensorBytes(tensor), 0) / problem.steps;
  return Math.ceil((bytes * 1e12) / device.timing.memoryBytesPerSecond);
}
