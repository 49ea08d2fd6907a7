import { readFileSync } from "node:fs";
import { packageVersion } from "../cli/package-version.js";
import { SolverError } from "../error.js";
import type { IntVar } from "../model/expression.js";
import type { Solution } from "../model/results.js";
import { Run } from "../model/run/run.js";
import type { SolveOptions } from "../model/solve-options.js";
import type { RestartOptions } from "../search/restarts.js";
import type { SearchStep } from "../search/search.js";
import type { Statistics } from "../search/statistics.js";
import { type CommandOptions, HELP, parseOptions, UsageError } from "./options.js";
import { type FlatZincProblem, readFlatZinc } from "./problem.js";
import { branchingFor } from "./search-annotation.js";

/** The process's exit codes: MiniZinc takes every other code than 0 for a crash. */
export const ExitCode = {
  /** The problem was answered, also with "unsatisfiable" and "unknown". */
  answered: 0,
  /** The command line or the file has an error. */
  error: 2,
} as const;

/** What separates and ends the answers in the FlatZinc output format. */
const SOLUTION_END = "----------\n";
const SEARCH_COMPLETE = "==========\n";
const UNSATISFIABLE = "=====UNSATISFIABLE=====\n";
const UNKNOWN = "=====UNKNOWN=====\n";

/** Collected output is written when it has this many characters … */
const FLUSH_LENGTH = 2 ** 16;
/** … or when this much time has passed since the last time. */
const FLUSH_MILLISECONDS = 50;

/** The restarts of a free search, whose choices learn from failures. */
const FREE_RESTARTS: RestartOptions = { sequence: "luby" };

/** How a search ended, for the answer's last lines. */
interface Outcome {
  readonly solutionCount: number;
  /** Whether all solutions were seen, or the best one proved. */
  readonly complete: boolean;
  readonly objective?: number | undefined;
  readonly statistics: Statistics;
}

/** Runs the command `fzn-constrint` and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A closed pipe (fzn-constrint … | head) is the reader's choice, not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  try {
    const options = parseOptions(argv);
    if (options.help) write(HELP);
    else if (options.version) write(`${packageVersion()}\n`);
    else await answer(options);
    flush();
    process.exitCode = ExitCode.answered;
  } catch (error) {
    flush();
    if (!(error instanceof UsageError || error instanceof SolverError)) throw error;
    process.stderr.write(`fzn-constrint: ${error.message}\n`);
    process.exitCode = ExitCode.error;
  }
}

async function answer(options: CommandOptions): Promise<void> {
  const startedAt = performance.now();
  const problem = readFlatZinc(readText(options.file));
  const { freeSearch, seed, allSolutions } = options;
  const { branching, replaced } = branchingFor([...(freeSearch ? [] : problem.phases), ...problem.remaining]);
  // Restarts do not help to see all solutions.
  const isEnumeration = problem.goal === undefined && allSolutions;
  const restarts = freeSearch ? (isEnumeration ? undefined : FREE_RESTARTS) : problem.restarts;
  const { timeLimitMilliseconds } = options;
  const initSeconds = (performance.now() - startedAt) / 1000;
  const log = (message: string): void => {
    if (options.verbose) process.stderr.write(`% ${message}\n`);
  };
  const { model } = problem;
  log(`${model.variables.length} variables, ${model.constraints.length} constraints`);
  for (const choice of replaced) log(`search annotation replaced: ${choice}`);
  const solveOptions: SolveOptions = {
    branching,
    restarts,
    seed,
    timeLimitSeconds: timeLimitMilliseconds === undefined ? undefined : timeLimitMilliseconds / 1000,
  };
  const search = problem.goal === undefined ? satisfy : optimize;
  const outcome = await search(problem, options, solveOptions);
  if (outcome.complete) write(outcome.solutionCount > 0 ? SEARCH_COMPLETE : UNSATISFIABLE);
  else if (outcome.solutionCount === 0) write(UNKNOWN);
  if (options.statistics) write(formatStatistics(problem, outcome, initSeconds));
}

/** Prints the first solutions, or all. */
function satisfy(problem: FlatZincProblem, options: CommandOptions, solveOptions: SolveOptions): Outcome {
  const limit = options.solutionLimit ?? (options.allSolutions ? undefined : 1);
  if (limit === 1) {
    const { status, solution, statistics } = problem.model.solve(solveOptions);
    if (solution !== undefined) printSolution(problem, solution);
    return { solutionCount: solution === undefined ? 0 : 1, complete: status === "unsatisfiable", statistics };
  }
  // Many solutions go straight from the store to the output: records of all variables would take longer than finding them.
  const run = new Run(problem.model, solveOptions);
  const valueIn = (variable: IntVar): number => run.value(variable);
  let step: SearchStep = "limit";
  let solutionCount = 0;
  for (; solutionCount < (limit ?? Infinity); solutionCount++) {
    step = run.search.next();
    if (step !== "solution") break;
    write(problem.formatValues(valueIn) + SOLUTION_END);
  }
  return { solutionCount, complete: step === "exhausted", statistics: run.statistics() };
}

/** Prints the best solution; or, when several are asked for, each that is better than all before it. */
async function optimize(
  problem: FlatZincProblem,
  options: CommandOptions,
  solveOptions: SolveOptions,
): Promise<Outcome> {
  const { sense, expression } = problem.goal!;
  const { solutionLimit } = options;
  const printsImprovements = options.allSolutions || solutionLimit !== undefined;
  const stop = new AbortController();
  let solutionCount = 0;
  const result = await problem.model[`${sense}Async`](expression, {
    ...solveOptions,
    signal: stop.signal,
    onImprovement: (solution) => {
      solutionCount++;
      if (printsImprovements) printSolution(problem, solution);
      if (solutionCount === solutionLimit) stop.abort();
    },
  });
  if (!printsImprovements && result.solution !== undefined) printSolution(problem, result.solution);
  const complete = result.status === "optimal" || result.status === "unsatisfiable";
  return { solutionCount, complete, objective: result.objective, statistics: result.statistics };
}

function printSolution(problem: FlatZincProblem, solution: Solution): void {
  write(problem.format(solution) + SOLUTION_END);
}

/** The statistics under the names that MiniZinc has for them; times are in seconds. */
function formatStatistics(problem: FlatZincProblem, outcome: Outcome, initSeconds: number): string {
  const { statistics, objective } = outcome;
  // As other solvers count: reading and translating the problem is not solving it.
  const { translationSeconds = 0 } = statistics;
  const entries: Record<string, number | undefined> = {
    variables: problem.model.variables.length,
    initTime: initSeconds + translationSeconds,
    solveTime: statistics.seconds - translationSeconds,
    solutions: statistics.solutions,
    objective,
    objectiveBound: statistics.relaxation?.bound,
    linearBounds: statistics.relaxation?.constraints,
    nodes: statistics.nodes,
    failures: statistics.failures,
    restarts: statistics.restarts,
    propagations: statistics.propagations,
    peakDepth: statistics.peakDepth,
    peakTrail: statistics.peakTrail,
  };
  const lines = Object.entries(entries).flatMap(([name, value]) =>
    value === undefined ? [] : [`%%%mzn-stat: ${name}=${value}\n`],
  );
  return `${lines.join("")}%%%mzn-stat-end\n`;
}

/** Output that has not been written yet: one system call a solution would take longer than finding it. */
let pending = "";
let flushedAt = 0;

/** Writes at once what comes slowly, and collects what comes fast. */
function write(text: string): void {
  pending += text;
  if (pending.length >= FLUSH_LENGTH || performance.now() - flushedAt >= FLUSH_MILLISECONDS) flush();
}

function flush(): void {
  if (pending !== "") process.stdout.write(pending);
  pending = "";
  flushedAt = performance.now();
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a directory" : String(code);
    throw new UsageError(`cannot read ${file}: ${reason}`);
  }
}
