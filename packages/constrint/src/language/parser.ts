import type { Relation } from "../model/constraint.js";
import { MAX_EXPONENT } from "../model/expression.js";
import { nameInQuotes, type Operator, type Token, tokenize } from "./lexer.js";
import {
  childrenOf,
  FUNCTIONS,
  type FunctionName,
  GLOBALS,
  type GlobalName,
  isNumeric,
  type ListItem,
  type ScaledFactor,
  type SignedTerm,
  type Syntax,
} from "./syntax.js";
import { type ConstrintSyntaxError, type Position, placeOf, syntaxError } from "./syntax-error.js";

/**
 * Brackets nest at most this deep, and at most this many quotients are divided further, as in a // b // c, so that no text can
 * exhaust the stack.
 */
const MAX_NESTING = 256;

const RELATIONS: readonly string[] = ["==", "!=", "<=", "<", ">=", ">"] satisfies Relation[];

/**
 * Parses a ConstrINT text into a conjunction.
 *
 * From weakest to strongest: `;` (and), `LABEL:`, `=>`, `|` (or), relations, `%`, `+` and `-`, `*` and `//`, `^`. Brackets group both
 * numbers and conditions.
 *
 * @throws ConstrintSyntaxError
 * @internal
 */
export function parse(text: string): Syntax {
  const parser = new Parser(text);
  const program = parser.conjunction(true);
  parser.expectEnd('";", "|", an operator or the end');
  parser.requireFewDivisions(program);
  return program;
}

/** Parses a single numeric expression. @internal */
export function parseNumber(text: string): Syntax {
  const parser = new Parser(text);
  const node = parser.numeric(parser.remainder());
  parser.expectEnd("an operator or the end");
  parser.requireFewDivisions(node);
  return node;
}

class Parser {
  private readonly tokens: readonly Token[];
  private index = 0;
  private nesting = 0;

  constructor(private readonly text: string) {
    this.tokens = tokenize(text);
  }

  // ------------------------------------------------------------------------------------------------ conditions, weakest first

  conjunction(isTopLevel: boolean): Syntax {
    const at = this.place();
    const parts: Syntax[] = [];
    for (;;) {
      // A semicolon may end a text as well as separate its parts, and an empty text is true.
      if (isTopLevel && this.token.type === "end") break;
      parts.push((isTopLevel ? (this.objective() ?? this.labelled()) : undefined) ?? this.implication());
      if (!this.skip(";")) break;
    }
    const [only] = parts;
    if (parts.length === 1 && only !== undefined && !isTopLevel) return only;
    return { ...at, type: "and", parts: parts.map((part) => this.conditional(part)) };
  }

  /** `minimize EXPRESSION` or `maximize EXPRESSION`; the words are ordinary names where an operator follows. */
  private objective(): Syntax | undefined {
    const { token } = this;
    const next = this.tokens[this.index + 1];
    if (token.type !== "name" || (token.text !== "minimize" && token.text !== "maximize") || next === undefined) {
      return undefined;
    }
    const startsExpression = ["name", "string", "integer"].includes(next.type) || ["(", "-"].includes(next.text);
    if (!startsExpression) return undefined;
    this.index++;
    const operand = this.numeric(this.remainder());
    return { ...placeOf(token), type: "objective", sense: token.text, operand };
  }

  /** `NAME: CONDITION` or `"any text": CONDITION`. */
  private labelled(): Syntax | undefined {
    const { token } = this;
    if ((token.type !== "name" && token.type !== "string") || this.tokens[this.index + 1]?.text !== ":")
      return undefined;
    this.index += 2;
    const label = token.type === "string" ? nameInQuotes(token) : token.text;
    return { ...placeOf(token), type: "labelled", label, condition: this.conditional(this.implication()) };
  }

  /** a => b => c is a => (b => c). */
  private implication(): Syntax {
    const at = this.place();
    const parts = [this.disjunction()];
    while (this.skip("=>")) parts.push(this.disjunction());
    if (parts.length === 1) return parts[0]!;
    const conditions = parts.map((part) => this.conditional(part));
    return { ...at, type: "implication", conditions: conditions.slice(0, -1), consequence: conditions.at(-1)! };
  }

  private disjunction(): Syntax {
    const at = this.place();
    const parts = [this.comparison()];
    while (this.skip("|")) parts.push(this.comparison());
    if (parts.length === 1) return parts[0]!;
    return { ...at, type: "or", parts: parts.map((part) => this.conditional(part)) };
  }

  private comparison(): Syntax {
    const at = this.place();
    const left = this.remainder();
    const { token } = this;
    if (token.type !== "symbol" || !RELATIONS.includes(token.text)) return left;
    this.numeric(left);
    this.index++;
    const right = this.numeric(this.remainder());
    if (RELATIONS.includes(this.token.text)) {
      throw this.error(this.token, `expected ";" or "|", found "${this.token.text}" (a comparison has two sides)`);
    }
    return { ...at, type: "comparison", relation: token.text as Relation, left, right };
  }

  // --------------------------------------------------------------------------------------------------- numbers, weakest first

  remainder(): Syntax {
    const at = this.place();
    const dividend = this.sum();
    if (!this.skip("%")) return dividend;
    this.numeric(dividend);
    const divisor = this.numeric(this.sum());
    if (this.token.text === "%")
      throw this.error(this.token, 'expected "==", found "%" (brackets say which comes first)');
    return { ...at, type: "remainder", dividend, divisor };
  }

  private sum(): Syntax {
    const at = this.place();
    const first = this.product();
    const terms: SignedTerm[] = [{ sign: 1, term: first }];
    while (this.token.text === "+" || this.token.text === "-") {
      this.numeric(terms.at(-1)!.term);
      const sign = this.token.text === "+" ? 1 : -1;
      this.index++;
      terms.push({ sign, term: this.numeric(this.product()) });
    }
    return terms.length === 1 ? first : { ...at, type: "sum", terms };
  }

  private product(): Syntax {
    const at = this.place();
    const first = this.signed();
    const rest: ScaledFactor[] = [];
    while (this.token.text === "*" || this.token.text === "//") {
      if (rest.length === 0) this.numeric(first);
      const operator = this.token.text;
      this.index++;
      rest.push({ operator, operand: this.numeric(this.signed()) });
    }
    return rest.length === 0 ? first : { ...at, type: "product", first, rest };
  }

  private signed(): Syntax {
    const at = this.place();
    if (!this.skip("-")) return this.power();
    const operand = this.nested(() => this.numeric(this.signed()));
    return operand.type === "integer"
      ? { ...at, type: "integer", value: -operand.value + 0 }
      : { ...at, type: "negation", operand };
  }

  private power(): Syntax {
    const at = this.place();
    const base = this.atom();
    if (!this.skip("^")) return base;
    this.numeric(base);
    const { token } = this;
    if (token.type !== "integer" || token.value > MAX_EXPONENT) {
      throw this.expected(`an integer exponent from 0 to ${MAX_EXPONENT}`);
    }
    this.index++;
    return { ...at, type: "power", base, exponent: token.value };
  }

  private atom(): Syntax {
    const { token } = this;
    const at = placeOf(token);
    if (token.type === "integer") {
      this.index++;
      return { ...at, type: "integer", value: token.value };
    }
    if (token.type === "name") {
      this.index++;
      if (Object.hasOwn(FUNCTIONS, token.text) && this.skip("(")) return this.call(token.text as FunctionName, at);
      if (Object.hasOwn(GLOBALS, token.text) && this.skip("(")) return this.global(token.text as GlobalName, at);
      return { ...at, type: "name", name: token.text };
    }
    if (token.type === "string") {
      const name = nameInQuotes(token);
      if (name === "") throw this.expected("a name that is not empty");
      this.index++;
      return { ...at, type: "name", name };
    }
    if (this.skip("(")) {
      const inner = this.nested(() => this.conjunction(false));
      this.expect(")", '")" or an operator');
      return inner;
    }
    if (this.skip("["))
      return { ...at, type: "list", items: this.nested(() => this.itemsOf(() => this.numeric(this.sum()))) };
    throw this.expected("an expression");
  }

  private call(name: FunctionName, at: Position): Syntax {
    const operands = this.nested(() => this.operands());
    const [least, most] = FUNCTIONS[name];
    if (operands.length < least || operands.length > most) {
      throw this.error(
        at,
        `expected ${name} with ${least === 1 ? "one operand" : `${least} operands`}, found ${operands.length}`,
      );
    }
    return { ...at, type: "call", name, operands };
  }

  private global(name: GlobalName, at: Position): Syntax {
    const parameters: readonly string[] = GLOBALS[name];
    const isVariadic = parameters.at(-1) === "…";
    const found = this.token.text === ")" ? [] : this.nested(() => this.globalArguments());
    this.expect(")", '"," or ")"');
    if (!isVariadic && found.length !== parameters.length) {
      const expected = `expected ${name}(${parameters.join(", ")})`;
      throw this.error(at, `${expected}, found ${found.length} ${found.length === 1 ? "argument" : "arguments"}`);
    }
    return { ...at, type: "global", name, arguments: found };
  }

  private globalArguments(): Syntax[] {
    const found: Syntax[] = [];
    do found.push(this.globalArgument());
    while (this.skip(","));
    return found;
  }

  private globalArgument(): Syntax {
    const at = this.place();
    if (!this.skip("[")) return this.numeric(this.remainder());
    if (this.skip("]")) return { ...at, type: "array", items: [] };
    const items = this.nested(() => this.itemsOf(() => this.globalArgument()));
    return { ...at, type: "array", items };
  }

  private operands(): Syntax[] {
    const operands: Syntax[] = [];
    do operands.push(this.numeric(this.remainder()));
    while (this.skip(","));
    this.expect(")", '"," or ")"');
    return operands;
  }

  /** The items of a list whose opening bracket has been read, and the closing bracket. */
  private itemsOf(item: () => Syntax): ListItem[] {
    const items: ListItem[] = [];
    do {
      const low = item();
      items.push(low.type !== "array" && this.skip("..") ? { low, high: this.numeric(this.sum()) } : { low });
    } while (this.skip(","));
    this.expect("]", '",", ".." or "]"');
    return items;
  }

  // ----------------------------------------------------------------------------------------------------------------- helpers

  /** Requires that a node is a number. */
  numeric(node: Syntax): Syntax {
    if (!isNumeric(node)) throw this.error(node, "expected a number, found a condition");
    return node;
  }

  expectEnd(alternatives: string): void {
    if (this.token.type !== "end") throw this.expected(alternatives);
  }

  /** Requires that no operand is below more than {@link MAX_NESTING} divisions, each of which is a level of the expression. */
  requireFewDivisions(root: Syntax): void {
    const open: [node: Syntax, divisions: number][] = [[root, 0]];
    for (let top = open.pop(); top !== undefined; top = open.pop()) {
      const [node, above] = top;
      const own = node.type === "product" ? node.rest.filter(({ operator }) => operator === "//").length : 0;
      if (above + own > MAX_NESTING) {
        throw this.error(node, `expected at most ${MAX_NESTING} divisions within each other, found ${above + own}`);
      }
      for (const child of childrenOf(node)) open.push([child, above + own]);
    }
  }

  private conditional(node: Syntax): Syntax {
    if (!isNumeric(node)) return node;
    // What is missing comes after the number: the token that ended it.
    const after = this.endOf(node);
    throw this.error(after, `expected a relation ("==", "<=", …), found ${describe(after)}`);
  }

  /** The first token after a node of a list of parts: the separator before the next part. */
  private endOf(node: Syntax): Token {
    const start = this.tokens.findIndex((token) => token.line === node.line && token.column === node.column);
    let depth = 0;
    for (let i = start; ; i++) {
      const token = this.tokens[i]!;
      if (token.type === "end") return token;
      if (token.text === "(" || token.text === "[") depth++;
      if (token.text === ")" || token.text === "]") depth--;
      if (depth < 0 || (depth === 0 && [";", ":", "|", "=>"].includes(token.text))) return token;
    }
  }

  private get token(): Token {
    return this.tokens[this.index]!;
  }

  private place(): Position {
    return placeOf(this.token);
  }

  private skip(symbol: Operator): boolean {
    if (this.token.type !== "symbol" || this.token.text !== symbol) return false;
    this.index++;
    return true;
  }

  private expect(symbol: Operator, alternatives: string): void {
    if (!this.skip(symbol)) throw this.expected(alternatives);
  }

  private nested<T>(inner: () => T): T {
    if (++this.nesting > MAX_NESTING) {
      throw this.error(this.token, `expected brackets and signs to nest at most ${MAX_NESTING} deep`);
    }
    const result = inner();
    this.nesting--;
    return result;
  }

  private expected(what: string): ConstrintSyntaxError {
    return this.error(this.token, `expected ${what}, found ${describe(this.token)}`);
  }

  private error(at: Position, problem: string): ConstrintSyntaxError {
    return syntaxError(this.text, at, problem);
  }
}

function describe(token: Token): string {
  if (token.type === "end") return "the end of the text";
  return token.type === "string" ? token.text : `"${token.text}"`;
}
