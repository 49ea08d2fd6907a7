import { SolverError } from "../error.js";
import { And, type Constraint, Or } from "../model/constraint.js";
import { evaluate } from "../model/evaluate.js";
import { constant, type IntExpr, max, min, product, sum } from "../model/expression.js";
import { not } from "../model/logic.js";
import { Model } from "../model/model.js";
import { globalOf } from "./globals.js";
import { parse, parseNumber } from "./parser.js";
import { childrenOf, type FunctionName, type Syntax } from "./syntax.js";
import { type ConstrintSyntaxError, type Position, placeOf, syntaxError } from "./syntax-error.js";

/** The domain of a variable that no statement declares: 1 … 2^30. */
const DEFAULT_MIN = 1;
/** See {@link DEFAULT_MIN}. */
const DEFAULT_MAX = 2 ** 30;

/** A comparison with lists stands for at most this many combinations of their values. */
const MAX_COMBINATIONS = 4096;

/** A declaration lists at most this many values beside a single range, and an array has at most this many items. */
const MAX_VALUES = 2 ** 20;

/** What to make as small or as large as possible. */
export interface Goal {
  readonly sense: "minimize" | "maximize";
  readonly expression: IntExpr;
}

/** A ConstrINT text's meaning. */
export interface Program {
  readonly model: Model;
  /** From `minimize` or `maximize`. */
  readonly goal?: Goal;
  /** Where the text says each of the model's constraints. */
  readonly places: ReadonlyMap<Constraint, Position>;
}

/**
 * Reads a ConstrINT text.
 *
 * Every name is a variable with the values 1 … 2^30, unless statements of the form `NAME == 7`, `NAME == [8, 16]` or
 * `NAME == [0..9]` that are not part of a disjunction declare its values. Elsewhere a list stands for any one of its values:
 * a comparison holds if it holds for some choice, and `!=` is the opposite of `==`. `A % B == 0` says that B divides A;
 * otherwise `%` and `//` are remainder and quotient of truncating division, `mod` and `div` of Euclidean division.
 *
 * `NAME: CONDITION` or `"any text": CONDITION` gives a constraint its name, and is no declaration. Global constraints are
 * written as in the API, `allDifferent(A, B + 1)` and `table([A, B], [[1, 2], [3, 4]])`, with arrays in square brackets. A
 * name that is not an identifier stands in double quotes.
 *
 * @throws ConstrintSyntaxError for a text that is not of the language; its message shows the place.
 */
export function parseProgram(text: string): Program {
  const model = new Model();
  const reader = new Reader(text, model);
  const statements = flattenConjunction(parse(text));
  const constraints = reader.declare(statements);
  let goal: Goal | undefined;
  for (const statement of constraints) {
    if (statement.type !== "objective") {
      reader.add(statement);
      continue;
    }
    if (goal !== undefined) throw syntaxError(text, statement, "expected one objective, found a second one");
    goal = { sense: statement.sense, expression: reader.expression(statement.operand) };
  }
  const { places } = reader;
  return goal === undefined ? { model, places } : { model, goal, places };
}

/**
 * Reads a numeric expression over a model's variables, such as an objective.
 *
 * @throws ConstrintSyntaxError for a text that is not an expression, or names a variable that the model does not have.
 */
export function parseExpression(text: string, model: Model): IntExpr {
  return new Reader(text, model).expression(parseNumber(text));
}

/** All integers from low to high. */
interface Range {
  readonly low: number;
  readonly high: number;
}

type ListSyntax = Extract<Syntax, { readonly type: "list" }>;
type ComparisonSyntax = Extract<Syntax, { readonly type: "comparison" }>;

/** The expression that each list of a comparison stands for in one combination. */
type Choice = ReadonlyMap<ListSyntax, IntExpr>;

const NO_CHOICE: Choice = new Map();

const CALLS: Readonly<Record<FunctionName, (operands: readonly IntExpr[]) => IntExpr>> = {
  min,
  max,
  abs: ([operand]) => operand!.abs(),
  div: ([dividend, divisor]) => dividend!.dividedBy(divisor!, "euclid"),
  mod: ([dividend, divisor]) => dividend!.modulo(divisor!, "euclid"),
};

class Reader {
  /** Where the text says each constraint. */
  readonly places = new Map<Constraint, Position>();

  constructor(
    private readonly text: string,
    private readonly model: Model,
  ) {}

  // -------------------------------------------------------------------------------------------------------- declarations

  /**
   * Adds all variables to the model, in the order in which the text mentions them.
   *
   * @returns the statements that are not declarations.
   */
  declare(statements: readonly Syntax[]): Syntax[] {
    const declared = new Map<string, readonly Range[]>();
    const places = new Map<string, Position>();
    const rest: Syntax[] = [];
    for (const statement of statements) {
      const declaration = this.asDeclaration(statement);
      if (declaration === undefined) {
        rest.push(statement);
        continue;
      }
      const { name, ranges } = declaration;
      const before = declared.get(name);
      declared.set(name, before === undefined ? mergeRanges(ranges) : intersectRanges(before, mergeRanges(ranges)));
      places.set(name, statement);
    }
    for (const name of namesIn(statements)) {
      const ranges = declared.get(name) ?? [{ low: DEFAULT_MIN, high: DEFAULT_MAX }];
      const [first, ...others] = ranges;
      if (first === undefined) {
        // Declarations without a common value: the variable has to have some domain, and the model no solution.
        this.model.int(name, DEFAULT_MIN, DEFAULT_MAX);
        this.addAt(places.get(name)!, constant(0).eq(1), `declarations of ${name}`);
      } else if (others.length === 0) {
        this.model.int(name, first.low, first.high);
      } else {
        const size = ranges.reduce((total, { low, high }) => total + high - low + 1, 0);
        if (size > MAX_VALUES) {
          throw this.error(
            places.get(name)!,
            `expected at most ${MAX_VALUES} values or one range, found ${size} values`,
          );
        }
        this.model.int(name, ranges.flatMap(valuesOf));
      }
    }
    return rest;
  }

  /** Reads `NAME == values` or `values == NAME`, where the values are a constant or a list of constants and ranges. */
  private asDeclaration(statement: Syntax): { name: string; ranges: Range[] } | undefined {
    if (statement.type !== "comparison" || statement.relation !== "==") return undefined;
    const { left, right } = statement;
    if (left.type !== "name" && right.type !== "name") return undefined;
    const [variable, values] = left.type === "name" ? [left, right] : [right, left];
    if (variable.type !== "name" || namesIn([values]).length > 0) return undefined;
    if (values.type === "list") return { name: variable.name, ranges: this.rangesOf(values) };
    if (listsIn(values).length > 0) return undefined;
    const value = this.constantValue(values);
    return { name: variable.name, ranges: [{ low: value, high: value }] };
  }

  private rangesOf(list: ListSyntax): Range[] {
    return list.items.map((item) => {
      const low = this.constantValue(item.low);
      const high = item.high === undefined ? low : this.constantValue(item.high);
      if (low > high) throw this.error(item.low, `expected a range from low to high, found ${low}..${high}`);
      return { low, high };
    });
  }

  constantValue(node: Syntax): number {
    const [name] = namesIn([node]);
    if (name !== undefined) throw this.error(node, `expected a constant, found the variable ${name}`);
    return this.located(node, () => evaluate(this.expression(node), {}));
  }

  // --------------------------------------------------------------------------------------------------------- constraints

  /** Adds a statement's constraint to the model, under its label if it has one. */
  add(statement: Syntax): void {
    if (statement.type !== "labelled") this.addAt(statement, this.constraint(statement));
    else this.addAt(statement, this.constraint(statement.condition), statement.label);
  }

  private addAt(at: Position, constraint: Constraint, name?: string): void {
    this.model.add(constraint, name);
    this.places.set(constraint, placeOf(at));
  }

  private constraint(node: Syntax): Constraint {
    switch (node.type) {
      case "and":
        return new And(node.parts.map((part) => this.constraint(part)));
      case "or":
        return new Or(node.parts.map((part) => this.constraint(part)));
      case "implication": {
        const conditions = node.conditions.map((condition) => this.constraint(condition));
        const consequence = this.constraint(node.consequence);
        return this.located(node, () => new Or([...conditions.map(not), consequence]));
      }
      case "global":
        return this.located(node, () => globalOf(node.name, node.arguments, this));
      case "comparison":
        return this.comparison(node);
      case "objective":
        throw this.error(node, "expected a condition: an objective stands outside of brackets");
      default:
        throw this.error(node, "expected a condition, found a number");
    }
  }

  private comparison(node: ComparisonSyntax): Constraint {
    const lists = [...listsIn(node.left), ...listsIn(node.right)];
    const [only] = lists;
    if (only === undefined) return this.plainComparison(node, NO_CHOICE);
    if (lists.length === 1 && (node.left === only || node.right === only) && node.relation === "==") {
      return this.membership(node.left === only ? node.right : node.left, only);
    }
    const combinations = this.combinations(node, lists).map((choice) => this.plainComparison(node, choice));
    return node.relation === "!=" ? new And(combinations) : new Or(combinations);
  }

  /** member == list, where ranges need not be listed one by one. */
  private membership(member: Syntax, list: ListSyntax): Constraint {
    const expression = this.expression(member);
    const parts = list.items.map((item) => {
      if (item.high === undefined) return expression.eq(this.expression(item.low));
      return new And([expression.ge(this.expression(item.low)), expression.le(this.expression(item.high))]);
    });
    const [first] = parts;
    return first !== undefined && parts.length === 1 ? first : new Or(parts);
  }

  private combinations(node: Position, lists: readonly ListSyntax[]): Choice[] {
    let choices: Choice[] = [NO_CHOICE];
    for (const list of lists) {
      const values: IntExpr[] = [];
      for (const item of list.items) {
        if (item.high === undefined) {
          values.push(this.expression(item.low));
          continue;
        }
        const range = { low: this.constantValue(item.low), high: this.constantValue(item.high) };
        this.requireCombinations(node, range.high - range.low);
        values.push(...valuesOf(range).map(constant));
      }
      this.requireCombinations(node, choices.length * values.length);
      choices = choices.flatMap((choice) => values.map((value) => new Map([...choice, [list, value]])));
    }
    return choices;
  }

  private requireCombinations(node: Position, count: number): void {
    if (count <= MAX_COMBINATIONS) return;
    throw this.error(node, `expected lists with at most ${MAX_COMBINATIONS} combinations of values, found ${count}`);
  }

  private plainComparison(node: ComparisonSyntax, choice: Choice): Constraint {
    const { left, right, relation } = node;
    const [remainder, other] = left.type === "remainder" ? [left, right] : [right, left];
    if (relation === "==" && remainder.type === "remainder" && other.type === "integer" && other.value === 0) {
      return this.expression(remainder.divisor, choice).divides(this.expression(remainder.dividend, choice));
    }
    const a = this.expression(left, choice);
    const b = this.expression(right, choice);
    const build = { "==": a.eq, "!=": a.ne, "<=": a.le, "<": a.lt, ">=": a.ge, ">": a.gt }[relation];
    return build.call(a, b);
  }

  // ------------------------------------------------------------------------------------------ arguments of global constraints

  /** The items of an array, ranges written out. */
  items(node: Syntax): readonly Syntax[] {
    if (node.type !== "array") throw this.error(node, "expected an array in square brackets, found a number");
    const items: Syntax[] = [];
    for (const { low, high } of node.items) {
      if (high === undefined) {
        items.push(low);
        continue;
      }
      const range = { low: this.constantValue(low), high: this.constantValue(high) };
      const size = items.length + Math.max(0, range.high - range.low + 1);
      if (size > MAX_VALUES) throw this.error(low, `expected at most ${MAX_VALUES} items, found ${size}`);
      for (const value of valuesOf(range)) items.push({ ...placeOf(low), type: "integer", value });
    }
    return items;
  }

  /** The items of an array that has to have this many. */
  row(node: Syntax, length: number): readonly Syntax[] {
    const items = this.items(node);
    if (items.length !== length) throw this.error(node, `expected ${length} items, found ${items.length}`);
    return items;
  }

  // --------------------------------------------------------------------------------------------------------- expressions

  expression(node: Syntax, choice: Choice = NO_CHOICE): IntExpr {
    switch (node.type) {
      case "integer":
        return constant(node.value);
      case "name": {
        const variable = this.model.variable(node.name);
        if (variable === undefined) throw this.error(node, `expected a variable of the model, found ${node.name}`);
        return variable;
      }
      case "negation":
        return product([-1, this.expression(node.operand, choice)]);
      case "power":
        return this.expression(node.base, choice).pow(node.exponent);
      case "product":
        return this.productOf(node, choice);
      case "sum":
        return sum(
          node.terms.map(({ sign, term }) => {
            const expression = this.expression(term, choice);
            if (sign === 1) return expression;
            return expression.kind === "constant" ? constant(-expression.value) : product([-1, expression]);
          }),
        );
      case "call": {
        const operands = node.operands.map((operand) => this.expression(operand, choice));
        return CALLS[node.name](operands);
      }
      case "list": {
        const chosen = choice.get(node);
        if (chosen === undefined) throw this.error(node, "expected a number, found a list");
        return chosen;
      }
      case "array":
        throw this.error(node, "expected a number, found an array");
      case "remainder":
        return this.expression(node.dividend, choice).modulo(this.expression(node.divisor, choice));
      default:
        throw this.error(node, "expected a number, found a condition");
    }
  }

  /** Multiplies and divides from left to right; neighbouring factors become one product. */
  private productOf(node: Extract<Syntax, { readonly type: "product" }>, choice: Choice): IntExpr {
    let factors = [this.expression(node.first, choice)];
    const multiplied = (): IntExpr => (factors.length === 1 ? factors[0]! : product(factors));
    for (const { operator, operand } of node.rest) {
      const expression = this.expression(operand, choice);
      if (operator === "*") factors.push(expression);
      else factors = [multiplied().dividedBy(expression)];
    }
    return multiplied();
  }

  /** Gives errors of the model, such as overflow, a place in the text. */
  private located<T>(node: Position, build: () => T): T {
    try {
      return build();
    } catch (error) {
      if (error instanceof SolverError && error.code !== "syntax") throw this.error(node, error.message);
      throw error;
    }
  }

  private error(at: Position, problem: string): ConstrintSyntaxError {
    return syntaxError(this.text, at, problem);
  }
}

// ---------------------------------------------------------------------------------------------------------------- syntax

function flattenConjunction(node: Syntax): Syntax[] {
  return node.type === "and" ? node.parts.flatMap(flattenConjunction) : [node];
}

/** The names in the order of their first occurrence. */
function namesIn(nodes: readonly Syntax[]): string[] {
  const names = new Set<string>();
  const visit = (node: Syntax): void => {
    if (node.type === "name") names.add(node.name);
    else childrenOf(node).forEach(visit);
  };
  nodes.forEach(visit);
  return [...names];
}

function listsIn(node: Syntax): ListSyntax[] {
  return node.type === "list" ? [node] : childrenOf(node).flatMap(listsIn);
}

// ---------------------------------------------------------------------------------------------------------------- ranges

function valuesOf({ low, high }: Range): number[] {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** The same integers as disjoint ranges in ascending order, neighbours joined. */
function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.low - b.low)) {
    const last = merged.at(-1);
    if (last !== undefined && range.low <= last.high + 1) {
      merged[merged.length - 1] = { low: last.low, high: Math.max(last.high, range.high) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** The common integers of two merged lists. */
function intersectRanges(a: readonly Range[], b: readonly Range[]): Range[] {
  return a.flatMap((range) =>
    b
      .map(({ low, high }) => ({ low: Math.max(range.low, low), high: Math.min(range.high, high) }))
      .filter(({ low, high }) => low <= high),
  );
}
