import type { Position } from "../language/syntax-error.js";

/** Finds line and column of offsets in a text, fast for offsets that come in ascending order. @internal */
export class PlaceCounter {
  private line = 1;
  private lineStart = 0;
  private offset = 0;

  constructor(private readonly text: string) {}

  /** Line and column of the character after this many UTF-16 units. */
  placeOf(offset: number): Position {
    if (offset < this.offset) {
      this.line = 1;
      this.lineStart = 0;
      this.offset = 0;
    }
    const { text } = this;
    for (; this.offset < offset; this.offset++) {
      const character = text[this.offset];
      if (character !== "\n" && (character !== "\r" || text[this.offset + 1] === "\n")) continue;
      this.line++;
      this.lineStart = this.offset + 1;
    }
    return Object.freeze({ line: this.line, column: offset - this.lineStart + 1 });
  }
}
