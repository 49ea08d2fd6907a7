import { readFileSync } from "node:fs";
import { InvalidDeviceError, InvalidKernelError, UnknownDeviceError } from "hwmodels";
import yargs from "yargs";
import { KernelgenError, type KernelgenErrorCode } from "../errors.js";
import { benchCommand } from "./bench.js";
import { buildCommand } from "./build.js";
import { calibrateCommand } from "./calibrate/command.js";
import { configCommand } from "./config.js";
import { devicesCommand } from "./devices/command.js";
import { generateCommand } from "./generate.js";
import { occupancyCommand } from "./occupancy/command.js";
import { joinedPins } from "./pin-option.js";
import { runCommand } from "./run.js";
import { sweepCommand } from "./sweep/command.js";

const usageExitCode = 2;
/** Exit codes of errors that are not a matter of usage. */
const exitCodes: Partial<Record<KernelgenErrorCode, number>> = {
  "no-configuration": 1,
  "wrong-result": 1,
  output: 1,
  "stale-output": 1,
  "webgpu-failure": 1,
  "no-webgpu-device": 3,
  "no-device": 3,
};

const packageVersion = (): string =>
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;

/** What is wrong with the numbers and names that a user gave. */
const isUsageError = (error: unknown): error is Error =>
  error instanceof UnknownDeviceError || error instanceof InvalidDeviceError || error instanceof InvalidKernelError;

/** Runs the `kernelgen` command; sets the process's exit code: 0 done, 1 no solution or wrong result, 2 usage, 3 no device. */
export async function main(args: readonly string[]): Promise<void> {
  const parser = yargs([...joinedPins(args)])
    .scriptName("kernelgen")
    .usage("$0 <command>: fused recurrent-network kernels for CUDA and WebGPU, tiled by a constraint solver")
    .command(configCommand)
    .command(generateCommand)
    .command(buildCommand)
    .command(runCommand)
    .command(benchCommand)
    .command(devicesCommand)
    .command(occupancyCommand)
    .command(calibrateCommand)
    .command(sweepCommand)
    .demandCommand(1, "a command is missing")
    .strict()
    .parserConfiguration({ "duplicate-arguments-array": false })
    .version(packageVersion())
    .epilogue("Exit codes: 0 done, 1 no solution or a wrong result, 2 wrong usage, 3 no device")
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message, error) => {
      // What yargs itself finds wrong in the arguments is wrong usage; other errors come from a command.
      if (error && error.name !== "YError") throw error;
      throw new KernelgenError("invalid-problem", `${message}\nSee kernelgen --help.`);
    });
  try {
    await parser.parseAsync();
  } catch (error) {
    if (isUsageError(error)) {
      console.error(`kernelgen: ${error.message}`);
      process.exitCode = usageExitCode;
    } else if (error instanceof KernelgenError) {
      console.error(`kernelgen: ${error.message}`);
      process.exitCode = exitCodes[error.code] ?? usageExitCode;
    } else {
      throw error;
    }
  }
}
