import { readFileSync } from "node:fs";
import { readFlatZinc } from "../flatzinc/problem.js";
import { type Goal, parseProgram } from "../language/program.js";
import type { Position } from "../language/syntax-error.js";
import type { Constraint } from "../model/constraint.js";
import type { Model } from "../model/model.js";
import { UsageError } from "./command-error.js";

/** A problem as it was read from a file. */
export interface ProblemFile {
  readonly model: Model;
  readonly goal?: Goal | undefined;
  /** Where the text says each of the model's constraints. */
  readonly places: ReadonlyMap<Constraint, Position>;
  /** The lines of the text. */
  readonly lines: readonly string[];
}

/** How a positional FILE is described in the help. */
export const FILE_DESCRIPTION =
  "The problem, in the ConstrINT language, or FlatZinc in a file *.fzn; - for standard input";

/**
 * Reads a problem in the ConstrINT language or, by the file's extension, in FlatZinc.
 *
 * @throws UsageError for a file that cannot be read, SolverError for a text with an error.
 */
export function readProblem(file: string): ProblemFile {
  const text = readText(file);
  const { model, goal, places } = file.endsWith(".fzn") ? readFlatZinc(text) : parseProgram(text);
  return { model, goal, places, lines: text.split(/\r\n|\r|\n/) };
}

/** The text of a file; - is standard input, and so is "", which yargs makes of a positional - and which names no file. */
export function readText(file: string): string {
  try {
    return readFileSync(isStandardInput(file) ? 0 : file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "it is a directory" : String(code);
    throw new UsageError(`cannot read ${isStandardInput(file) ? "standard input" : file}: ${reason}`);
  }
}

/** Whether a positional argument stands for standard input. */
export function isStandardInput(file: string): boolean {
  return file === "-" || file === "";
}
