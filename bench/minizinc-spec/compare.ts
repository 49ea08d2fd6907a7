import type { Node } from "./yaml.js";

/** A value as `minizinc --output-mode json` prints it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The fields of a solution. */
export type JsonSolution = Readonly<Record<string, Json>>;

const FLOAT_TOLERANCE = 1e-6;

/** Whether a solution has every field of an expected one, with equal values. */
export function matchesSolution(expected: Node, actual: JsonSolution): boolean {
  // No fields are written as {} or as nothing.
  if (!(expected.value instanceof Map))
    return expected.value === null || (expected.value as readonly unknown[]).length === 0;
  return [...expected.value].every(
    ([name, value]) => Object.hasOwn(actual, name) && matchesField(name, value, actual[name]!),
  );
}

/** Texts are compared without the line end and the end mark that the tests' own class library adds or takes away. */
function matchesField(name: string, expected: Node, actual: Json): boolean {
  const isText = name === "_output_item" || name === "_checker";
  if (!isText || typeof actual !== "string" || typeof expected.value !== "string") return matches(expected, actual);
  const body = (text: string): string => text.replace(/={10}\n$/, "").replace(/\n$/, "");
  return matches({ tag: expected.tag, value: body(expected.value) }, body(actual));
}

/** Whether a value equals an expected one. */
function matches({ tag, value }: Node, actual: Json): boolean {
  switch (tag) {
    case "!Range": {
      const [low, high] = String(value).split("..").map(Number) as [number, number];
      const range = Array.from({ length: Math.max(0, high - low + 1) }, (_, i) => low + i);
      return sameElements(range.map(String), setElements(actual));
    }
    case "!!set":
    case "!set": {
      const items =
        value instanceof Map ? [...value.keys()] : ((value ?? []) as readonly Node[]).map((item) => text(item));
      return sameElements(items, setElements(actual));
    }
    case "!Approx":
      return typeof actual === "number" && Math.abs(actual - Number(value)) <= FLOAT_TOLERANCE;
    case "!Trim":
      return typeof actual === "string" && actual.trim() === String(value).trim();
    case "!Unordered":
      return Array.isArray(actual) && isSubMultiset(actual, value as readonly Node[]);
  }
  if (Array.isArray(value)) {
    const items = value as readonly Node[];
    return (
      Array.isArray(actual) && items.length === actual.length && items.every((item, i) => matches(item, actual[i]!))
    );
  }
  if (value instanceof Map) {
    // A value of an enumerated type with its constructor or its number.
    const fields = actual as { readonly [key: string]: Json };
    return (
      typeof actual === "object" &&
      actual !== null &&
      [...value].every(([key, part]) => matches(part, fields[key] ?? null))
    );
  }
  if (isEnum(actual)) return actual.e === value;
  return actual === value;
}

function isSubMultiset(actual: readonly Json[], expected: readonly Node[]): boolean {
  const open = [...expected];
  return actual.every((item) => {
    const found = open.findIndex((candidate) => matches(candidate, item));
    if (found >= 0) open.splice(found, 1);
    return found >= 0;
  });
}

/** The elements of a set as text, ranges written out; undefined for what is no set. */
function setElements(actual: Json): string[] | undefined {
  const set = typeof actual === "object" && actual !== null && "set" in actual ? actual.set : undefined;
  if (!Array.isArray(set)) return undefined;
  return (set as readonly Json[]).flatMap((item) => {
    if (!Array.isArray(item)) return [isEnum(item) ? item.e : String(item)];
    const [low, high] = item.map(Number) as [number, number];
    return Array.from({ length: high - low + 1 }, (_, i) => String(low + i));
  });
}

function sameElements(expected: readonly string[], actual: readonly string[] | undefined): boolean {
  return actual !== undefined && JSON.stringify([...expected].sort()) === JSON.stringify([...actual].sort());
}

function isEnum(actual: Json): actual is { readonly e: string } {
  return typeof actual === "object" && actual !== null && "e" in actual && typeof actual.e === "string";
}

function text({ value }: Node): string {
  return String(value);
}
