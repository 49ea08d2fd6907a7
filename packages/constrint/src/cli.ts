import yargs from "yargs";
import { checkCommand } from "./cli/check.js";
import { ExitCode, UsageError } from "./cli/command-error.js";
import { explainCommand } from "./cli/explain.js";
import { packageVersion } from "./cli/package-version.js";
import { solveCommand } from "./cli/solve.js";
import { SolverError } from "./error.js";
import { meantName, notingOptions, unknownOption } from "./names.js";

/** Runs the command `constrint` and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  if (!process.stdout.listeners("error").includes(ignoreClosedPipe)) process.stdout.on("error", ignoreClosedPipe);
  try {
    await parser(argv).parseAsync();
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof SolverError)) throw error;
    process.stderr.write(`constrint: ${error.message}\n`);
    process.exitCode = ExitCode.usage;
  }
}

/** A closed pipe (constrint … | head) is the reader's choice, not an error. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

function parser(argv: readonly string[]) {
  let knownOptions: readonly string[] = [];
  const program = yargs([...argv])
    .scriptName("constrint")
    .usage("$0 <command>\n\nSolves integer constraint problems written in the ConstrINT language or FlatZinc.");
  return [solveCommand, checkCommand, explainCommand]
    .reduce((commands, add) => add(commands), program)
    .demandCommand(1, "expected a command: constrint solve FILE, check FILE SOLUTION or explain FILE")
    .strict()
    .middleware(
      notingOptions((names) => {
        knownOptions = names;
      }),
      true,
    )
    .help()
    .version(packageVersion())
    .exitProcess(false)
    .fail((message, error) => {
      if (error) throw error;
      throw wrongUsage(message, argv, knownOptions);
    });
}

const commandNames: readonly string[] = ["solve", "check", "explain"];

/** Wrong usage, with what was perhaps meant and the command whose help tells more. */
function wrongUsage(said: string, args: readonly string[], knownOptions: readonly string[]): UsageError {
  const [command = ""] = args;
  const isCommand = commandNames.includes(command);
  const problem =
    /^[A-Za-z]/.test(command) && !isCommand
      ? `unknown command "${command}"${meantName(command, commandNames)}`
      : said.startsWith("Not enough non-option arguments")
        ? missingArgument(command)
        : ((/^(Unknown|expected a command)/.test(said) ? unknownOption(args, knownOptions) : undefined) ?? said);
  return new UsageError(`${problem} (see constrint ${isCommand ? `${command} ` : ""}--help)`);
}

const missingArgument = (command: string): string =>
  command === "check"
    ? "expected FILE SOLUTION, one of which may be - for standard input"
    : "expected a FILE, or - for standard input";
