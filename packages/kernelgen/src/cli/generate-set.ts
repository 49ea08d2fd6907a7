import type { CudaDevice } from "hwmodels";
import { type KernelSet, solveKernelSet } from "../cuda/kernel-set.js";
import { torchPackageFiles } from "../cuda/torch/package-files.js";
import { deviceNamed } from "../device-named.js";
import { KernelgenError } from "../errors.js";
import type { GeneratedFile } from "../generate.js";
import { writeFiles } from "../write-files.js";
import { type SetArguments, setProblemsFrom } from "./set-problems.js";

/** The targets that hold several kernels. */
export type SetTarget = "torch" | "cpp";

const defaultNames: Readonly<Record<SetTarget, string>> = { torch: "recurrent_kernels", cpp: "recurrent_kernels" };

/** What `generate --target torch` is given. */
export interface GenerateSetArguments extends SetArguments {
  target: SetTarget;
  device?: string | undefined;
  name?: string | undefined;
  training?: boolean | undefined;
  out: string;
  json: boolean;
}

/** Solves all kernels of a set and writes the package that holds them. */
export async function generateSet(given: GenerateSetArguments): Promise<void> {
  const devices = devicesFrom(given.device);
  const problems = setProblemsFrom(given);
  const name = given.name ?? defaultNames[given.target];
  const set = solveKernelSet(problems, devices, given.training ?? true, showProgress);
  endProgress();
  const files = filesFor(given.target, set, name);
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

function filesFor(_target: SetTarget, set: KernelSet, name: string): readonly GeneratedFile[] {
  return torchPackageFiles(set, name);
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
