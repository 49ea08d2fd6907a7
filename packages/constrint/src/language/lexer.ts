import { isExact, MAX_INTEGER } from "../domain/integers.js";
import { type Position, syntaxError } from "./syntax-error.js";

/** The symbols of two characters and of one. */
const LONG_SYMBOLS = ["==", "=>", "!=", "<=", ">=", "..", "//"] as const;
const SHORT_SYMBOLS = ["<", ">", "+", "-", "*", "%", "^", "|", ";", ":", ",", "(", ")", "[", "]"] as const;

const SYMBOLS: ReadonlySet<string> = new Set([...LONG_SYMBOLS, ...SHORT_SYMBOLS]);

export type Operator = (typeof LONG_SYMBOLS | typeof SHORT_SYMBOLS)[number];

/** A word of the text, as it is written. @internal */
export type Token = Position & {
  /** A string is a name in quotes. */
  readonly type: "integer" | "name" | "string" | "symbol" | "end";
  readonly text: string;
  /** Of an integer; 0 for other words. */
  readonly value: number;
};

/** How this language writes what other languages write with a character that it does not have. */
const HINTS: Readonly<Record<string, string>> = {
  "=": 'equality is written "=="',
  "&": 'conjunction is written ";"',
  "/": 'integer division is written "//"',
  "!": 'inequality is written "!="',
};

/** Blanks, a comment, a number or a name. */
const WORD = /[ \t\r\n\f\v\u00a0\ufeff]+|#[^\r\n]*|[0-9]+|[A-Za-z_][A-Za-z0-9_]*/y;
const BLANK_START = /[ \t\r\n\f\v\u00a0\ufeff#]/;
const LINE_END = /\r\n|\r|\n/g;

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
  const add = (type: Token["type"], word: string, value = 0): void => {
    tokens.push({ line, column: offset - lineStart + 1, type, text: word, value });
    offset += word.length;
  };
  const refuse = (problem: string) => syntaxError(text, { line, column: offset - lineStart + 1 }, problem);
  while (offset < text.length) {
    const character = text[offset]!;
    const word = match(WORD);
    if (word === undefined) {
      const two = text.slice(offset, offset + 2);
      if (SYMBOLS.has(two)) add("symbol", two);
      else if (SYMBOLS.has(character)) add("symbol", character);
      else if (character === '"') add("string", stringAt(text, offset, refuse));
      else throw refuse(unexpected(String.fromCodePoint(text.codePointAt(offset)!)));
    } else if (BLANK_START.test(character)) {
      for (const end of word.matchAll(LINE_END)) {
        line++;
        lineStart = offset + end.index + end[0].length;
      }
      offset += word.length;
    } else if (character >= "0" && character <= "9") {
      const value = Number(word);
      if (!isExact(value)) throw refuse(`expected an integer up to ${MAX_INTEGER}, found ${shorten(word)}`);
      add("integer", word, value);
    } else {
      add("name", word);
    }
  }
  // What is missing at the end is missing right after the last word, not after the blank lines that follow it.
  const last = tokens.at(-1) ?? { line: 1, column: 1, text: "" };
  tokens.push({ line: last.line, column: last.column + last.text.length, type: "end", text: "", value: 0 });
  return tokens;
}

/** The name that a string in quotes stands for. @internal */
export function nameInQuotes(token: Token): string {
  return JSON.parse(token.text) as string;
}

function unexpected(character: string): string {
  const hint = Object.hasOwn(HINTS, character) ? ` (${HINTS[character]})` : "";
  return `expected a name, a number or an operator, found ${JSON.stringify(character)}${hint}`;
}

/** The string that begins at an offset, with its quotes. */
function stringAt(text: string, start: number, refuse: (problem: string) => Error): string {
  let end = start + 1;
  while (end < text.length && text[end] !== '"' && text[end] !== "\n" && text[end] !== "\r") {
    const isEscape = text[end] === "\\" && text[end + 1] !== "\n" && text[end + 1] !== "\r";
    end += isEscape ? 2 : 1;
  }
  if (text[end] !== '"') throw refuse('expected a string that ends in " on its line');
  const written = text.slice(start, end + 1);
  try {
    JSON.parse(written);
  } catch {
    throw refuse(`expected a string with the escapes of JSON, found ${shorten(written)}`);
  }
  return written;
}

function shorten(word: string): string {
  return word.length <= 24 ? word : `${word.slice(0, 20)}… (${word.length} characters)`;
}
