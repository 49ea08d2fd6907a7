import { isExact, MAX_INTEGER } from "../domain/integers.js";
import { SolverError } from "../error.js";
import type { Position } from "../language/syntax-error.js";
import { type Constraint, or } from "../model/constraint.js";
import type { IntExpr, IntVar } from "../model/expression.js";
import type { AllDifferentConsistency } from "../model/global/all-different.js";
import { Model } from "../model/model.js";
import type { Solution } from "../model/results.js";
import type { RestartOptions } from "../search/restarts.js";
import { ArgumentMismatch } from "./builtins/builtin.js";
import { findBuiltin } from "./builtins/table.js";
import { type IntSet, intSet } from "./int-set.js";
import { formatSolution, type OutputItem, outputOf } from "./output.js";
import { varInt } from "./parameter.js";
import { parseFlatZinc } from "./parser.js";
import { PlaceCounter } from "./place-counter.js";
import { restartsOf, type SearchPhase, searchPhases } from "./search-annotation.js";
import { type Shift, shiftsOf } from "./shift.js";
import type { Annotation, ConstraintItem, Declaration, Expression, FlatZincSyntax, SolveItem } from "./syntax.js";
import { describeValue, Scope, type Value } from "./value.js";

/** What a FlatZinc text asks: a model and what to do with it. */
export interface FlatZincProblem {
  /**
   * The variables under their names in the text, booleans as 0 and 1, except those that only name another one plus a constant; and the constraints, under the names that annotations
   * `mzn_constraint_name` give them.
   */
  readonly model: Model;
  /** What to make as small or as large as possible; undefined for `solve satisfy`. */
  readonly goal: { readonly sense: "minimize" | "maximize"; readonly expression: IntExpr } | undefined;
  /** How the text's search annotations want the variables decided. */
  readonly phases: readonly SearchPhase[];
  /** When the text's annotations want the search to begin again. */
  readonly restarts: RestartOptions | undefined;
  /**
   * How to decide what no annotation mentions: the variables of the model first, then those that its translation introduced, by
   * weighted degree and from the smallest value on.
   */
  readonly remaining: readonly SearchPhase[];
  /** Where the text says each of the model's constraints: the constraint item, or the declaration that implies it. */
  readonly places: ReadonlyMap<Constraint, Position>;
  /** The lines `name = value;` for what the text wants to see of a solution. */
  format(solution: Solution): string;
  /** The same from the values of the variables one by one. @internal */
  formatValues(valueIn: (variable: IntVar) => number): string;
}

/**
 * Reads a FlatZinc text: integers, booleans, their arrays, and fixed sets of integers. An integer variable without bounds has
 * the bounds ±(2^53 − 1).
 *
 * @throws FlatZincError for a text that does not follow the grammar, float and set variables, and unknown constraints.
 */
export function readFlatZinc(text: string): FlatZincProblem {
  return new Reader(parseFlatZinc(text)).problem();
}

/** Declares the names of a text in a scope and builds the model. */
class Reader {
  private readonly model = new Model();
  private readonly scope: Scope;
  private readonly outputs: OutputItem[] = [];
  /** Variables that are others plus a constant. */
  private shifts: ReadonlyMap<string, Shift> = new Map();
  /** Variables that the translation to FlatZinc introduced or that a constraint defines. */
  private readonly introduced = new Set<IntVar>();
  private readonly places = new Map<Constraint, Position>();
  private readonly placeCounter: PlaceCounter;

  constructor(private readonly syntax: FlatZincSyntax) {
    this.scope = new Scope(syntax.text);
    this.placeCounter = new PlaceCounter(syntax.text);
  }

  problem(): FlatZincProblem {
    const { declarations, constraints, solve } = this.syntax;
    this.shifts = shiftsOf(declarations, constraints);
    for (const declaration of declarations) this.declare(declaration);
    for (const item of constraints) this.constrain(item);
    const goal = this.goalOf(solve);
    const phases = searchPhases(solve.annotations, this.scope);
    const restarts = restartsOf(solve.annotations, this.scope);
    const { model, outputs, places, introduced } = this;
    const named = model.variables.filter((variable) => !introduced.has(variable));
    return Object.freeze({
      model,
      goal,
      phases: Object.freeze(phases),
      restarts,
      remaining: Object.freeze([named, [...introduced]].map((variables) => ({ variables, ...DEFAULT_CHOICES }))),
      places,
      format: (solution: Solution) => formatSolution(outputs, ({ name }) => solution[name]!),
      formatValues: (valueIn: (variable: IntVar) => number) => formatSolution(outputs, valueIn),
    });
  }

  // -------------------------------------------------------------------------------------------------------- declarations

  private declare(declaration: Declaration): void {
    const { name, offset, isVariable, type, size } = declaration;
    if (isVariable && (type.base === "float" || type.base === "set")) {
      throw this.scope.error(type.offset, `${type.base} variables are not supported: ${name}`);
    }
    const isSingle = isVariable && size === undefined;
    const value = isSingle ? (this.shifted(declaration) ?? this.variable(declaration)) : this.given(declaration);
    this.scope.declare(name, value, offset);
    const output = outputOf(declaration, value, this.scope);
    if (output !== undefined) this.outputs.push(output);
  }

  /** A variable that is another one plus a constant, as that expression and with the variable's bounds as constraints. */
  private shifted({ name, type, value, offset }: Declaration): Value | undefined {
    const shift = this.shifts.get(name);
    // A variable that is declared later, or is a shifted one itself, is not to be had.
    const base = shift === undefined ? undefined : this.model.variable(shift.base);
    if (shift === undefined || base === undefined || value !== undefined || type.base !== "int") return undefined;
    const [low, high] = type.domain?.type === "range" ? [type.domain.low, type.domain.high] : [-Infinity, Infinity];
    const [least, most] = [base.domain.min + shift.by, base.domain.max + shift.by];
    if (type.domain?.type === "set" || !isExact(least) || !isExact(most)) return undefined;
    const expression = base.plus(shift.by);
    if (least < low) this.add(expression.ge(low), offset, `declaration of ${name}`);
    if (most > high) this.add(expression.le(high), offset, `declaration of ${name}`);
    return { kind: "int", expression };
  }

  private variable({ name, type, value: given, offset, annotations }: Declaration): Value {
    const isBool = type.base === "bool";
    const domain: IntSet = isBool ? [[0, 1]] : type.domain === undefined ? ALL_INTEGERS : intSet(type.domain);
    let variable: IntVar;
    if (this.model.variable(name) !== undefined) {
      throw this.scope.error(offset, `expected a new name, found ${name}, which exists already`);
    }
    const [first] = domain;
    if (first === undefined) {
      // A variable without values is legal and makes the problem unsatisfiable.
      variable = this.model.int(name, 0, 0);
      this.add(or(), offset, `declaration of ${name}`);
    } else if (domain.length === 1) {
      variable = this.model.int(name, first[0], first[1]);
    } else {
      variable = this.model.int(name, type.domain?.type === "set" ? type.domain.values : []);
    }
    if (annotations.some((annotation) => INTRODUCED.has(annotation.name))) this.introduced.add(variable);
    const value: Value = { kind: isBool ? "bool" : "int", expression: variable };
    if (given !== undefined) {
      const equal = this.scope.evaluate(given);
      if (equal.kind !== value.kind) throw this.mismatch(given, isBool ? "a boolean" : "an integer", equal);
      this.add(variable.eq(equal.expression), offset, `declaration of ${name}`);
    }
    return value;
  }

  /** A parameter or an array. */
  private given({ name, isVariable, type, size, value: expression, offset }: Declaration): Value {
    if (expression === undefined) throw this.scope.error(offset, `expected a value for ${name}`);
    const value = this.scope.evaluate(expression);
    if (size === undefined) {
      this.requireType(value, expression, type.base, isVariable);
      return value;
    }
    if (value.kind !== "array") throw this.mismatch(expression, `an array of ${size} elements`, value);
    if (value.elements.length !== size) throw this.mismatch(expression, `an array of ${size} elements`, value);
    const parts = expression.type === "array" ? expression.elements : [];
    value.elements.forEach((element, i) => {
      this.requireType(element, parts[i] ?? expression, type.base, isVariable);
    });
    return value;
  }

  private requireType(value: Value, expression: Expression, base: string, isVariable: boolean): void {
    const isFixed = value.kind === "int" || value.kind === "bool" ? value.expression.kind === "constant" : true;
    if (value.kind === base && (isVariable || isFixed)) return;
    const expected = { bool: "a boolean", int: "an integer", set: "a set of integers", float: "a float" }[base];
    throw this.mismatch(expression, `${expected}${isVariable ? "" : " that is fixed"}`, value);
  }

  // --------------------------------------------------------------------------------------------------------- constraints

  private constrain(item: ConstraintItem): void {
    const { name, arguments: args, offset } = item;
    const builtin = findBuiltin(name, args.length);
    if (builtin === undefined) throw this.scope.error(offset, `constraint ${name} is not supported`);
    const { parameters } = builtin;
    if (parameters.length !== args.length) {
      throw this.scope.error(offset, `expected ${name} with ${parameters.length} arguments, found ${args.length}`);
    }
    const values = args.map((argument, i) => {
      const value = this.scope.evaluate(argument);
      const read = parameters[i]!.read(value);
      if (read === undefined) throw this.mismatch(argument, parameters[i]!.expected, value);
      return read;
    });
    try {
      this.add(builtin.constrain(values, consistencyOf(item.annotations)), offset, constraintName(item.annotations));
    } catch (error) {
      if (!(error instanceof ArgumentMismatch || error instanceof SolverError)) throw error;
      const problem = error instanceof ArgumentMismatch ? `expected ${error.message}` : error.message;
      throw this.scope.error(offset, `${name}: ${problem}`);
    }
  }

  private add(constraint: Constraint, offset: number, name?: string): void {
    this.model.add(constraint, name);
    this.places.set(constraint, this.placeCounter.placeOf(offset));
  }

  private goalOf({ goal, objective }: SolveItem): FlatZincProblem["goal"] {
    if (goal === "satisfy" || objective === undefined) return undefined;
    const value = this.scope.evaluate(objective);
    const expression = varInt.read(value);
    if (expression === undefined) throw this.mismatch(objective, varInt.expected, value);
    return Object.freeze({ sense: goal, expression });
  }

  private mismatch({ offset }: Expression, expected: string, found: Value): Error {
    return this.scope.error(offset, `expected ${expected}, found ${describeValue(found)}`);
  }
}

/** What a constraint's annotation asks of its propagation, under its names in MiniZinc's library, old and new. */
function consistencyOf(annotations: readonly Annotation[]): AllDifferentConsistency | undefined {
  for (const { name } of annotations) {
    if (name === "domain" || name === "domain_propagation") return "domain";
    if (name === "bounds" || name === "bounds_propagation") return "bounds";
    if (name === "value_propagation") return "value";
  }
  return undefined;
}

/** The annotations of variables that follow from others. */
const INTRODUCED = new Set(["var_is_introduced", "is_defined_var"]);

/** How variables without a search annotation are decided. */
const DEFAULT_CHOICES = { variableChoice: "dom_w_deg", valueChoice: "indomain_min" };

const ALL_INTEGERS: IntSet = [[-MAX_INTEGER, MAX_INTEGER]];

/** The name that the model gave a constraint: `:: mzn_constraint_name("name")`. */
function constraintName(annotations: readonly Annotation[]): string | undefined {
  for (const annotation of annotations) {
    const [text] = annotation.type === "call" ? annotation.arguments : [];
    if (annotation.name === "mzn_constraint_name" && text?.type === "string") {
      return text.word.slice(1, -1).replaceAll(/\\(.)/g, "$1");
    }
  }
  return undefined;
}
