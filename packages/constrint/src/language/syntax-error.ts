import { SolverError } from "../error.js";
import { excerptOf } from "../excerpt.js";

/** A place in a text: line and column count from 1, the column in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Only the place of a node, a token or an error. @internal */
export function placeOf({ line, column }: Position): Position {
  return { line, column };
}

/**
 * An error in a ConstrINT text. The message names line, column and what was expected, and shows the line, or the part of a long
 * line around the place:
 *
 * ```
 * line 2, column 5: expected an expression, found "=="
 *   2 | A + == B
 *     |     ^
 * ```
 */
export class ConstrintSyntaxError extends SolverError {
  override readonly name = "ConstrintSyntaxError";

  constructor(
    /** What is wrong, without the place. */
    readonly problem: string,
    /** The line, from 1. */
    readonly line: number,
    /** The column, from 1. */
    readonly column: number,
    /** The line's text. */
    readonly lineText: string,
  ) {
    super("syntax", `line ${line}, column ${column}: ${problem}\n${excerptOf(line, column, lineText)}`);
  }
}

/** The error for a place in a text. @internal */
export function syntaxError(text: string, at: Position, problem: string): ConstrintSyntaxError {
  const lineText = text.split(/\r\n|\r|\n/)[at.line - 1] ?? "";
  return new ConstrintSyntaxError(problem, at.line, at.column, lineText);
}
