import { SolverError } from "../error.js";

/** At most this much of a long line is shown on either side of the place. */
const SHOWN_BEFORE = 60;
const SHOWN_AFTER = 40;

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
    super("syntax", `line ${line}, column ${column}: ${problem}\n${excerpt(line, column, lineText)}`);
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

function excerpt(line: number, column: number, lineText: string): string {
  const at = column - 1;
  const from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
  const to = Math.min(lineText.length, at + SHOWN_AFTER);
  const before = `${from > 0 ? "…" : ""}${lineText.slice(from, at)}`;
  const after = `${lineText.slice(at, to)}${to < lineText.length ? "…" : ""}`;
  // Tabs stay tabs, so that the caret stands below its character.
  const indent = before.replaceAll(/[^\t]/g, " ");
  return `  ${line} | ${before}${after}\n  ${" ".repeat(String(line).length)} | ${indent}^`;
}
