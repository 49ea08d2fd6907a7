import type { Argv } from "yargs";
import { domainHas } from "../domain/int-domain.js";
import { formatDeclaration } from "../language/printer.js";
import { type Sides, sidesOf, violationText } from "../language/violation.js";
import type { NamedConstraint } from "../model/constraint.js";
import { type Assignment, evaluate, holds } from "../model/evaluate.js";
import type { IntVar } from "../model/expression.js";
import { ExitCode, UsageError } from "./command-error.js";
import { describeConstraint, type ReportedConstraint, reported } from "./constraint-report.js";
import { FILE_DESCRIPTION, isStandardInput, type ProblemFile, readProblem, readText } from "./problem-file.js";
import { readSolutions } from "./solution-file.js";

interface CheckArguments {
  readonly file: string;
  readonly solution: string;
  readonly json: boolean;
}

/** Adds `constrint check FILE SOLUTION`. */
export function checkCommand(yargs: Argv): Argv {
  return yargs.command(
    "check <file> <solution>",
    "Check whether a solution holds, without a solver",
    (command) =>
      command
        .positional("file", { type: "string", demandOption: true, describe: FILE_DESCRIPTION })
        .positional("solution", {
          type: "string",
          demandOption: true,
          describe: 'JSON {"A": 17, …}, the output of constrint solve [--json], or lines A = 17; - for standard input',
        })
        .option("json", { type: "boolean", default: false, describe: "Print one JSON object" })
        .example("$0 check box.constrint box.json", "Whether box.json solves box.constrint")
        .example("$0 solve box.constrint --all | $0 check box.constrint -", "Each solution that constrint finds")
        .example("echo 'A = 17; B = 23;' | $0 check factors.constrint -", "Values written by hand")
        .epilogue(
          "A violated constraint is printed with its line of the file and the numbers on both its sides.\n" +
            `Exit codes: ${ExitCode.success} the solution holds, ${ExitCode.failure} it violates a constraint or a domain, ${ExitCode.usage} error, also for a missing or an unknown variable.`,
        ),
    (parsed) => {
      process.exitCode = check(parsed as unknown as CheckArguments);
    },
  );
}

/** What is wrong with one solution. */
interface Verdict {
  readonly outside: readonly { readonly variable: IntVar; readonly value: number }[];
  readonly violated: readonly NamedConstraint[];
}

function check({ file, solution, json }: CheckArguments): number {
  if (isStandardInput(file) && isStandardInput(solution)) {
    throw new UsageError("standard input can be the problem or the solution, not both");
  }
  const problem = readProblem(file);
  const name = isStandardInput(solution) ? "standard input" : solution;
  const solutions = readSolutions(readText(solution), name);
  for (const assignment of solutions) requireSameVariables(problem, assignment, name);
  const verdicts = solutions.map((assignment) => judge(problem, assignment));
  const isHeld = verdicts.every(({ outside, violated }) => outside.length === 0 && violated.length === 0);
  if (json) {
    const checked = verdicts.map((verdict, i) => asJson(verdict, solutions[i]!, problem));
    process.stdout.write(`${JSON.stringify({ status: isHeld ? "holds" : "violated", solutions: checked })}\n`);
  } else {
    verdicts.forEach((verdict, i) => {
      const heading = solutions.length === 1 ? "" : `solution ${i + 1}: `;
      process.stdout.write(heading + asText(verdict, solutions[i]!, problem));
    });
  }
  return isHeld ? ExitCode.success : ExitCode.failure;
}

function requireSameVariables({ model }: ProblemFile, assignment: Assignment, name: string): void {
  const missing = model.variables.filter((variable) => !Object.hasOwn(assignment, variable.name));
  const unknown = Object.keys(assignment).filter((variable) => model.variable(variable) === undefined);
  const problems = [
    ...(missing.length === 0 ? [] : [`no value for ${missing.map((variable) => variable.name).join(", ")}`]),
    ...(unknown.length === 0 ? [] : [`the problem has no variable ${unknown.join(", ")}`]),
  ];
  if (problems.length > 0) throw new UsageError(`${name}: ${problems.join("; ")}`);
}

function judge({ model }: ProblemFile, assignment: Assignment): Verdict {
  return {
    outside: model.variables
      .map((variable) => ({ variable, value: assignment[variable.name]! }))
      .filter(({ variable, value }) => !domainHas(variable.domain, value)),
    violated: model.constraints.filter(({ constraint }) => !holds(constraint, assignment)),
  };
}

/** A violated constraint, for a program to read. */
interface ReportedViolation extends ReportedConstraint {
  /** The constraint with numbers for its expressions. */
  readonly values: string;
  /** The sides of a comparison, the dividend and the divisor of a divisibility; as text beyond ±(2^53 − 1). */
  readonly sides?: Sides<number | string>;
}

function asJson({ outside, violated }: Verdict, assignment: Assignment, problem: ProblemFile): object {
  const violations = violated.map((added): ReportedViolation => {
    const sides = sidesOf(added.constraint, assignment);
    return {
      ...reported(added, problem),
      values: violationText(added.constraint, assignment),
      ...(sides === undefined ? {} : { sides: { left: jsonNumber(sides.left), right: jsonNumber(sides.right) } }),
    };
  });
  const status = outside.length === 0 && violated.length === 0 ? "holds" : "violated";
  return {
    status,
    outside: outside.map(({ variable, value }) => ({ variable: variable.name, value, domain: variable.domain })),
    violations,
    ...objectiveOf(problem, assignment),
  };
}

function asText({ outside, violated }: Verdict, assignment: Assignment, problem: ProblemFile): string {
  const total = problem.model.constraints.length;
  const { objective } = objectiveOf(problem, assignment);
  if (outside.length === 0 && violated.length === 0) {
    return `holds: ${total} ${total === 1 ? "constraint" : "constraints"}${objective === undefined ? "" : `, objective ${objective}`}\n`;
  }
  const found = [
    ...(outside.length === 0
      ? []
      : [`${outside.length} ${outside.length === 1 ? "value" : "values"} outside the domain`]),
    ...(violated.length === 0 ? [] : [`${violated.length} of ${total} constraints`]),
  ];
  return [
    `violated: ${found.join(", ")}\n`,
    ...outside.map(
      ({ variable, value }) => `variable ${variable.name}: ${value} is not in ${formatDeclaration(variable)}\n`,
    ),
    ...violated.map(
      (added) => `${describeConstraint(added, problem)}  values: ${violationText(added.constraint, assignment)}\n`,
    ),
  ].join("");
}

/** The objective's value, if there is an objective and it has one. */
function objectiveOf({ goal }: ProblemFile, assignment: Assignment): { readonly objective?: number } {
  if (goal === undefined) return {};
  try {
    return { objective: evaluate(goal.expression, assignment) };
  } catch {
    return {}; // divided by 0, or beyond the exact range
  }
}

function jsonNumber(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
