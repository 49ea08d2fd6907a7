import { SolverError } from "../error.js";

/** A place in a text: line and column count from 1, the column in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * An error in a ConstrINT text. The message names line, column and what was expected, and shows the line:
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
    const number = String(line);
    // Tabs stay tabs, so that the caret stands below its character.
    const indent = lineText.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
    super(
      "syntax",
      `line ${line}, column ${column}: ${problem}\n  ${number} | ${lineText}\n  ${" ".repeat(number.length)} | ${indent}^`,
    );
  }
}

/** The error for a place in a text. @internal */
export function syntaxError(text: string, at: Position, problem: string): ConstrintSyntaxError {
  const lineText = text.split(/\r\n|\r|\n/)[at.line - 1] ?? "";
  return new ConstrintSyntaxError(problem, at.line, at.column, lineText);
}
