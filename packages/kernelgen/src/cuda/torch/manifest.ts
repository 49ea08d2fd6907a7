import type { CudaDevice } from "hwmodels";
import type { Tensor } from "../../plan/tensors.js";
import { cudaArchitecture } from "../cuda-architecture.js";
import type { KernelSet, SetKernel } from "../kernel-set.js";

/** The folder of a device's sources within the package. */
export const sourceFolder = (device: CudaDevice): string => `cuda/${device.id.replace(/[^A-Za-z0-9]+/g, "_")}`;
/** The path of a kernel's source within the package. */
export const sourcePath = (kernel: SetKernel): string => `${sourceFolder(kernel.device)}/${kernel.name}.cu`;

/** `plans.json`: what was compiled for which device and sizes, from which the package picks at run time. */
export function manifest({ kernels, leftOut }: KernelSet): string {
  const devices = [...new Map(kernels.map(({ device }) => [device.id, device])).values()];
  const content = {
    devices: devices.map((device) => ({
      id: device.id,
      name: device.name,
      computeCapability: [device.computeCapability.major, device.computeCapability.minor],
      multiprocessorCount: device.multiprocessorCount,
      architecture: cudaArchitecture(device),
    })),
    kernels: kernels.map((kernel) => {
      const { cell, headDim, heads, batch, dataType } = kernel.plan.problem;
      return {
        name: kernel.name,
        source: sourcePath(kernel),
        device: kernel.device.id,
        use: kernel.use,
        cell: cell.name,
        headDim,
        heads,
        batch,
        dataType,
        predictedMicrosecondsPerStep: kernel.plan.predictedMicrosecondsPerStep,
        plan: { hash: kernel.plan.hash, family: kernel.plan.family, ...kernel.plan.launch },
        tensors: kernel.tensors.map(tensorEntry),
      };
    }),
    leftOut,
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** A tensor's extents: the batch and the steps by their letters, since a call has its own number of steps. */
function tensorEntry({ name, role, dimensions, shape, type }: Tensor): Record<string, unknown> {
  const letters = dimensions.split(",");
  return { name, role, shape: shape.map((extent, index) => (letters[index] === "T" ? "T" : extent)), type };
}
