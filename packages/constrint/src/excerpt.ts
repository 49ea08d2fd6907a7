/** At most this much of a long line is shown on either side of the place. */
const SHOWN_BEFORE = 60;
const SHOWN_AFTER = 40;

/**
 * A line of a text with its number and a caret below the column, or the part of a long line around it:
 *
 * ```
 *   2 | A + == B
 *     |     ^
 * ```
 *
 * Line and column count from 1, the column in UTF-16 units.
 *
 * @internal
 */
export function excerptOf(line: number, column: number, lineText: string): string {
  const at = column - 1;
  const from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
  const to = Math.min(lineText.length, at + SHOWN_AFTER);
  const before = `${from > 0 ? "…" : ""}${lineText.slice(from, at)}`;
  const after = `${lineText.slice(at, to)}${to < lineText.length ? "…" : ""}`;
  // Tabs stay tabs, so that the caret stands below its character.
  const indent = before.replaceAll(/[^\t]/g, " ");
  return `  ${line} | ${before}${after}\n  ${" ".repeat(String(line).length)} | ${indent}^`;
}
