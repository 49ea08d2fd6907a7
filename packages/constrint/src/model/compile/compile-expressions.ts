import { interval } from "../../domain/int-domain.js";
import { isExact, power } from "../../domain/integers.js";
import type { Engine } from "../../engine/engine.js";
import type { Propagator } from "../../engine/propagator.js";
import { SolverError } from "../../error.js";
import { Absolute } from "../../propagators/arithmetic/absolute.js";
import { Division, type Rounding } from "../../propagators/arithmetic/division.js";
import { LinearEqual } from "../../propagators/arithmetic/linear-equal.js";
import { Maximum } from "../../propagators/arithmetic/maximum.js";
import { Minimum } from "../../propagators/arithmetic/minimum.js";
import { Power } from "../../propagators/arithmetic/power.js";
import { Product } from "../../propagators/arithmetic/product.js";
import type { IntExpr, IntVar } from "../expression.js";
import { variablesIn } from "../nodes-in.js";
import type { Arithmetic } from "../solve-options.js";
import type { ShiftedVariable } from "./compile-global.js";
import { equalTo } from "./compile-linear.js";
import type { EqualVariables } from "./equal-variables.js";
import { ExpressionGraphCompiler } from "./expression-graph.js";
import { LinearForm } from "./linear-form.js";
import { isFlat, termsOf } from "./sum-terms.js";

/** The kinds of expressions that are linear forms of their parts. */
const NEEDS_NO_VARIABLE: ReadonlySet<IntExpr["kind"]> = new Set(["constant", "variable", "sum"]);

/**
 * Translates expressions to an engine's variables and the propagators that define them.
 *
 * Every expression becomes a linear form over variables; what is not linear (products, powers, largest and smallest) gets an
 * auxiliary variable and one propagator that defines it. Equal subexpressions share the variable, and a product contained in
 * another one serves as its factor. Definitions hold for all values of their operands, so they are posted once and for all
 * even where the constraint that needs them is only one branch of a disjunction.
 *
 * @internal
 */
export class ExpressionCompiler {
  private readonly numbers = new Map<IntVar, number>();
  /** Auxiliary variables by what defines them. */
  private readonly definitions = new Map<string, number>();
  /** The products so far: distinct factors in ascending order, and the variable. */
  private readonly products: { readonly factors: readonly number[]; readonly result: number }[] = [];
  private readonly divisions = new Map<string, { readonly quotient: number; readonly remainder: number }>();
  private readonly forms = new Map<IntExpr, LinearForm>();
  /** Where comparisons are propagated as a graph of expressions: what compiles it. */
  readonly graph: ExpressionGraphCompiler | undefined;

  /** Adds the model's variables to an engine without variables, in their order from number 0 on. Equal ones share a number. */
  constructor(
    variables: readonly IntVar[],
    private readonly engine: Engine,
    arithmetic: Arithmetic,
    equal: ReadonlyMap<IntVar, EqualVariables>,
  ) {
    for (const variable of variables) {
      const group = equal.get(variable);
      const known = group && this.numbers.get(group.first);
      // The group's first variable may not be the first one declared.
      const number = known ?? engine.addVariable(group?.domain ?? variable.domain);
      if (group !== undefined) this.numbers.set(group.first, number);
      this.numbers.set(variable, number);
    }
    if (arithmetic === "graph") this.graph = new ExpressionGraphCompiler(engine, (variable) => this.numberOf(variable));
  }

  /** The number of a model's variable. */
  numberOf(variable: IntVar): number {
    const number = this.numbers.get(variable);
    if (number === undefined) {
      throw new SolverError("unknown-variable", `variable ${variable.name}: does not belong to this model`);
    }
    return number;
  }

  /** A variable that equals the expression. */
  variableFor(expression: IntExpr): number {
    return this.graph?.variableFor(expression) ?? this.variableOf(this.linearForm(expression));
  }

  /** A variable and a constant whose sum equals the expression: x + c needs no auxiliary variable. */
  shiftedVariableFor(expression: IntExpr): ShiftedVariable {
    const form = this.linearForm(expression);
    const [term, ...others] = form.terms;
    if (term?.[1] === 1 && others.length === 0) {
      const variable = term[0];
      const { store } = this.engine;
      const fits = isExact(store.min(variable) + form.constant) && isExact(store.max(variable) + form.constant);
      if (fits) return { variable, shift: form.constant };
    }
    return { variable: this.variableOf(form), shift: 0 };
  }

  /** The expression as a linear form over variables. */
  linearForm(expression: IntExpr): LinearForm {
    let form = this.forms.get(expression);
    if (form === undefined) {
      form = this.buildLinearForm(expression);
      this.forms.set(expression, form);
    }
    return form;
  }

  /** @param target a variable to define where the expression is a function that needs one, in place of a new one */
  private buildLinearForm(expression: IntExpr, target?: number): LinearForm {
    if (this.graph !== undefined && target === undefined && !NEEDS_NO_VARIABLE.has(expression.kind)) {
      const variable = this.graph.variableFor(expression);
      if (variable !== undefined) return LinearForm.variable(variable);
    }
    switch (expression.kind) {
      case "constant":
        return LinearForm.constant(expression.value);
      case "variable":
        return LinearForm.variable(this.numberOf(expression));
      case "sum":
        if (isFlat(expression)) return LinearForm.sum(expression.terms.map((term) => this.linearForm(term)));
        return LinearForm.sum([...termsOf(expression)].map(([term, count]) => this.timesCount(term, count)));
      case "product":
        return this.productForm(expression.factors, target);
      case "power":
        return this.powerForm(expression.base, expression.exponent, target);
      case "abs":
        return this.absoluteForm(expression.operand, target);
      case "quotient":
      case "remainder": {
        const { kind, dividend, divisor, rounding } = expression;
        return LinearForm.variable(this.division(dividend, divisor, rounding, { [kind]: target })[kind]);
      }
      case "max":
        return LinearForm.variable(this.extremum("max", expression.operands, target));
      case "min":
        return LinearForm.variable(this.extremum("min", expression.operands, target));
    }
  }

  private timesCount(term: IntExpr, count: bigint): LinearForm {
    const form = this.linearForm(term);
    return count === 1n ? form : form.scaled(Number(count));
  }

  private productForm(factors: readonly IntExpr[], target?: number): LinearForm {
    return this.distributed(factors) ?? this.productOfVariables(factors, target);
  }

  /** A constant times one expression, which stays linear and needs no variable; undefined for other products. */
  private distributed(factors: readonly IntExpr[]): LinearForm | undefined {
    let coefficient = LinearForm.constant(1);
    let other: IntExpr | undefined;
    for (const factor of factors) {
      if (factor.kind === "constant") coefficient = coefficient.scaled(factor.value);
      else if (other === undefined) other = factor;
      else return undefined;
    }
    if (other === undefined) return undefined;
    const form = this.linearForm(other);
    return form.canBeScaled(coefficient.constant) ? form.scaled(coefficient.constant) : undefined;
  }

  private productOfVariables(factors: readonly IntExpr[], target?: number): LinearForm {
    let coefficient = LinearForm.constant(1);
    const exponents = new Map<number, number>();
    const multiply = (expressions: readonly IntExpr[], times: number): void => {
      for (const factor of expressions) {
        if (factor.kind === "product") {
          multiply(factor.factors, times);
        } else if (factor.kind === "power" && factor.exponent > 0) {
          multiply([factor.base], times * factor.exponent);
        } else {
          const form = this.linearForm(factor);
          const content = form.isConstant ? form.constant : form.content();
          for (let i = 0; i < times; i++) coefficient = coefficient.scaled(content);
          if (form.isConstant) continue;
          const variable = this.variableOf(form.dividedBy(content));
          exponents.set(variable, (exponents.get(variable) ?? 0) + times);
        }
      }
    };
    multiply(factors, 1);
    if (coefficient.constant === 0 || exponents.size === 0) return coefficient;
    const result = coefficient.constant === 1 ? target : undefined;
    const [[base, exponent], ...others] = [...exponents] as [[number, number], ...[number, number][]];
    const only = others.length === 0 ? result : undefined;
    const powers = [this.powerVariable(base, exponent, only), ...others.map(([x, e]) => this.powerVariable(x, e))];
    return LinearForm.variable(this.productVariable(powers, result)).scaled(coefficient.constant);
  }

  private powerForm(base: IntExpr, exponent: number, target?: number): LinearForm {
    if (exponent === 0) return LinearForm.constant(1);
    const form = this.linearForm(base);
    if (form.isConstant) return LinearForm.constant(power(form.constant, exponent));
    const content = form.content();
    const scale = power(content, exponent);
    const operand = this.variableOf(form.dividedBy(content));
    const variable = this.powerVariable(operand, exponent, scale === 1 ? target : undefined);
    return LinearForm.variable(variable).scaled(scale);
  }

  private powerVariable(base: number, exponent: number, target?: number): number {
    if (exponent === 1) return base;
    return this.define(`${base}^${exponent}`, (result) => new Power(base, exponent, result), target);
  }

  /** The variable for a product of distinct variables. */
  private productVariable(factors: readonly number[], target?: number): number {
    let open = [...factors].sort((x, y) => x - y);
    const key = open.join("*");
    const known = this.definitions.get(key);
    if (known !== undefined || open.length === 1) return known ?? open[0]!;
    const operands: number[] = [];
    for (;;) {
      const part = this.largestProductWithin(open);
      if (part === undefined) break;
      operands.push(part.result);
      open = open.filter((factor) => !part.factors.includes(factor));
    }
    operands.push(...open);
    const result = this.define(key, (variable) => new Product(operands, variable), target);
    this.products.push({ factors: [...factors].sort((x, y) => x - y), result });
    return result;
  }

  private largestProductWithin(factors: readonly number[]): { factors: readonly number[]; result: number } | undefined {
    let best: { readonly factors: readonly number[]; readonly result: number } | undefined;
    for (const product of this.products) {
      if (product.factors.length > (best?.factors.length ?? 0) && product.factors.every((x) => factors.includes(x))) {
        best = product;
      }
    }
    return best;
  }

  private absoluteForm(operand: IntExpr, target?: number): LinearForm {
    const form = this.linearForm(operand);
    if (form.isConstant) return LinearForm.constant(Math.abs(form.constant));
    const variable = this.variableOf(form);
    return LinearForm.variable(this.define(`|${variable}|`, (result) => new Absolute(variable, result), target));
  }

  /** Quotient and remainder: dividend = quotient · divisor + remainder, and what {@link Division} says of their sizes. */
  private division(
    dividend: IntExpr,
    divisor: IntExpr,
    rounding: Rounding,
    targets: { readonly quotient?: number | undefined; readonly remainder?: number | undefined },
  ): { quotient: number; remainder: number } {
    const n = this.variableFor(dividend);
    const d = this.variableFor(divisor);
    const key = `${n}/${d} ${rounding}`;
    const known = this.divisions.get(key);
    if (known !== undefined) return known;
    const quotient = targets.quotient ?? this.engine.addUnbounded();
    const remainder = targets.remainder ?? this.engine.addUnbounded();
    this.divisions.set(key, { quotient, remainder });
    this.engine.post(new Division(n, d, quotient, remainder, rounding));
    const divisorForm = this.linearForm(divisor);
    const multiple = divisorForm.isConstant
      ? LinearForm.variable(quotient).scaled(divisorForm.constant)
      : LinearForm.variable(this.productVariable([quotient, d]));
    const identity = equalTo(this.linearForm(dividend).plus(multiple, -1).plus(LinearForm.variable(remainder), -1));
    for (const propagator of identity === false ? [] : identity) this.engine.post(propagator);
    return { quotient, remainder };
  }

  private extremum(kind: "max" | "min", operands: readonly IntExpr[], target?: number): number {
    const variables = [...new Set(operands.map((operand) => this.variableFor(operand)))].sort((x, y) => x - y);
    if (variables.length === 1) return variables[0]!;
    return this.define(
      `${kind}(${variables.join()})`,
      (result) => (kind === "max" ? new Maximum(variables, result) : new Minimum(variables, result)),
      target,
    );
  }

  /** A variable that equals the form. */
  variableOf(form: LinearForm): number {
    const terms = form.sortedTerms();
    const [only, ...others] = terms;
    if (only === undefined) {
      const key = `constant ${form.constant}`;
      const known = this.definitions.get(key);
      if (known !== undefined) return known;
      const variable = this.engine.addVariable(interval(form.constant, form.constant));
      this.definitions.set(key, variable);
      return variable;
    }
    if (others.length === 0 && only[1] === 1 && form.constant === 0) return only[0];
    const key = `${form.constant}+${terms.map(([x, a]) => `${a}*${x}`).join("+")}`;
    return this.define(key, (result) => {
      const variables = terms.map(([x]) => x);
      const coefficients = terms.map(([, a]) => a);
      return new LinearEqual([...variables, result], [...coefficients, -1], -form.constant + 0);
    });
  }

  /** The variable that the propagator defines: the one so far, or else the target, or a new one. */
  private define(key: string, propagatorFor: (result: number) => Propagator, target?: number): number {
    const known = this.definitions.get(key);
    if (known !== undefined) return known;
    const result = target ?? this.engine.addUnbounded();
    this.definitions.set(key, result);
    this.engine.post(propagatorFor(result));
    return result;
  }

  /** Lets a function have a variable for its value, if it has none yet: of f(x) = y, which must hold, f(x) then is y. */
  defineAs(expression: IntExpr, variable: IntExpr): boolean {
    if (NEEDS_NO_VARIABLE.has(expression.kind) || this.forms.has(expression)) return false;
    const [term, ...others] = this.linearForm(variable).terms;
    if (term?.[1] !== 1 || others.length > 0 || this.linearForm(variable).constant !== 0) return false;
    if (variablesIn(expression).some((operand) => this.numberOf(operand) === term[0])) return false;
    this.forms.set(expression, this.buildLinearForm(expression, term[0]));
    return true;
  }
}
