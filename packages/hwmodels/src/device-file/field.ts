import { meantName } from "constrint/names";

/** A number of a device file: its range, whether it is whole, and its unit for messages. */
export interface NumberField {
  readonly kind: "number";
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  readonly unit: string;
  readonly nullable: boolean;
}

/** A list of whole numbers. */
export interface NumbersField {
  readonly kind: "numbers";
  readonly each: NumberField;
}

/** A text: any, or one of those given. */
export interface TextField {
  readonly kind: "text";
  readonly pattern?: RegExp;
  /** What the text must be, in words. */
  readonly expected: string;
}

/** A list of texts, each one of those given. */
export interface TextsField {
  readonly kind: "texts";
  readonly each: TextField;
}

/** True or false. */
export interface FlagField {
  readonly kind: "flag";
}

/** An object with fields of its own. */
export interface GroupField {
  readonly kind: "group";
  readonly fields: Readonly<Record<string, Field>>;
  readonly nullable: boolean;
}

/** A list of objects with the same fields. */
export interface GroupsField {
  readonly kind: "groups";
  readonly each: GroupField;
}

export type Field = NumberField | NumbersField | TextField | TextsField | FlagField | GroupField | GroupsField;

/** A field for each property of T, so that a property without a range does not compile. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Field };

export const whole = (min: number, max: number, unit = ""): NumberField => ({
  kind: "number",
  min,
  max,
  whole: true,
  unit,
  nullable: false,
});
export const real = (min: number, max: number, unit = ""): NumberField => ({ ...whole(min, max, unit), whole: false });
export const orNull = <T extends NumberField | GroupField>(field: T): T => ({ ...field, nullable: true });
export const wholes = (min: number, max: number, unit = ""): NumbersField => ({
  kind: "numbers",
  each: whole(min, max, unit),
});
export const flag: FlagField = { kind: "flag" };
export const text = (expected: string, pattern?: RegExp): TextField =>
  pattern ? { kind: "text", expected, pattern } : { kind: "text", expected };
export const choice = (...values: readonly string[]): TextField =>
  text(
    values.length === 1 ? `"${values[0]}"` : `one of ${values.map((value) => `"${value}"`).join(", ")}`,
    new RegExp(`^(${values.map((value) => value.replaceAll(/[^\w]/g, "\\$&")).join("|")})$`),
  );
export const group = <T>(fields: FieldsOf<T>): GroupField => ({ kind: "group", fields, nullable: false });

/** Something wrong with one field. */
export interface FieldProblem {
  /** The path of the field, e.g. `"timing.clockMegahertz"`. */
  readonly field: string;
  /** One sentence with the value and what was expected. */
  readonly message: string;
}

const shown = (value: unknown): string => (value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value));

const at = (path: string, name: string | number): string =>
  typeof name === "number" ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;

function numberText({ min, max, whole, unit, nullable }: NumberField): string {
  const numbers = min === max ? `${min}` : `${whole ? "a whole number" : "a number"} from ${min} to ${max}`;
  const range = `${numbers}${unit && ` ${unit}`}`;
  return nullable ? `${range}, or null` : range;
}

/**
 * Everything that is wrong with a value, as one entry a field.
 *
 * @param path where the value stands, for the messages.
 */
export function problemsOf(value: unknown, field: Field, path = ""): readonly FieldProblem[] {
  const wrong = (expected: string): readonly FieldProblem[] => [
    { field: path, message: `needs ${expected}, got ${shown(value)}` },
  ];
  const listOf = (each: Field, what: string): readonly FieldProblem[] =>
    Array.isArray(value)
      ? value.flatMap((item, index) => problemsOf(item, each, at(path, index)))
      : wrong(`a list of ${what}`);
  switch (field.kind) {
    case "number": {
      if (value === null && field.nullable) return [];
      const fits =
        typeof value === "number" &&
        value >= field.min &&
        value <= field.max &&
        (!field.whole || Number.isSafeInteger(value));
      return fits ? [] : wrong(numberText(field));
    }
    case "flag":
      return typeof value === "boolean" ? [] : wrong("true or false");
    case "text":
      return typeof value === "string" && (field.pattern?.test(value) ?? value !== "") ? [] : wrong(field.expected);
    case "numbers":
      return listOf(field.each, "numbers");
    case "texts":
      return listOf(field.each, "texts");
    case "groups":
      return listOf(field.each, "objects");
    case "group":
      return groupProblems(value, field, path);
  }
}

function groupProblems(value: unknown, field: GroupField, path: string): readonly FieldProblem[] {
  if (value === null && field.nullable) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const expected = field.nullable ? "an object, or null" : "an object";
    return [{ field: path, message: `needs ${expected}, got ${shown(value)}` }];
  }
  const known = Object.keys(field.fields);
  const unknownNames = Object.keys(value).filter((name) => !Object.hasOwn(field.fields, name));
  return [
    ...unknownNames.map((name): FieldProblem => ({ field: at(path, name), message: `is unknown${hint(name, known)}` })),
    ...known.flatMap((name) => {
      const part: unknown = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
      if (part !== undefined) return problemsOf(part, field.fields[name]!, at(path, name));
      return [{ field: at(path, name), message: `is missing: needs ${expectation(field.fields[name]!)}` }];
    }),
  ];
}

function hint(name: string, known: readonly string[]): string {
  return `${meantName(name, known) || "."} Known: ${known.join(", ")}`;
}

function expectation(field: Field): string {
  switch (field.kind) {
    case "number":
      return numberText(field);
    case "flag":
      return "true or false";
    case "text":
      return field.expected;
    case "numbers":
      return `a list of numbers, each ${numberText(field.each)}`;
    case "texts":
      return `a list of texts, each ${field.each.expected}`;
    case "group":
      return "an object";
    case "groups":
      return "a list of objects";
  }
}
