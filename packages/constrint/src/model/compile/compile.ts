import { interval } from "../../domain/int-domain.js";
import { remainder } from "../../domain/integers.js";
import { Engine } from "../../engine/engine.js";
import { type Literal, LiteralKind } from "../../engine/literal.js";
import type { Propagator } from "../../engine/propagator.js";
import { Divides } from "../../propagators/arithmetic/divides.js";
import { Clause } from "../../propagators/logic/clause.js";
import { Contradiction } from "../../propagators/logic/contradiction.js";
import { negated } from "../../propagators/logic/literals.js";
import { Parity } from "../../propagators/logic/parity.js";
import type { Comparison, Constraint, Divides as DividesConstraint, Relation } from "../constraint.js";
import type { IntExpr, IntVar, Remainder } from "../expression.js";
import type { GlobalConstraint } from "../global/global-constraint.js";
import { not } from "../logic.js";
import { divisorsIn } from "../nodes-in.js";
import type { Arithmetic } from "../solve-options.js";
import { compileDisjunction, type DisjunctionContext, literalOf, type Place } from "./compile-disjunction.js";
import { ExpressionCompiler } from "./compile-expressions.js";
import { compileGlobal, type OperandVariables, type ShiftedVariable } from "./compile-global.js";
import { atMost, equalTo, notEqualTo } from "./compile-linear.js";
import { type Compiled, conjunction } from "./compiled.js";
import type { EqualVariables } from "./equal-variables.js";
import { keepFactorsOf } from "./factors-of-constant.js";

/** How to compile. @internal */
export interface CompileOptions {
  /** Where variables and propagators go: an engine without any. Default: a new one. */
  readonly engine?: Engine;
  /**
   * Whether a disjunction of several constraints that are more than a variable compared with a constant gets a variable for each,
   * with the values 0 and 1, that implies it: something to branch on and to learn about. Default: no, the disjunction is one
   * propagator.
   */
  readonly selectors?: boolean;
  /** How comparisons of expressions are translated; see `SolveOptions.arithmetic`. Default: with auxiliary variables. */
  readonly arithmetic?: Arithmetic | undefined;
  /** Variables that share a number because they are equal. Default: each has its own. */
  readonly equal?: ReadonlyMap<IntVar, EqualVariables>;
}

/**
 * Translates constraints to an engine's propagators, over the variables that their expressions become ({@link ExpressionCompiler}).
 *
 * @internal
 */
export class Compiler implements OperandVariables {
  readonly engine: Engine;
  /** The model's variables have numbers below this; the others are auxiliary. */
  readonly ownVariableCount: number;
  private readonly expressions: ExpressionCompiler;
  private readonly disjunctions: DisjunctionContext;

  /** Adds the model's variables to an engine without variables, in their order from number 0 on. Equal ones share a number. */
  constructor(
    variables: readonly IntVar[],
    { engine = new Engine(), selectors = false, arithmetic = "auxiliary", equal = new Map() }: CompileOptions = {},
  ) {
    this.engine = engine;
    this.disjunctions = { engine, selectors: selectors ? new Set() : undefined };
    this.expressions = new ExpressionCompiler(variables, engine, arithmetic, equal);
    this.ownVariableCount = engine.store.variableCount;
  }

  /**
   * The variables that only say which branch of a disjunction holds. The other variables need not determine them: where all those
   * are fixed, every constraint is decided.
   */
  get selectors(): ReadonlySet<number> {
    return this.disjunctions.selectors ?? NO_SELECTORS;
  }

  /** The number of a model's variable. */
  numberOf(variable: IntVar): number {
    return this.expressions.numberOf(variable);
  }

  /** Adds a constraint to the engine. */
  add(constraint: Constraint): void {
    const compiled = this.compileConstraint(constraint, "required");
    if (compiled === false) this.engine.post(new Contradiction());
    else for (const propagator of compiled) this.engine.post(propagator);
  }

  /** A variable that equals the expression. */
  variableFor(expression: IntExpr): number {
    return this.expressions.variableFor(expression);
  }

  /** A variable and a constant whose sum equals the expression: x + c needs no auxiliary variable. */
  shiftedVariableFor(expression: IntExpr): ShiftedVariable {
    return this.expressions.shiftedVariableFor(expression);
  }

  /** A variable to tell which of two orders holds, where the compile option asks for it. */
  newSelector(): number | undefined {
    const { engine, selectors } = this.disjunctions;
    if (selectors === undefined) return undefined;
    const selector = engine.addVariable(interval(0, 1));
    selectors.add(selector);
    return selector;
  }

  /** Requires that the expression divides by nothing that is 0. */
  requireDefined(expression: IntExpr): void {
    const compiled = this.definedness(expression);
    if (compiled === false) this.engine.post(new Contradiction());
    else for (const propagator of compiled) this.engine.post(propagator);
  }

  private compileConstraint(constraint: Constraint, place: Place): Compiled {
    switch (constraint.kind) {
      case "comparison":
      case "divides":
        return this.compileRelation(constraint, place);
      case "and":
        return conjunction(constraint.constraints.map((part) => this.compileConstraint(part, place)));
      case "or":
        return compileDisjunction(
          flattenDisjunction(constraint).map((part) => this.compileConstraint(part, "nested")),
          this.disjunctions,
          place,
        );
      case "xor":
        return this.compileParity(constraint.constraints);
      default:
        return this.compileGlobalConstraint(constraint);
    }
  }

  /** An odd number of constraints hold. */
  private compileParity(constraints: readonly Constraint[]): Compiled {
    let isEven = false; // whether an even number of the open ones must hold
    const odd = new Set<number>(); // a variable that occurs twice adds nothing
    for (const part of constraints) {
      const truth = this.truthOf(part);
      if (typeof truth === "boolean") {
        if (truth) isEven = !isEven;
        continue;
      }
      if (truth.kind === LiteralKind.atMost) isEven = !isEven; // 1 − x
      if (!odd.delete(truth.variable)) odd.add(truth.variable);
    }
    if (odd.size === 0) return isEven ? [] : false;
    return [new Parity([...odd], isEven ? 0 : 1)];
  }

  /** A constraint as a literal x ≥ 1 or x ≤ 0 of a variable with the values 0 and 1, if need be a new one. */
  private truthOf(constraint: Constraint): Literal | boolean {
    const { store } = this.engine;
    const compiled = this.compileConstraint(constraint, "nested");
    if (compiled === false || compiled.length === 0) return compiled !== false;
    const literal = literalOf(compiled, store);
    if (literal !== undefined && store.min(literal.variable) === 0 && store.max(literal.variable) === 1) return literal;
    const variable = this.engine.addVariable(interval(0, 1));
    const isTrue: Literal = { kind: LiteralKind.atLeast, variable, value: 1 };
    const isFalse = negated(isTrue);
    const opposite = this.compileConstraint(not(constraint), "nested");
    const definition = [
      compileDisjunction([[new Clause([isFalse])], compiled], this.disjunctions, "nested"),
      compileDisjunction([[new Clause([isTrue])], opposite], this.disjunctions, "nested"),
    ];
    for (const propagator of conjunction(definition) || []) this.engine.post(propagator);
    return isTrue;
  }

  /** That no divisor in the expression is 0. */
  private definedness(expression: IntExpr): Compiled {
    // The graph divides by nothing that may be 0.
    if (this.expressions.graph?.has(expression)) return [];
    const parts: Propagator[] = [];
    for (const divisor of divisorsIn(expression)) {
      const part = notEqualTo(this.expressions.linearForm(divisor));
      if (part === false) return false;
      parts.push(...part);
    }
    return parts;
  }

  private compileRelation(constraint: Comparison | DividesConstraint, place: Place): Compiled {
    const [left, right] =
      constraint.kind === "comparison"
        ? [constraint.left, constraint.right]
        : [constraint.divisor, constraint.dividend];
    const parts = [this.definedness(left), this.definedness(right)];
    // Where a divisor is always 0, the constraint is false, and its quotient need not be defined.
    if (parts.includes(false)) return false;
    if (
      constraint.kind === "comparison" &&
      place === "required" &&
      this.expressions.graph?.require(constraint.relation, left, right)
    ) {
      return conjunction(parts);
    }
    if (constraint.kind === "comparison" && constraint.relation === "==" && place === "required") {
      if (!this.expressions.defineAs(left, right)) this.expressions.defineAs(right, left);
    }
    parts.push(
      constraint.kind === "comparison"
        ? this.compileComparison(constraint.relation, left, right, place)
        : this.compileDivides(left, right, place),
    );
    return conjunction(parts);
  }

  private compileGlobalConstraint(constraint: GlobalConstraint): Compiled {
    const definedness = conjunction(constraint.operands.map((operand) => this.definedness(operand)));
    return definedness === false ? false : conjunction([definedness, compileGlobal(constraint, this)]);
  }

  private compileComparison(relation: Relation, left: IntExpr, right: IntExpr, place: Place): Compiled {
    if (relation === "==") {
      // A remainder 0 is divisibility, by a divisor that is not 0: no quotient is needed to say it.
      const division = divisionWithoutRemainder(left, right);
      if (division !== undefined) return this.compileDivides(division.divisor, division.dividend, place);
    }
    const difference = this.expressions.linearForm(left).plus(this.expressions.linearForm(right), -1);
    switch (relation) {
      case "==":
        return equalTo(difference);
      case "!=":
        return notEqualTo(difference);
      case "<=":
        return atMost(difference, 0);
      case "<":
        return atMost(difference, -1);
      case ">=":
        return atMost(difference.scaled(-1), 0);
      case ">":
        return atMost(difference.scaled(-1), -1);
    }
  }

  private compileDivides(divisor: IntExpr, dividend: IntExpr, place: Place): Compiled {
    const dividendForm = this.expressions.linearForm(dividend);
    if (
      this.expressions.graph !== undefined &&
      place === "required" &&
      dividendForm.isConstant &&
      dividendForm.constant !== 0
    ) {
      const { store } = this.engine;
      if (!keepFactorsOf(store, (variable) => this.expressions.numberOf(variable), divisor, dividendForm.constant))
        return false;
    }
    const divisorForm = this.expressions.linearForm(divisor);
    if (divisorForm.isConstant && dividendForm.isConstant) {
      const d = divisorForm.constant;
      const n = dividendForm.constant;
      return (d === 0 ? n === 0 : remainder(n, d) === 0) ? [] : false;
    }
    return [new Divides(this.expressions.variableOf(divisorForm), this.expressions.variableOf(dividendForm))];
  }
}

const NO_SELECTORS: ReadonlySet<number> = new Set();

/** The remainder that one of the sides is, the other one being 0. */
function divisionWithoutRemainder(left: IntExpr, right: IntExpr): Remainder | undefined {
  const [zero, other] = left.kind === "constant" ? [left, right] : [right, left];
  return zero.kind === "constant" && zero.value === 0 && other.kind === "remainder" ? other : undefined;
}

/** The parts of a disjunction, without disjunctions among them. */
function flattenDisjunction(constraint: Constraint): readonly Constraint[] {
  return constraint.kind === "or" ? constraint.constraints.flatMap(flattenDisjunction) : [constraint];
}
