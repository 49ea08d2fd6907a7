import type { Assignment } from "../model/evaluate.js";
import { UsageError } from "./command-error.js";

/** What stands between and after the assignments of an answer: the words of `constrint solve` and the lines of FlatZinc. */
const DECORATION =
  /^(?:satisfied|optimal|-{10}|={10}|%.*)?$|^(?:satisfied|optimal)(?:, objective -?\d+|: \d+ solutions?(?:, all there are)?)$/;
const ASSIGNMENT = /^(.*\S)\s*=\s*(-?\d+|true|false)$/;

/**
 * Reads the solutions in a text: a JSON object of values by name, an array of such objects, what `constrint solve --json` prints,
 * or lines `NAME = value`, with or without semicolons, one solution a line or one before each `----------`.
 *
 * @throws UsageError for a text that is none of these, or holds no solution.
 */
export function readSolutions(text: string, name: string): readonly Assignment[] {
  const trimmed = text.trim();
  const solutions = /^[[{]/.test(trimmed) ? fromJson(trimmed, name) : fromLines(trimmed, name);
  if (solutions.length === 0) throw new UsageError(`${name}: expected a solution, found none`);
  return solutions;
}

function fromJson(text: string, name: string): Assignment[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
  const listed = Array.isArray(json) ? json : (json as { readonly solutions?: unknown }).solutions;
  const entries: unknown[] = Array.isArray(listed) ? listed : [json];
  return entries.map((entry) => {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
      throw new UsageError(`${name}: expected an object of values by name, found ${JSON.stringify(entry)}`);
    }
    return assignmentOf(
      Object.entries(entry).map(([variable, value]) => [variable, typeof value === "boolean" ? Number(value) : value]),
      name,
    );
  });
}

/** Each line of `constrint solve` with a comma in it is a solution; lines with one assignment belong together. */
function fromLines(text: string, name: string): Assignment[] {
  const solutions: Assignment[] = [];
  let open: [string, number][] = [];
  const close = (): void => {
    if (open.length > 0) solutions.push(assignmentOf(open, name));
    open = [];
  };
  text.split(/\r\n|\r|\n/).forEach((line, i) => {
    const content = line.trim();
    if (DECORATION.test(content)) {
      if (content.startsWith("-")) close();
      return;
    }
    const parts = content.split(/[,;]/).filter((part) => part.trim() !== "");
    for (const part of parts) {
      const [, variable, value] = ASSIGNMENT.exec(part.trim()) ?? [];
      if (variable === undefined || value === undefined) {
        throw new UsageError(`${name}: line ${i + 1}: expected NAME = value, found ${JSON.stringify(part.trim())}`);
      }
      open.push([variable, value === "true" ? 1 : value === "false" ? 0 : Number(value)]);
    }
    if (parts.length > 1) close();
  });
  close();
  return solutions;
}

function assignmentOf(values: readonly (readonly [string, unknown])[], name: string): Assignment {
  const assignment: Record<string, number> = {};
  for (const [variable, value] of values) {
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      throw new UsageError(`${name}: variable ${variable}: the value ${JSON.stringify(value)} is not an integer`);
    }
    if (Object.hasOwn(assignment, variable) && assignment[variable] !== value) {
      throw new UsageError(`${name}: variable ${variable}: has two values, ${assignment[variable]} and ${value}`);
    }
    // defineProperty semantics, so that a variable may be called __proto__
    Object.defineProperty(assignment, variable, { value, enumerable: true, configurable: true, writable: true });
  }
  return assignment;
}
