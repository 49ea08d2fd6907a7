import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  type Device,
  deviceFromCudaRuntime,
  deviceFromNvidiaSmi,
  nvidiaSmiParameters,
  ProbeError,
  parseCudaRuntime,
  parseNvidiaSmi,
} from "hwmodels";
import { KernelgenError } from "../../errors.js";
import { openNodeDevice } from "../../wgsl/node-device.js";

/** What one source of information on this machine's GPUs said. */
export interface ProbeSource {
  readonly name: string;
  readonly devices: readonly Device[];
  /** For a person: what was found, or why nothing was. */
  readonly says: string;
}

const runFile = promisify(execFile);

/** A program that is missing, or that failed, with the first line of what it said. */
class ProgramFailure extends Error {}

async function outputOf(program: string, parameters: readonly string[], timeoutSeconds: number): Promise<string> {
  try {
    return (await runFile(program, [...parameters], { timeout: 1000 * timeoutSeconds, maxBuffer: 2 ** 24 })).stdout;
  } catch (error) {
    const { code, killed, stderr, stdout } = error as {
      code?: unknown;
      killed?: boolean;
      stderr?: string;
      stdout?: string;
    };
    if (code === "ENOENT") throw new ProgramFailure(`${program} not found`);
    if (killed) throw new ProgramFailure(`${basename(program)} did not end within ${timeoutSeconds} s`);
    const said = `${stderr ?? ""}\n${stdout ?? ""}`.split("\n").find((line) => line.trim() !== "");
    throw new ProgramFailure(`${basename(program)} failed: ${said?.trim() ?? `exit code ${String(code)}`}`);
  }
}

/** Runs a probe; a missing or failing program is what the source says, not an error. */
async function source(name: string, probe: () => Promise<Omit<ProbeSource, "name">>): Promise<ProbeSource> {
  try {
    return { name, ...(await probe()) };
  } catch (error) {
    const expected = error instanceof ProgramFailure || error instanceof ProbeError || error instanceof KernelgenError;
    if (!expected) throw error;
    return { name, devices: [], says: error.message.split("\n")[0]! };
  }
}

/** Asks the driver through `nvidia-smi`. */
export const probeNvidiaSmi = (): Promise<ProbeSource> =>
  source("nvidia-smi", async () => {
    const gpus = parseNvidiaSmi(await outputOf("nvidia-smi", nvidiaSmiParameters, 20));
    const devices = gpus.flatMap((gpu) => deviceFromNvidiaSmi(gpu) ?? []);
    const unknown = gpus.length - devices.length;
    const names = gpus.map(({ name, driver }) => `${name} (driver ${driver})`).join(", ") || "no GPU";
    return {
      devices,
      says: unknown === 0 ? names : `${names}; ${unknown} not in the catalogue, for which nvcc is needed`,
    };
  });

const querySource = fileURLToPath(new URL("../../../assets/cuda/device_query.cu", import.meta.url));

/** The compilers to try: on the path, and where a CUDA Toolkit installs it. */
function compilers(): readonly string[] {
  const toolkits = [process.env.CUDA_HOME, process.env.CUDA_PATH, "/usr/local/cuda"];
  return ["nvcc", ...toolkits.filter((folder) => folder !== undefined).map((folder) => join(folder, "bin", "nvcc"))];
}

async function build(program: string): Promise<void> {
  // The architecture of the GPU that is there: clusters need a kernel that is compiled for one that has them.
  const parameters = ["-std=c++17", "-arch=native", "-o", program, querySource];
  for (const compiler of compilers()) {
    try {
      await outputOf(compiler, parameters, 180);
      return;
    } catch (error) {
      if (!(error instanceof ProgramFailure) || !error.message.endsWith(" not found")) throw error;
    }
  }
  throw new ProgramFailure("nvcc not found on the path, in CUDA_HOME, CUDA_PATH or /usr/local/cuda");
}

/** Asks the CUDA runtime through a program that nvcc builds. */
export const probeCudaRuntime = (): Promise<ProbeSource> =>
  source("CUDA runtime", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kernelgen-probe-"));
    try {
      const program = join(folder, "device_query");
      await build(program);
      const gpus = parseCudaRuntime(await outputOf(program, [], 60));
      return {
        devices: gpus.map(deviceFromCudaRuntime),
        says:
          gpus
            .map(({ name, major, minor, multiprocessorCount, activeClusters }) => {
              const clusters = activeClusters.map(({ clusterBlocks, clusters }) => `${clusters} of ${clusterBlocks}`);
              const active = clusters.length > 0 ? `, active clusters ${clusters.join(", ")}` : "";
              return `${name}, compute capability ${major}.${minor}, ${multiprocessorCount} multiprocessors${active}`;
            })
            .join("; ") || "no GPU",
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

/** Asks the WebGPU adapter, where the optional package `webgpu` finds one. */
export const probeWebGpu = (): Promise<ProbeSource> =>
  source("WebGPU", async () => {
    const { description, close } = await openNodeDevice();
    await close();
    return { devices: [description], says: description.name };
  });
