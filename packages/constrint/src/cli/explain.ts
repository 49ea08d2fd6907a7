import type { Argv } from "yargs";
import { formatDeclaration } from "../language/printer.js";
import { variablesIn } from "../model/nodes-in.js";
import type { ConflictResult } from "../model/results.js";
import { ExitCode } from "./command-error.js";
import { describeConstraint, reported } from "./constraint-report.js";
import { FILE_DESCRIPTION, type ProblemFile, readProblem } from "./problem-file.js";
import { ProgressLine } from "./progress.js";
import { addSearchOptions, type SearchArguments, searchOptions } from "./search-options.js";

interface ExplainArguments extends SearchArguments {
  readonly file: string;
  readonly json: boolean;
}

/** Adds `constrint explain FILE`. */
export function explainCommand(yargs: Argv): Argv {
  return yargs.command(
    "explain <file>",
    "Say why a problem has no solution: the constraints that conflict",
    (command) =>
      addSearchOptions(command)
        .positional("file", { type: "string", demandOption: true, describe: FILE_DESCRIPTION })
        .option("json", { type: "boolean", default: false, describe: "Print one JSON object" })
        .example("$0 explain box.constrint", "The lines of box.constrint that conflict")
        .example("$0 explain model.fzn --time-limit 10 --json", "For a program to read, in ten seconds")
        .example(
          "echo 'A * B == 7; low: A >= 2; B >= A' | $0 explain -",
          "From standard input; one constraint has a name",
        )
        .epilogue(
          "The constraints printed have no solution together within the domains of their variables, and one as soon as any of them is left out; where a limit was hit, which is for all checks together, some may not be needed.\n" +
            `Exit codes: ${ExitCode.success} unsatisfiable and explained, ${ExitCode.failure} it has a solution or a limit was hit, ${ExitCode.usage} error.`,
        ),
    (parsed) => {
      process.exitCode = explain(parsed as unknown as ExplainArguments);
    },
  );
}

function explain(options: ExplainArguments): number {
  const { file, json } = options;
  const problem = readProblem(file);
  const progress = new ProgressLine();
  const result = problem.model.explainUnsatisfiable({
    ...searchOptions(options, problem.model),
    onProgress: ({ checks, undecided }) => {
      progress.show(`${checks} subsets checked; the conflict is among ${undecided} constraints`);
    },
  });
  progress.clear();
  process.stdout.write(json ? `${JSON.stringify(asJson(result, problem))}\n` : asText(result, problem));
  return result.status === "unsatisfiable" ? ExitCode.success : ExitCode.failure;
}

function asJson(result: ConflictResult, problem: ProblemFile): object {
  const { status, minimal, solution, statistics } = result;
  const constraints = result.constraints.map((added) => reported(added, problem));
  return { status, constraints, minimal, ...(solution === undefined ? {} : { solution }), statistics };
}

function asText({ status, constraints, minimal }: ConflictResult, problem: ProblemFile): string {
  if (status === "satisfied") return "satisfied: the problem has a solution\n";
  if (status === "unknown")
    return "unknown: the limit was hit before it was known whether the problem has a solution\n";
  const total = problem.model.constraints.length;
  const consequence = minimal
    ? "without any one of them, the others have a solution"
    : "a limit was hit, and some of them may not be needed";
  const variables = new Set(constraints.flatMap(({ constraint }) => variablesIn(constraint)));
  const domains = problem.model.variables.filter((variable) => variables.has(variable)).map(formatDeclaration);
  return [
    `unsatisfiable: ${constraints.length} of ${total} ${total === 1 ? "constraint" : "constraints"} conflict; ${consequence}\n`,
    ...constraints.map((added) => describeConstraint(added, problem)),
    domains.length === 0 ? "" : `within the domains ${domains.join("; ")}\n`,
  ].join("");
}
