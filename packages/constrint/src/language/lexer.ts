import { isExact, MAX_INTEGER } from "../domain/integers.js";
import { type Position, syntaxError } from "./syntax-error.js";

/** The symbols of the language, longest first where one starts another. */
const SYMBOLS = [
  "==",
  "=>",
  "!=",
  "<=",
  ">=",
  "..",
  "//",
  "<",
  ">",
  "+",
  "-",
  "*",
  "%",
  "^",
  "|",
  ";",
  ":",
  ",",
  "(",
  ")",
  "[",
  "]",
] as const;

export type Operator = (typeof SYMBOLS)[number];

/** A word of the text. @internal */
export type Token = Position &
  (
    | { readonly type: "integer"; readonly text: string; readonly value: number }
    | { readonly type: "name"; readonly text: string }
    /** A name in quotes, as it is written in `text` and as it is meant in `value`. */
    | { readonly type: "string"; readonly text: string; readonly value: string }
    | { readonly type: "symbol"; readonly text: Operator }
    | { readonly type: "end"; readonly text: "" }
  );

/** How this language writes what other languages write with a character that it does not have. */
const HINTS: Readonly<Record<string, string>> = {
  "=": 'equality is written "=="',
  "&": 'conjunction is written ";"',
  "/": 'integer division is written "//"',
  "!": 'inequality is written "!="',
};

const BLANK = /[ \t\r\n\f\v\u00a0\ufeff]+|#[^\r\n]*/y;
const INTEGER = /[0-9]+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

/** Whether a name can be written without quotes. @internal */
export function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/**
 * Splits a text into tokens; blanks, line ends and comments (# to the end of the line) only separate them.
 *
 * @throws ConstrintSyntaxError for a character that starts no token, a string without end and an integer above 2^53 − 1.
 * @internal
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  let line = 1;
  let lineStart = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(text)?.[0];
  };
  while (offset < text.length) {
    const at = { line, column: offset - lineStart + 1 };
    const blank = match(BLANK);
    if (blank !== undefined) {
      for (const end of blank.matchAll(/\r\n|\r|\n/g)) {
        line++;
        lineStart = offset + end.index + end[0].length;
      }
      offset += blank.length;
      continue;
    }
    const digits = match(INTEGER);
    if (digits !== undefined) {
      const value = Number(digits);
      if (!isExact(value))
        throw syntaxError(text, at, `expected an integer up to ${MAX_INTEGER}, found ${shorten(digits)}`);
      tokens.push({ ...at, type: "integer", text: digits, value });
      offset += digits.length;
      continue;
    }
    const name = match(NAME);
    if (name !== undefined) {
      tokens.push({ ...at, type: "name", text: name });
      offset += name.length;
      continue;
    }
    if (text[offset] === '"') {
      const written = stringAt(text, offset);
      const value = written === undefined ? undefined : stringValue(written);
      if (written === undefined || value === undefined) {
        const problem =
          written === undefined
            ? 'expected a string that ends in " on its line'
            : `expected a string with the escapes of JSON, found ${shorten(written)}`;
        throw syntaxError(text, at, problem);
      }
      tokens.push({ ...at, type: "string", text: written, value });
      offset += written.length;
      continue;
    }
    const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, offset));
    if (symbol === undefined) {
      const character = String.fromCodePoint(text.codePointAt(offset)!);
      const hint = Object.hasOwn(HINTS, character) ? ` (${HINTS[character]})` : "";
      throw syntaxError(
        text,
        at,
        `expected a name, a number or an operator, found ${JSON.stringify(character)}${hint}`,
      );
    }
    tokens.push({ ...at, type: "symbol", text: symbol });
    offset += symbol.length;
  }
  // What is missing at the end is missing right after the last word, not after the blank lines that follow it.
  const last = tokens.at(-1) ?? { line: 1, column: 1, text: "" };
  tokens.push({ line: last.line, column: last.column + last.text.length, type: "end", text: "" });
  return tokens;
}

/** The string that begins at an offset, with its quotes, or undefined if its line has no end of it. */
function stringAt(text: string, start: number): string | undefined {
  for (let end = start + 1; end < text.length; end++) {
    const character = text[end]!;
    if (character === '"') return text.slice(start, end + 1);
    if (character === "\\") end++;
    if (text[end] === "\n" || text[end] === "\r") return undefined;
  }
  return undefined;
}

/** What a string in quotes means, or undefined if it is not a string of JSON. */
function stringValue(written: string): string | undefined {
  try {
    return JSON.parse(written) as string;
  } catch {
    return undefined;
  }
}

function shorten(word: string): string {
  return word.length <= 24 ? word : `${word.slice(0, 20)}… (${word.length} characters)`;
}
