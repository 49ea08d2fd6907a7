import { excerptOf } from "../excerpt.js";
import { formatConstraint } from "../language/printer.js";
import type { NamedConstraint } from "../model/constraint.js";
import type { ProblemFile } from "./problem-file.js";

/** A constraint of a file, for a program to read. */
export interface ReportedConstraint {
  readonly name?: string;
  /** In the ConstrINT language. */
  readonly constraint: string;
  /** Where the file says it, from 1. */
  readonly line?: number;
  readonly column?: number;
}

/** A constraint with its name, text and place. */
export function reported({ constraint, name }: NamedConstraint, { places }: ProblemFile): ReportedConstraint {
  const place = places.get(constraint);
  return { ...(name === undefined ? {} : { name }), constraint: formatConstraint(constraint), ...place };
}

/** The same for people: place, name, and the line of the file. */
export function describeConstraint(added: NamedConstraint, problem: ProblemFile): string {
  const place = problem.places.get(added.constraint);
  const name = added.name ?? formatConstraint(added.constraint);
  if (place === undefined) return `${name}\n`;
  const { line, column } = place;
  return `line ${line}, column ${column}: ${name}\n${excerptOf(line, column, problem.lines[line - 1] ?? "")}\n`;
}
