import {
  ConstrintSyntaxError,
  FlatZincError,
  formatProgram,
  type Model,
  parseProgram,
  readFlatZinc,
  SolverError,
} from "constrint";
import type { FuzzedLanguage } from "./texts.js";

/** How a text was taken. */
export type Verdict = "refused" | "solved" | "unsatisfiable" | "open" | "refused by the solver";

/** A text takes at most this much of the processor's time, parsing, solving and printing together; more is a hang. */
export const HANG_SECONDS = 5;

/** The search gives up after this long, which is part of the time above. */
const SOLVE_LIMITS = { nodeLimit: 200, timeLimitSeconds: 0.2 };

/**
 * Gives a text to the parser and what it stands for to the solver, and the program that is read back to the printer.
 *
 * @throws Error for everything but an answer or an error of the kind that users get: for a text, one with a place in it.
 */
export function judge({ name }: FuzzedLanguage, text: string): Verdict {
  const before = process.cpuUsage();
  const verdict = name === "ConstrINT" ? judgeConstrint(text) : judgeFlatZinc(text);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (seconds > HANG_SECONDS) throw new Error(`took ${seconds.toFixed(1)} s`);
  return verdict;
}

function judgeConstrint(text: string): Verdict {
  let program: ReturnType<typeof parseProgram>;
  try {
    program = parseProgram(text);
  } catch (error) {
    if (!(error instanceof ConstrintSyntaxError)) throw error;
    requirePlace(error, text);
    return "refused";
  }
  const printed = formatProgram(program);
  const again = formatProgram(parseProgram(printed));
  // A constraint such as A == 3 is read as a declaration, so that only the second text settles.
  if (again !== formatProgram(parseProgram(again))) throw new Error("a printed program does not print the same again");
  return solve(program);
}

function judgeFlatZinc(text: string): Verdict {
  let problem: ReturnType<typeof readFlatZinc>;
  try {
    problem = readFlatZinc(text);
  } catch (error) {
    if (!(error instanceof FlatZincError)) throw error;
    requirePlace(error, text);
    return "refused";
  }
  return solve(problem);
}

function solve({
  model,
  goal,
}: {
  readonly model: Model;
  readonly goal?: ReturnType<typeof parseProgram>["goal"];
}): Verdict {
  try {
    const { status } =
      goal === undefined ? model.solve(SOLVE_LIMITS) : model[goal.sense](goal.expression, SOLVE_LIMITS);
    if (status === "unsatisfiable") {
      if (goal === undefined && model.explainUnsatisfiable(SOLVE_LIMITS).status === "satisfied") {
        throw new Error("unsatisfiable, and yet explained by a solution");
      }
      return "unsatisfiable";
    }
    return status === "unknown" ? "open" : "solved";
  } catch (error) {
    if (error instanceof SolverError) return "refused by the solver";
    throw error;
  }
}

function requirePlace(error: ConstrintSyntaxError | FlatZincError, text: string): void {
  const { line, column, lineText, message } = error;
  const isInside = text.split(/\r\n|\r|\n/)[line - 1] === lineText && column >= 1 && column <= lineText.length + 1;
  if (!isInside) throw new Error(`the error's place is outside of the text: ${message}`);
}
