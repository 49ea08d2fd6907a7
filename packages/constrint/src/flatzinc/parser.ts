import type { FlatZincError } from "./flatzinc-error.js";
import { Lexer, shorten } from "./lexer.js";
import type {
  Annotation,
  BasicType,
  ConstraintItem,
  Declaration,
  Expression,
  FlatZincSyntax,
  SetLiteral,
  SolveItem,
} from "./syntax.js";

/** Arrays and annotations nest at most this deep, so that no text can exhaust the stack. */
const MAX_NESTING = 64;

/**
 * Parses a FlatZinc text (the grammar of MiniZinc 2.6, in which declarations may also stand between constraints, and an
 * element of an array may be written `name[index]` as in earlier versions). Predicate declarations are read and dropped.
 *
 * @throws FlatZincError
 * @internal
 */
export function parseFlatZinc(text: string): FlatZincSyntax {
  return new Parser(text).program();
}

class Parser {
  private readonly lexer: Lexer;
  private nesting = 0;

  constructor(text: string) {
    this.lexer = new Lexer(text);
  }

  program(): FlatZincSyntax {
    const { lexer } = this;
    const declarations: Declaration[] = [];
    const constraints: ConstraintItem[] = [];
    let solve: SolveItem | undefined;
    while (solve === undefined) {
      switch (lexer.kind === "name" ? lexer.word : "") {
        case "constraint":
          constraints.push(this.constraint());
          break;
        case "var":
        case "array":
        case "bool":
        case "int":
        case "float":
        case "set":
          declarations.push(this.declaration());
          break;
        case "predicate":
          this.predicate();
          break;
        case "solve":
          solve = this.solve();
          break;
        default:
          throw this.expected('"var", "array", "bool", "int", "set", "predicate", "constraint" or "solve"');
      }
    }
    if (lexer.kind !== "end") throw this.expected("the end of the text after the solve item");
    return Object.freeze({
      text: lexer.text,
      declarations: Object.freeze(declarations),
      constraints: Object.freeze(constraints),
      solve,
    });
  }

  // --------------------------------------------------------------------------------------------------------------- items

  private declaration(): Declaration {
    const { lexer } = this;
    const size = this.skipWord("array") ? this.indexSet() : undefined;
    const isVariable = this.skipWord("var");
    const type = this.basicType(isVariable);
    this.expect(":");
    const offset = lexer.start;
    const name = this.name();
    const annotations = this.annotations();
    // A variable may be left open; parameters and arrays are given.
    const isOpen = isVariable && size === undefined && lexer.word !== "=";
    if (!isOpen) this.expect("=");
    const value = isOpen ? undefined : this.expression();
    this.expect(";");
    return Object.freeze({
      offset,
      name,
      isVariable,
      type,
      annotations,
      ...(size === undefined ? {} : { size }),
      ...(value === undefined ? {} : { value }),
    });
  }

  /** `[1..size] of`; the empty index set may also be written 1..0 with any upper bound below 1. */
  private indexSet(): number {
    const { lexer } = this;
    this.expect("[");
    if (lexer.kind !== "integer" || lexer.value !== 1) throw this.expected("an index set that starts at 1");
    lexer.advance();
    this.expect("..");
    const size = Math.max(0, this.integer());
    this.expect("]");
    this.expectWord("of");
    return size;
  }

  private basicType(isVariable: boolean): BasicType {
    const { lexer } = this;
    const offset = lexer.start;
    if (this.skipWord("bool")) return Object.freeze({ offset, base: "bool" });
    if (this.skipWord("int")) return Object.freeze({ offset, base: "int" });
    if (this.skipWord("float")) return Object.freeze({ offset, base: "float" });
    if (this.skipWord("set")) {
      this.expectWord("of");
      if (this.skipWord("int")) return Object.freeze({ offset, base: "set" });
      return Object.freeze({ offset, base: "set", domain: this.setLiteral() });
    }
    if (!isVariable || lexer.kind === "name") throw this.expected('"bool", "int", "float" or "set of int"');
    const domain = this.setOrNumber();
    if (domain.type === "float") return Object.freeze({ offset, base: "float" });
    if (domain.type !== "range" && domain.type !== "set") throw this.errorAt(offset, 'expected a range or "{"');
    return Object.freeze({ offset, base: "int", domain });
  }

  /** `predicate name(type: name, …);` has no meaning of its own: what a constraint means depends on its name. */
  private predicate(): void {
    const { lexer } = this;
    lexer.advance();
    this.name();
    this.expect("(");
    while (lexer.word !== ")") {
      this.predicateParameter();
      if (lexer.word !== ")") this.expect(",", '"," or ")"');
    }
    lexer.advance();
    this.expect(";");
  }

  private predicateParameter(): void {
    if (this.skipWord("array")) {
      this.expect("[");
      do if (!this.skipWord("int")) this.setLiteral();
      while (this.skip(","));
      this.expect("]");
      this.expectWord("of");
    }
    this.skipWord("var");
    this.basicType(true);
    this.expect(":");
    this.name();
  }

  private constraint(): ConstraintItem {
    const { lexer } = this;
    lexer.advance();
    const offset = lexer.start;
    const name = this.name();
    this.expect("(");
    const args = this.expressionsUntil(")");
    const annotations = this.annotations();
    this.expect(";");
    return Object.freeze({ offset, name, arguments: args, annotations });
  }

  private solve(): SolveItem {
    const { lexer } = this;
    const offset = lexer.start;
    lexer.advance();
    const annotations = this.annotations();
    const goal = lexer.word;
    if (lexer.kind !== "name" || (goal !== "satisfy" && goal !== "minimize" && goal !== "maximize")) {
      throw this.expected('"satisfy", "minimize" or "maximize"');
    }
    lexer.advance();
    const objective = goal === "satisfy" ? undefined : this.expression();
    this.expect(";");
    return Object.freeze({ offset, goal, annotations, ...(objective === undefined ? {} : { objective }) });
  }

  private annotations(): readonly Annotation[] {
    const { lexer } = this;
    if (lexer.word !== "::") return NO_ANNOTATIONS;
    const annotations: Annotation[] = [];
    while (lexer.word === "::") {
      lexer.advance();
      const offset = lexer.start;
      const annotation = this.expression();
      if (annotation.type !== "name" && annotation.type !== "call") {
        throw this.errorAt(offset, "expected the name of an annotation");
      }
      annotations.push(annotation);
    }
    return Object.freeze(annotations);
  }

  // --------------------------------------------------------------------------------------------------------- expressions

  private expression(): Expression {
    const { lexer } = this;
    const offset = lexer.start;
    switch (lexer.kind) {
      case "name":
        return this.named(offset);
      case "integer":
      case "float":
        return this.setOrNumber();
      case "string": {
        const { word } = lexer;
        lexer.advance();
        return Object.freeze({ type: "string", offset, word });
      }
      case "symbol":
        if (lexer.word === "{") return this.setOrNumber();
        if (lexer.word === "[") {
          lexer.advance();
          return Object.freeze({ type: "array", offset, elements: this.expressionsUntil("]") });
        }
        break;
    }
    throw this.expected("a value");
  }

  private named(offset: number): Expression {
    const { lexer } = this;
    const name = this.name();
    if (name === "true" || name === "false") return Object.freeze({ type: "bool", offset, value: name === "true" });
    if (lexer.word === "(") {
      lexer.advance();
      return Object.freeze({ type: "call", offset, name, arguments: this.expressionsUntil(")") });
    }
    if (lexer.word === "[") {
      lexer.advance();
      const index = this.integer();
      this.expect("]");
      return Object.freeze({ type: "element", offset, name, index });
    }
    return Object.freeze({ type: "name", offset, name });
  }

  /** The expressions of a list whose opening bracket has been read, and its closing bracket. */
  private expressionsUntil(close: ")" | "]"): readonly Expression[] {
    const { lexer } = this;
    if (++this.nesting > MAX_NESTING) {
      throw this.errorAt(lexer.start, `expected arrays and annotations to nest at most ${MAX_NESTING} deep`);
    }
    const expressions: Expression[] = [];
    // A comma may also end the list.
    while (lexer.word !== close) {
      expressions.push(this.expression());
      if (lexer.word !== close) this.expect(",", `"," or "${close}"`);
    }
    lexer.advance();
    this.nesting--;
    return Object.freeze(expressions);
  }

  /** A number, a range of numbers, or a set written out. */
  private setOrNumber(): Expression {
    const { lexer } = this;
    const offset = lexer.start;
    if (lexer.word === "{") return this.setElements();
    let isFloat = lexer.kind === "float";
    const low = this.number();
    if (lexer.word !== "..") return Object.freeze({ type: isFloat ? "float" : "int", offset, value: low });
    lexer.advance();
    isFloat ||= (lexer.kind as string) === "float";
    const high = this.number();
    return isFloat ? float(offset) : Object.freeze({ type: "range", offset, low, high });
  }

  private setElements(): Expression {
    const { lexer } = this;
    const offset = lexer.start;
    lexer.advance();
    const values: number[] = [];
    let isFloat = false;
    while (lexer.word !== "}") {
      isFloat ||= lexer.kind === "float";
      values.push(this.number());
      if (lexer.word !== "}") this.expect(",", '"," or "}"');
    }
    lexer.advance();
    return isFloat ? float(offset) : Object.freeze({ type: "set", offset, values: Object.freeze(values) });
  }

  private setLiteral(): SetLiteral {
    const literal = this.setOrNumber();
    if (literal.type === "range" || literal.type === "set") return literal;
    throw this.errorAt(literal.offset, "expected a range or a set of integers");
  }

  private number(): number {
    const { lexer } = this;
    if (lexer.kind !== "integer" && lexer.kind !== "float") throw this.expected("a number");
    const value = lexer.kind === "integer" ? lexer.value : Number(lexer.word);
    lexer.advance();
    return value;
  }

  private integer(): number {
    if (this.lexer.kind !== "integer") throw this.expected("an integer");
    return this.number();
  }

  // ------------------------------------------------------------------------------------------------------------- helpers

  private name(): string {
    const { lexer } = this;
    if (lexer.kind !== "name") throw this.expected("a name");
    const name = lexer.word;
    lexer.advance();
    return name;
  }

  private skipWord(word: string): boolean {
    const { lexer } = this;
    if (lexer.kind !== "name" || lexer.word !== word) return false;
    lexer.advance();
    return true;
  }

  private skip(symbol: string): boolean {
    if (this.lexer.word !== symbol) return false;
    this.lexer.advance();
    return true;
  }

  private expectWord(word: string): void {
    if (!this.skipWord(word)) throw this.expected(`"${word}"`);
  }

  private expect(symbol: string, alternatives = `"${symbol}"`): void {
    if (!this.skip(symbol)) throw this.expected(alternatives);
  }

  private expected(what: string): FlatZincError {
    const { lexer } = this;
    const found = lexer.kind === "end" ? "the end of the text" : `"${shorten(lexer.word)}"`;
    return this.errorAt(lexer.start, `expected ${what}, found ${found}`);
  }

  private errorAt(offset: number, problem: string): FlatZincError {
    return this.lexer.error(offset, problem);
  }
}

const NO_ANNOTATIONS: readonly Annotation[] = Object.freeze([]);

function float(offset: number): Expression {
  return Object.freeze({ type: "float", offset });
}
