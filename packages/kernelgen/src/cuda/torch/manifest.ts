import type { CudaDevice } from "hwmodels";
import type { CellDefinition } from "../../cell/definition.js";
import type { DataType } from "../../plan/data-type.js";
import type { Problem } from "../../plan/problem.js";
import type { Tensor } from "../../plan/tensors.js";
import { cudaArchitecture } from "../cuda-architecture.js";
import type { KernelSet, ScanKernel, SetKernel } from "../kernel-set.js";
import { pointwiseName } from "./pointwise-source.js";
import { isSixteenBit, type SixteenBitType, weightGradientsName } from "./weight-gradients-source.js";

/** The folder of a device's sources within the package. */
export const sourceFolder = (device: CudaDevice): string => `cuda/${device.id.replace(/[^A-Za-z0-9]+/g, "_")}`;
/** The path of a kernel's source within the package. */
export const sourcePath = (kernel: SetKernel | ScanKernel): string =>
  `${sourceFolder(kernel.device)}/${kernel.name}.cu`;

/** Pointwise kernels for the sizes of a cell and type that no kernel of a set is for. */
export interface PointwiseKernels {
  readonly cell: CellDefinition;
  readonly dataType: DataType;
  /** At which the states of `cell` are clipped, if they are. */
  readonly forwardClip: number | undefined;
  readonly device: CudaDevice;
}

/** One for each device, cell and type of a set. */
export function pointwiseKernels({ kernels }: KernelSet): readonly PointwiseKernels[] {
  const rows = kernels.map(({ device, plan: { problem } }): [string, PointwiseKernels] => {
    const { cell, dataType, forwardClip } = problem;
    return [`${device.id} ${pointwiseName(cell, dataType)}`, { cell, dataType, forwardClip, device }];
  });
  return [...new Map(rows).values()];
}

/** The path of pointwise kernels' source within the package. */
export const pointwisePath = ({ cell, dataType, device }: PointwiseKernels): string =>
  `${sourceFolder(device)}/${pointwiseName(cell, dataType)}.cu`;

/** Kernels of the weight gradients of small heads, of a type. */
export interface WeightGradientKernels {
  readonly dataType: SixteenBitType;
  readonly device: CudaDevice;
}

/** One for each device and 16-bit type of a set that is trained. */
export function weightGradientKernels({ kernels }: KernelSet): readonly WeightGradientKernels[] {
  const rows = kernels.flatMap(({ device, plan }): [string, WeightGradientKernels][] => {
    const { dataType, pass } = plan.problem;
    return pass === "backward" && isSixteenBit(dataType) ? [[`${device.id} ${dataType}`, { dataType, device }]] : [];
  });
  return [...new Map(rows).values()];
}

/** The path of such kernels' source within the package. */
export const weightGradientsPath = ({ dataType, device }: WeightGradientKernels): string =>
  `${sourceFolder(device)}/${weightGradientsName(dataType)}.cu`;

/** `plans.json`: what was compiled for which device and sizes, from which the package picks at run time. */
export function manifest(set: KernelSet, anySize: readonly SetKernel[]): string {
  const { kernels, scans, leftOut } = set;
  const devices = [...new Map([...kernels, ...scans].map(({ device }) => [device.id, device])).values()];
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
        ...extrasEntry(kernel.plan.problem),
        predictedMicrosecondsPerStep: kernel.plan.predictedMicrosecondsPerStep,
        plan: { hash: kernel.plan.hash, family: kernel.plan.family, ...kernel.plan.launch },
        tensors: kernel.tensors.map(tensorEntry),
      };
    }),
    // Kernels for any sizes; the batch is the one that they are tiled for.
    anySize: anySize.map((kernel) => {
      const { cell, batch, dataType } = kernel.plan.problem;
      return {
        name: kernel.name,
        source: sourcePath(kernel),
        device: kernel.device.id,
        use: kernel.use,
        cell: cell.name,
        batch,
        dataType,
        ...extrasEntry(kernel.plan.problem),
        plan: { hash: kernel.plan.hash, parameters: kernel.plan.parameters },
        tensors: kernel.tensors.map(anySizeTensorEntry),
      };
    }),
    scans: scans.map((scan) => {
      const { cell, headDim, heads, batch, dataType, pass } = scan.plan.problem;
      return {
        name: scan.name,
        source: sourcePath(scan),
        device: scan.device.id,
        pass,
        cell: cell.name,
        channels: headDim * heads,
        batch,
        dataType,
        plan: { hash: scan.plan.hash, parameters: scan.plan.parameters },
      };
    }),
    pointwise: pointwiseKernels(set).map((row) => ({
      name: pointwiseName(row.cell, row.dataType),
      source: pointwisePath(row),
      device: row.device.id,
      cell: row.cell.name,
      dataType: row.dataType,
      forwardClip: row.forwardClip,
    })),
    weightGradients: weightGradientKernels(set).map((row) => ({
      name: weightGradientsName(row.dataType),
      source: weightGradientsPath(row),
      device: row.device.id,
      dataType: row.dataType,
    })),
    leftOut,
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** What a kernel computes beside its cell. */
function extrasEntry(problem: Problem): Record<string, unknown> {
  const { lengths = false, forwardClip, recurrentGradientClip, recurrentGradientCut } = problem;
  return { lengths, forwardClip, recurrentGradientClip, recurrentGradientCut };
}

/** A tensor's extents: the batch and the steps by their letters, since a call has its own number of steps. */
function tensorEntry({ name, role, dimensions, shape, type }: Tensor): Record<string, unknown> {
  const letters = dimensions.split(",");
  return { name, role, shape: shape.map((extent, index) => (letters[index] === "T" ? "T" : extent)), type };
}

/** A tensor whose extents are letters, but for the number of gates. */
function anySizeTensorEntry({ name, role, dimensions, shape, type }: Tensor): Record<string, unknown> {
  const letters = dimensions.split(",");
  return {
    name,
    role,
    shape: shape.map((extent, index) => (letters[index] === "G" || letters[index] === "1" ? extent : letters[index])),
    type,
  };
}
