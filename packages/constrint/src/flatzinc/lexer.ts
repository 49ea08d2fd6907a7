import { isExact, MAX_INTEGER } from "../domain/integers.js";
import { type FlatZincError, flatZincError } from "./flatzinc-error.js";

/** What a word of the text is. @internal */
export type TokenKind = "name" | "integer" | "float" | "string" | "symbol" | "end";

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const PERCENT = 0x25;
const MINUS = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;

/** Most symbols are one character; `::` and `..` are two. */
const SYMBOLS = new Set("()[]{},:;=");
const INTEGER = /-?(?:0x[0-9A-Fa-f]+|0o[0-7]+|[0-9]+)/y;
const FLOAT = /-?[0-9]+(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)/y;
const STRING = /"(?:[^"\\\r\n]|\\[^\r\n])*"/y;
const OTHER_BLANK = /[\u00a0\ufeff]/;

/**
 * Reads a FlatZinc text word by word: the current word's kind, place and value are the lexer's fields. Blanks, line ends and
 * comments (% to the end of the line) only separate words.
 *
 * @throws FlatZincError for a character that starts no word, a string without end, and an integer beyond ±(2^53 − 1).
 * @internal
 */
export class Lexer {
  kind: TokenKind = "end";
  /** The offset of the word's first character. */
  start = 0;
  /** The word as written, a string with its quotes, so that no two kinds share a word; "" at the end. */
  word = "";
  /** The value of an integer. */
  value = 0;
  private position = 0;
  /** Where the word before this one ended. */
  private previousEnd = 0;

  constructor(readonly text: string) {
    this.advance();
  }

  /** Goes on to the next word. */
  advance(): void {
    const { text } = this;
    this.previousEnd = this.position;
    this.skipBlanks();
    const start = this.position;
    this.start = start;
    if (start >= text.length) {
      this.kind = "end";
      this.word = "";
      // What is missing at the end is missing right after the last word, not after the blank lines that follow it.
      this.start = this.previousEnd;
      return;
    }
    const code = text.charCodeAt(start);
    if (isLetter(code)) {
      let end = start + 1;
      while (end < text.length && isLetterOrDigit(text.charCodeAt(end))) end++;
      this.take("name", end);
    } else if (isDigit(code) || (code === MINUS && isDigit(text.charCodeAt(start + 1)))) {
      this.readNumber(code);
    } else if (code === QUOTE) {
      const end = matchEnd(STRING, text, start);
      if (end < 0) throw this.error(start, 'expected a string that ends in " on its line');
      this.take("string", end);
    } else {
      const length = (code === COLON || code === DOT) && text.charCodeAt(start + 1) === code ? 2 : 1;
      if (length === 1 && !SYMBOLS.has(text[start]!)) {
        const character = String.fromCodePoint(text.codePointAt(start)!);
        throw this.error(start, `expected a name, a number or a symbol, found ${JSON.stringify(character)}`);
      }
      this.take("symbol", start + length);
    }
  }

  /** The error for a place in the text. */
  error(offset: number, problem: string): FlatZincError {
    return flatZincError(this.text, offset, problem);
  }

  private take(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.word = this.text.slice(this.start, end);
    this.position = end;
  }

  private readNumber(code: number): void {
    const { text, start } = this;
    // The common case, a short run of digits, without a pattern.
    let end = code === MINUS ? start + 2 : start + 1;
    while (isDigit(text.charCodeAt(end))) end++;
    const after = text.charCodeAt(end);
    if (isLetter(after) || (after === DOT && text.charCodeAt(end + 1) !== DOT)) {
      const floatEnd = matchEnd(FLOAT, text, start);
      if (floatEnd >= 0 && !isLetterOrDigit(text.charCodeAt(floatEnd))) {
        this.take("float", floatEnd);
        return;
      }
      end = matchEnd(INTEGER, text, start);
      if (isLetterOrDigit(text.charCodeAt(end))) throw this.error(start, "expected a number that ends in a digit");
    }
    this.take("integer", end);
    const negative = code === MINUS;
    const size = Number(negative ? this.word.slice(1) : this.word);
    if (!isExact(size)) {
      throw this.error(start, `expected an integer within ±${MAX_INTEGER}, found ${shorten(this.word)}`);
    }
    this.value = negative ? 0 - size : size;
  }

  private skipBlanks(): void {
    const { text } = this;
    for (; this.position < text.length; this.position++) {
      const code = text.charCodeAt(this.position);
      if (code === SPACE || (code >= TAB && code <= 0x0d)) continue; // tab, line feed, vertical tab, form feed, return
      if (code === PERCENT) {
        while (this.position < text.length && !isLineEnd(text.charCodeAt(this.position))) this.position++;
        this.position--;
        continue;
      }
      if (code < 0x80 || !OTHER_BLANK.test(text[this.position]!)) return;
    }
  }
}

/** A word for a message, cut if it is long. @internal */
export function shorten(word: string): string {
  return word.length <= 40 ? word : `${word.slice(0, 36)}… (${word.length} characters)`;
}

function matchEnd(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function isLetterOrDigit(code: number): boolean {
  return isLetter(code) || isDigit(code);
}

function isLineEnd(code: number): boolean {
  return code === NEWLINE || code === 0x0d;
}
