import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CudaMultiprocessor } from "../../../packages/hwmodels/src/device.js";

/** A kernel and its launch with nothing left to a default; `carveoutPercent` -1 is no preference. */
export interface Launch {
  readonly threadsPerBlock: number;
  readonly registersPerThread: number;
  readonly staticSharedBytes: number;
  readonly dynamicSharedBytes: number;
  readonly maxDynamicSharedBytes: number;
  readonly carveoutPercent: number;
  readonly blockBarrierCount: number;
}

/** What `cudaOccMaxActiveBlocksPerMultiprocessor` answers; no limit is `INT_MAX`. */
export interface VendorOccupancy {
  readonly status: number;
  readonly blocks: number;
  readonly limitingFactors: number;
  readonly limits: {
    readonly warps: number;
    readonly blocks: number;
    readonly registers: number;
    readonly shared: number;
    readonly barriers: number;
  };
  readonly allocatedRegisters: number;
  readonly allocatedSharedBytes: number;
}

/** The include folders of the CUDA Toolkits of this machine. */
export function includeFolders(): string[] {
  const toolkits = [process.env.CUDA_HOME, process.env.CUDA_PATH].filter((path) => path !== undefined);
  if (existsSync("/usr/local")) {
    const installed = readdirSync("/usr/local").filter((name) => name.startsWith("cuda"));
    toolkits.push(...installed.map((name) => join("/usr/local", name)));
  }
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const nvcc = join(folder, "nvcc");
    if (existsSync(nvcc)) toolkits.push(dirname(dirname(realpathSync(nvcc))));
  }
  return toolkits.map((toolkit) => join(toolkit, "include"));
}

const source = fileURLToPath(new URL("vendor-occupancy.cpp", import.meta.url));

const deviceNumbers = (device: CudaMultiprocessor): number[] => [
  device.computeCapability.major,
  device.computeCapability.minor,
  device.warpSize,
  device.maxThreadsPerBlock,
  device.maxThreadsPerMultiprocessor,
  device.registersPerBlock,
  device.registersPerMultiprocessor,
  device.sharedBytesPerBlock,
  device.sharedBytesPerBlockOptin,
  device.sharedBytesPerMultiprocessor,
  device.sharedReservedBytesPerBlock,
];

const kernelNumbers = (launch: Omit<Launch, "threadsPerBlock" | "dynamicSharedBytes">): number[] => [
  launch.registersPerThread,
  launch.staticSharedBytes,
  launch.maxDynamicSharedBytes,
  launch.carveoutPercent,
  launch.blockBarrierCount,
];

/** NVIDIA's own occupancy calculator, compiled from the header of an installed CUDA Toolkit. */
export class VendorCalculator {
  private constructor(
    private readonly folder: string,
    private readonly program: string,
  ) {}

  /** Why there is no calculator on this machine, or the folder of the header and the compiler to build it with. */
  static locate(): { missing: string } | { include: string; compiler: string } {
    const folders = includeFolders();
    const include = folders.find((folder) => existsSync(join(folder, "cuda_occupancy.h")));
    if (include === undefined) {
      return { missing: `no cuda_occupancy.h in CUDA_HOME, CUDA_PATH, /usr/local/cuda* or beside nvcc` };
    }
    const compilers = [process.env.CXX, "g++", "c++", "clang++"].filter((name) => name !== undefined);
    const compiler = compilers.find((name) => spawnSync(name, ["--version"]).status === 0);
    if (compiler === undefined) return { missing: `no C++ compiler among ${compilers.join(", ")}` };
    return { include, compiler };
  }

  static build({ include, compiler }: { include: string; compiler: string }): VendorCalculator {
    const folder = mkdtempSync(join(tmpdir(), "vendor-occupancy-"));
    const program = join(folder, "vendor-occupancy");
    const arguments_ = ["-std=c++17", "-O1", "-isystem", include, source, "-o", program];
    const built = spawnSync(compiler, arguments_, { encoding: "utf8" });
    if (built.status !== 0) throw new Error(`${compiler} ${arguments_.join(" ")} failed:\n${built.stderr}`);
    return new VendorCalculator(folder, program);
  }

  private ask(questions: readonly string[]): number[][] {
    const run = spawnSync(this.program, { input: `${questions.join("\n")}\n`, encoding: "utf8", maxBuffer: 2 ** 28 });
    if (run.status !== 0) throw new Error(`the vendor's calculator failed: ${run.stderr}`);
    const answers = run.stdout.trimEnd().split("\n");
    if (answers.length !== questions.length)
      throw new Error(`${questions.length} questions, ${answers.length} answers`);
    return answers.map((answer) => answer.split(" ").map(Number));
  }

  /** The toolkit's version and the newest compute capability that its header knows. */
  version(): { toolkit: string; newest: string } {
    const [version, major, minor] = this.ask(["V"])[0]!;
    return {
      toolkit: `${Math.floor(version! / 1000)}.${Math.floor((version! % 1000) / 10)}`,
      newest: `${major}.${minor}`,
    };
  }

  occupancy(cases: readonly (readonly [CudaMultiprocessor, Launch])[]): VendorOccupancy[] {
    const questions = cases.map(([device, launch]) =>
      ["O", ...deviceNumbers(device), ...kernelNumbers(launch), launch.threadsPerBlock, launch.dynamicSharedBytes].join(
        " ",
      ),
    );
    return this.ask(questions).map((answer) => {
      const [status, blocks, limitingFactors, warps, slots, registers, shared, barriers, ...allocated] = answer;
      return {
        status: status!,
        blocks: blocks!,
        limitingFactors: limitingFactors!,
        limits: {
          warps: warps!,
          blocks: slots!,
          registers: registers!,
          shared: shared!,
          barriers: barriers!,
        },
        allocatedRegisters: allocated[0]!,
        allocatedSharedBytes: allocated[1]!,
      };
    });
  }

  /** `cudaOccAvailableDynamicSMemPerBlock`. */
  availableDynamicSharedBytes(device: CudaMultiprocessor, launch: Launch, blocks: number): number {
    const numbers = [...deviceNumbers(device), ...kernelNumbers(launch), launch.threadsPerBlock, blocks];
    const [status, bytes] = this.ask([["D", ...numbers].join(" ")])[0]!;
    if (status !== 0) throw new Error(`cudaOccAvailableDynamicSMemPerBlock: status ${status}`);
    return bytes!;
  }

  /** `cudaOccMaxPotentialOccupancyBlockSize`, `threadsPerBlock` being the largest block that the kernel works with. */
  bestBlockSizes(cases: readonly (readonly [CudaMultiprocessor, Launch])[]): number[] {
    const questions = cases.map(([device, launch]) =>
      ["B", ...deviceNumbers(device), ...kernelNumbers(launch), launch.threadsPerBlock, launch.dynamicSharedBytes].join(
        " ",
      ),
    );
    return this.ask(questions).map(([status, best]) => {
      if (status !== 0) throw new Error(`cudaOccMaxPotentialOccupancyBlockSize: status ${status}`);
      return best!;
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
