import type { Argv } from "yargs";
import { SolverError } from "../error.js";
import { type Goal, parseExpression } from "../language/program.js";
import type { Model } from "../model/model.js";
import type { Solution } from "../model/results.js";
import { largest, type SolveOptions, smallest, type VariableOrder } from "../model/solve-options.js";
import type { Statistics } from "../search/statistics.js";
import { ExitCode, UsageError } from "./command-error.js";
import { checkedInteger } from "./options.js";
import { FILE_DESCRIPTION, readProblem } from "./problem-file.js";
import { ProgressLine } from "./progress.js";
import { addSearchOptions, type SearchArguments, searchOptions } from "./search-options.js";

/** What `--json` prints. */
interface Answer {
  readonly status: "satisfied" | "optimal" | "unsatisfiable" | "unknown";
  readonly solutions: readonly Solution[];
  /** The value of what was minimised or maximised. */
  readonly objective?: number;
  /** With `--all` or `--limit`: whether these are all solutions. */
  readonly complete?: boolean;
  readonly statistics: Statistics;
}

interface SolveArguments extends SearchArguments {
  readonly file: string;
  readonly all: boolean;
  readonly json: boolean;
  readonly order: string | undefined;
  readonly minimize: string | undefined;
  readonly maximize: string | undefined;
  readonly limit: number | undefined;
}

/** Adds `constrint solve FILE`. */
export function solveCommand(yargs: Argv): Argv {
  return yargs.command(
    "solve <file>",
    "Find solutions of the problem in a file",
    (command) =>
      addSearchOptions(command)
        .positional("file", { type: "string", demandOption: true, describe: FILE_DESCRIPTION })
        .option("all", { type: "boolean", default: false, describe: "Print every solution, not only the first" })
        .option("json", { type: "boolean", default: false, describe: "Print one JSON object" })
        .option("order", {
          type: "string",
          requiresArg: true,
          describe: "Variables to decide first: A:largest,B:smallest",
        })
        .option("minimize", {
          type: "string",
          requiresArg: true,
          describe: "Find the solution with the smallest value",
        })
        .option("maximize", {
          type: "string",
          requiresArg: true,
          describe: "Find the solution with the largest value",
        })
        .option("limit", { type: "number", requiresArg: true, describe: "Print at most this many solutions" })
        .example("$0 solve box.constrint", "The first solution")
        .example("$0 solve box.constrint --all --json", "All solutions, for a program to read")
        .example(
          "$0 solve box.constrint --order A:largest,B:smallest",
          "The solution with the largest A, then smallest B",
        )
        .example("$0 solve box.constrint --minimize '2 * (A + B)'", "A solution with the least circumference, proved")
        .example("$0 solve shop.constrint --engine learning --time-limit 60", "Learning from conflicts, for a minute")
        .example("$0 solve queens.constrint --choose dom-wdeg --restarts luby", "Variables that fail often come first")
        .example("echo 'A * B == 391; A <= B' | $0 solve - --all", "From standard input")
        .epilogue(
          `Exit codes: ${ExitCode.success} solved, ${ExitCode.failure} unsatisfiable or limit reached, ${ExitCode.usage} error.`,
        ),
    async (parsed) => {
      process.exitCode = await solve(parsed as unknown as SolveArguments);
    },
  );
}

async function solve(options: SolveArguments): Promise<number> {
  const { model, goal: goalOfFile } = readProblem(options.file);
  const goal = goalOf(options, model, goalOfFile);
  const solveOptions: SolveOptions = {
    order: options.order === undefined ? [] : parseOrder(options.order, model),
    ...searchOptions(options, model),
  };
  const limit = checkedInteger("--limit", options.limit);
  if (options.all || limit !== undefined) {
    if (goal !== undefined)
      throw new UsageError("--all and --limit: do not go with an objective, which has one answer");
    return enumerate(model, { ...solveOptions, limit }, options.json);
  }
  return report(
    goal === undefined ? first(model, solveOptions) : await optimum(model, goal, solveOptions),
    options.json,
  );
}

function goalOf({ minimize, maximize }: SolveArguments, model: Model, goalOfFile: Goal | undefined): Goal | undefined {
  if (minimize !== undefined && maximize !== undefined)
    throw new UsageError("--minimize and --maximize: give one of them");
  const text = minimize ?? maximize;
  if (text === undefined) return goalOfFile;
  const sense = minimize === undefined ? "maximize" : "minimize";
  try {
    return { sense, expression: parseExpression(text, model) };
  } catch (error) {
    if (error instanceof SolverError) throw new UsageError(`--${sense}: ${error.message}`);
    throw error;
  }
}

function parseOrder(text: string, model: Model): VariableOrder[] {
  return text.split(",").map((entry) => {
    const [name = "", first = "smallest", ...rest] = entry.trim().split(":");
    const variable = model.variable(name);
    if (variable === undefined) throw new UsageError(`--order: the problem has no variable ${JSON.stringify(name)}`);
    if (rest.length > 0 || (first !== "smallest" && first !== "largest")) {
      throw new UsageError(`--order: ${JSON.stringify(entry)} is neither NAME:smallest nor NAME:largest`);
    }
    return first === "largest" ? largest(variable) : smallest(variable);
  });
}

function first(model: Model, options: SolveOptions): Answer {
  const progress = new ProgressLine();
  const { status, solution, statistics } = model.solve({
    ...options,
    onProgress: ({ nodes, failures }) => progress.show(`${nodes} nodes, ${failures} failures`),
  });
  progress.clear();
  return { status, solutions: solution === undefined ? [] : [solution], statistics };
}

async function optimum(model: Model, goal: Goal, options: SolveOptions): Promise<Answer> {
  const progress = new ProgressLine();
  const { status, solution, objective, statistics } = await model[`${goal.sense}Async`](goal.expression, {
    ...options,
    onProgress: ({ nodes, failures, objective: best }) => {
      const found = best === undefined ? "no solution yet" : `objective ${best}; looking for a better one`;
      progress.show(`${found}: ${nodes} nodes, ${failures} failures`);
    },
  });
  progress.clear();
  const solutions = solution === undefined ? [] : [solution];
  return objective === undefined ? { status, solutions, statistics } : { status, solutions, objective, statistics };
}

/** Prints the solutions as they are found, unless they go into one JSON object. */
function enumerate(
  model: Model,
  options: SolveOptions & { readonly limit: number | undefined },
  json: boolean,
): number {
  const generator = model.solutions(options);
  const solutions: Solution[] = [];
  let step = generator.next();
  for (; !step.done; step = generator.next()) {
    if (json) solutions.push(step.value);
    else process.stdout.write(`${formatSolution(step.value)}\n`);
  }
  const { count, status: end, statistics } = step.value;
  const complete = end === "complete";
  const status = count > 0 ? "satisfied" : complete ? "unsatisfiable" : "unknown";
  if (json) return report({ status, solutions, complete, statistics }, true);
  process.stdout.write(
    `${status}: ${count} ${count === 1 ? "solution" : "solutions"}${complete ? ", all there are" : ""}\n`,
  );
  return exitCodeOf(status);
}

function report(answer: Answer, json: boolean): number {
  const { status, solutions, objective } = answer;
  if (json) {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    return exitCodeOf(status);
  }
  process.stdout.write(`${status}${objective === undefined ? "" : `, objective ${objective}`}\n`);
  for (const solution of solutions) process.stdout.write(`${formatSolution(solution)}\n`);
  return exitCodeOf(status);
}

function formatSolution(solution: Solution): string {
  return Object.entries(solution)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ");
}

function exitCodeOf(status: Answer["status"]): number {
  return status === "satisfied" || status === "optimal" ? ExitCode.success : ExitCode.failure;
}
