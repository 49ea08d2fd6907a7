/** The integers from 0 to `count` − 1. */
export const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** One line for each combination of indices, the last index fastest: loops that are unrolled when the source is written. */
export function unroll(counts: readonly number[], line: (...indices: readonly number[]) => string): string[] {
  const [first, ...rest] = counts;
  if (first === undefined) return [line()];
  return range(first).flatMap((index) => unroll(rest, (...inner) => line(index, ...inner)));
}

/** Lines as text, each indented by so many levels. */
export const indented = (lines: readonly string[], levels: number): string =>
  lines.map((line) => "  ".repeat(levels) + line).join("\n");
