import { SolverError } from "../error.js";
import { excerptOf } from "../excerpt.js";

/**
 * An error in a FlatZinc text: it does not follow the grammar, or asks for something that this solver does not have. The
 * message names line, column and what was expected, and shows the line, or the part of a long line around the place:
 *
 * ```
 * line 2, column 5: float variables are not supported: x
 *   2 | var float: x;
 *     |     ^
 * ```
 */
export class FlatZincError extends SolverError {
  override readonly name = "FlatZincError";

  constructor(
    /** What is wrong, without the place. */
    readonly problem: string,
    /** The line, from 1. */
    readonly line: number,
    /** The column in UTF-16 units, from 1. */
    readonly column: number,
    /** The line's text. */
    readonly lineText: string,
  ) {
    super("syntax", `line ${line}, column ${column}: ${problem}\n${excerptOf(line, column, lineText)}`);
  }
}

/** The error for a place in a text, given as the number of UTF-16 units before it. @internal */
export function flatZincError(text: string, offset: number, problem: string): FlatZincError {
  let line = 1;
  let lineStart = 0;
  for (const end of text.slice(0, offset).matchAll(/\r\n|\r|\n/g)) {
    line++;
    lineStart = end.index + end[0].length;
  }
  const rest = text.slice(lineStart);
  const length = rest.search(/[\r\n]/);
  return new FlatZincError(problem, line, offset - lineStart + 1, length < 0 ? rest : rest.slice(0, length));
}
