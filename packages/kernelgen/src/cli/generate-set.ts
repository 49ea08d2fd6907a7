import type { CudaDevice } from "hwmodels";
import { headerFiles } from "../cuda/header/header-files.js";
import { type KernelSet, solveKernelSet } from "../cuda/kernel-set.js";
import { torchPackageFiles } from "../cuda/torch/package-files.js";
import { deviceNamed } from "../device-named.js";
import { KernelgenError } from "../errors.js";
import type { GeneratedFile } from "../generate.js";
import { writeFiles } from "../write-files.js";
import { type SetArguments, setProblemsFrom } from "./set-problems.js";

/** The targets that hold several kernels. */
export type SetTarget = "torch" | "cpp";

/** The name of the package or header, unless one is given. */
const defaultName = "recurrent_kernels";
/** Whether a target gets kernels for training, unless it is said. */
const trainingByDefault: Readonly<Record<SetTarget, boolean>> = { torch: true, cpp: false };
/** What a target's files are. */
const targetFiles: Readonly<Record<SetTarget, (set: KernelSet, name: string) => readonly GeneratedFile[]>> = {
  torch: torchPackageFiles,
  cpp: headerFiles,
};

/** What `generate --target torch` and `cpp` are given. */
export interface GenerateSetArguments extends SetArguments {
  target: SetTarget;
  device?: string | undefined;
  name?: string | undefined;
  training?: boolean | undefined;
  out: string;
  json: boolean;
}

/** Solves all kernels of a set and writes the package or header that holds them. */
export async function generateSet(given: GenerateSetArguments): Promise<void> {
  const devices = devicesFrom(given.device);
  const problems = await setProblemsFrom(given);
  const training = given.training ?? trainingByDefault[given.target];
  const gradientOption = given.recurrentGradientCut
    ? "recurrent-gradient-cut"
    : given.recurrentGradientClip === undefined
      ? undefined
      : "recurrent-gradient-clip";
  if (gradientOption !== undefined && !training) {
    throw new KernelgenError("invalid-problem", `--${gradientOption} is for backward kernels: add --training`);
  }
  const set = solveKernelSet(problems, devices, training, showProgress);
  endProgress();
  const files = targetFiles[given.target](set, given.name ?? defaultName);
  await writeFiles(given.out, files);
  for (const { reason } of set.leftOut) console.error(`left out: ${reason}`);
  const report = {
    directory: given.out,
    files: files.map((file) => file.name),
    plans: set.kernels.map(({ name: kernel, device, plan }) => ({ kernel, device: device.id, plan: plan.hash })),
    leftOut: set.leftOut,
  };
  console.log(given.json ? JSON.stringify(report) : report.files.join("\n"));
}

function devicesFrom(list: string | undefined): readonly CudaDevice[] {
  if (list === undefined) {
    throw new KernelgenError(
      "invalid-problem",
      "--device is missing: kernels are tiled for a device, for example h200, or for several, for example h200,a100",
    );
  }
  const devices = list.split(",").map((text) => deviceNamed(text.trim()));
  return devices.map((device) => {
    if (device.kind === "cuda") return device;
    throw new KernelgenError("invalid-problem", `${device.name} does not run CUDA kernels`);
  });
}

/** Which kernel is being solved, on a terminal. */
function showProgress(kernel: string, device: CudaDevice): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[Ksolving ${kernel} for ${device.name}`);
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}
