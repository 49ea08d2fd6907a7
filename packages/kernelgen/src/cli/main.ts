import { readFileSync } from "node:fs";
import yargs from "yargs";
import { KernelgenError, type KernelgenErrorCode } from "../errors.js";
import { lazyCommand } from "./lazy-command.js";
import { joinedPins } from "./pin-option.js";

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

/** Whether an error is what yargs itself finds wrong in the arguments; others come from a command. */
const isParserError = (error: unknown): error is Error => error instanceof Error && error.name === "YError";
/** Wrong usage, in words of this command and not of its parser, with the command whose help tells the right one. */
function wrongUsage(said: string, [command = ""]: readonly string[]): KernelgenError {
  const isUnknownCommand = said === `Unknown argument: ${command}`;
  const hasCommand = /^[a-z]+$/.test(command) && !isUnknownCommand;
  const message = isUnknownCommand
    ? `unknown command "${command}"`
    : said.startsWith("Not enough non-option arguments")
      ? "an argument is missing"
      : said;
  return new KernelgenError("invalid-problem", `${message}\nSee kernelgen ${hasCommand ? `${command} ` : ""}--help.`);
}

/** Runs the `kernelgen` command; sets the process's exit code: 0 done, 1 no solution or wrong result, 2 usage, 3 no device. */
export async function main(args: readonly string[]): Promise<void> {
  const parser = yargs([...joinedPins(args)])
    .scriptName("kernelgen")
    .usage("$0 <command>: fused recurrent-network kernels for CUDA and WebGPU, tiled by a constraint solver")
    .command(
      lazyCommand(
        "config",
        "Choose kernel family and tile for a problem on a device, and print them",
        async () => (await import("./config.js")).configCommand,
      ),
    )
    .command(
      lazyCommand(
        "generate",
        "Write the kernel's source and its plan",
        async () => (await import("./generate.js")).generateCommand,
      ),
    )
    .command(
      lazyCommand(
        "build",
        "Write the kernels that a configuration lists, with typed modules and a manifest",
        async () => (await import("./build.js")).buildCommand,
      ),
    )
    .command(
      lazyCommand(
        "run",
        "Run the generated kernel on this machine's WebGPU device, check it against the CPU, and time it",
        async () => (await import("./run.js")).runCommand,
      ),
    )
    .command(
      lazyCommand(
        "bench",
        "Time a linear recurrence on this machine's CPU and WebGPU device over several numbers of steps",
        async () => (await import("./bench.js")).benchCommand,
      ),
    )
    .command(
      lazyCommand(
        "devices",
        "List the devices that are known, show one with its sources, or describe this machine's",
        async () => (await import("./devices/command.js")).devicesCommand,
      ),
    )
    .command(
      lazyCommand(
        "occupancy",
        "Count the blocks of a kernel that a multiprocessor holds, by NVIDIA's rules, and what would change it",
        async () => (await import("./occupancy/command.js")).occupancyCommand,
      ),
    )
    .command(
      lazyCommand(
        "calibrate",
        "Fit the constants of predicted times to kernels measured on a GPU",
        async () => (await import("./calibrate/command.js")).calibrateCommand,
      ),
    )
    .command(
      lazyCommand(
        "sweep",
        "Plan many head dimensions on several devices: feasible families and predicted times",
        async () => (await import("./sweep/command.js")).sweepCommand,
      ),
    )
    .demandCommand(1, "a command is missing")
    .strict()
    .parserConfiguration({ "duplicate-arguments-array": false })
    .version(packageVersion())
    .epilogue("Exit codes: 0 done, 1 no solution or a wrong result, 2 wrong usage, 3 no device")
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message, error) => {
      if (error && !isParserError(error)) throw error;
      throw wrongUsage(message, args);
    });
  try {
    await parser.parseAsync();
  } catch (thrown) {
    // Of a command whose options are loaded when it is called, yargs throws some errors without asking `fail`.
    const error = isParserError(thrown) ? wrongUsage(thrown.message, args) : thrown;
    const { isUsageError } = await import("./usage-error.js");
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
