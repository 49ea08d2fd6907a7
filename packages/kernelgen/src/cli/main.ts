import { readFileSync } from "node:fs";
import { meantName, notingOptions, unknownOption } from "constrint/names";
import yargs from "yargs";
import { KernelgenError, type KernelgenErrorCode } from "../errors.js";
import { commands } from "./commands.js";
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

/** Wrong usage, in words of this command and not of its parser, with what was perhaps meant and the command whose help tells more. */
function wrongUsage(said: string, args: readonly string[], knownOptions: readonly string[]): KernelgenError {
  const [command = ""] = args;
  const names = commands.map((each) => each.command);
  const isUnknownCommand = /^[A-Za-z]/.test(command) && !names.includes(command);
  const message = isUnknownCommand
    ? `unknown command "${command}"${meantName(command, names)}`
    : // An option that is missing may be there under a wrong name.
      ((/^(Unknown|Missing|a command)/.test(said) ? unknownOption(args, knownOptions) : undefined) ??
      (said.startsWith("Not enough non-option arguments") ? "an argument is missing" : said));
  return new KernelgenError(
    "invalid-problem",
    `${message}\nSee kernelgen ${names.includes(command) ? `${command} ` : ""}--help.`,
  );
}

/** Runs the `kernelgen` command; sets the process's exit code: 0 done, 1 no solution or wrong result, 2 usage, 3 no device. */
export async function main(args: readonly string[]): Promise<void> {
  let knownOptions: readonly string[] = [];
  const parser = yargs([...joinedPins(args)])
    .scriptName("kernelgen")
    .usage("$0 <command>: fused recurrent-network kernels for CUDA and WebGPU, tiled by a constraint solver")
    .command([...commands])
    .demandCommand(1, "a command is missing")
    .strict()
    .middleware(
      notingOptions((names) => {
        knownOptions = names;
      }),
      true,
    )
    .parserConfiguration({ "duplicate-arguments-array": false })
    .version(packageVersion())
    .epilogue("Exit codes: 0 done, 1 no solution or a wrong result, 2 wrong usage, 3 no device")
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message, error) => {
      if (error && !isParserError(error)) throw error;
      throw wrongUsage(message, args, knownOptions);
    });
  try {
    await parser.parseAsync();
  } catch (thrown) {
    // Of a command whose options are loaded when it is called, yargs throws some errors without asking `fail`.
    const error = isParserError(thrown) ? wrongUsage(thrown.message, args, knownOptions) : thrown;
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
