import yargs from "yargs";
import { checkCommand } from "./cli/check.js";
import { ExitCode, UsageError } from "./cli/command-error.js";
import { explainCommand } from "./cli/explain.js";
import { solveCommand } from "./cli/solve.js";
import { SolverError } from "./error.js";

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
  const program = yargs([...argv])
    .scriptName("constrint")
    .usage("$0 <command>\n\nSolves integer constraint problems written in the ConstrINT language or FlatZinc.");
  return [solveCommand, checkCommand, explainCommand]
    .reduce((commands, add) => add(commands), program)
    .demandCommand(1, "expected a command: constrint solve FILE, check FILE SOLUTION or explain FILE")
    .strict()
    .help()
    .version(false)
    .exitProcess(false)
    .fail((message, error) => {
      if (error) throw error;
      const problem = message.startsWith("Not enough non-option arguments") ? missingArgument(argv) : message;
      throw new UsageError(`${problem} (see constrint --help)`);
    });
}

function missingArgument([command]: readonly string[]): string {
  return command === "check"
    ? "expected FILE SOLUTION, one of which may be - for standard input"
    : "expected a FILE, or - for standard input";
}
