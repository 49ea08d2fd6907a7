import { SolverError } from "../error.js";
import { and, type Comparison, type Constraint, or } from "../model/constraint.js";
import type { IntExpr, IntVar } from "../model/expression.js";
import { not } from "../model/logic.js";
import { globalText } from "./global-printer.js";
import { isName } from "./lexer.js";
import type { Program } from "./program.js";

/** How strongly an operator binds; a weaker operand of a stronger operator gets brackets. */
const Binding = { and: 0, or: 1, remainder: 3, sum: 4, product: 5, sign: 6, power: 7, atom: 8 } as const;

/** Words that begin an objective. */
const OBJECTIVES = ["minimize", "maximize"];

/**
 * Writes a program as ConstrINT text, one statement a line, declarations first. `parseProgram` of it gives a model with the
 * same variables in the same order, the same solutions, and the named constraints under their names.
 */
export function formatProgram({ model, goal }: Pick<Program, "model" | "goal">): string {
  for (const { constraint } of model.constraints) requireText(constraint);
  const statements = [
    ...model.variables.map(formatDeclaration),
    ...model.constraints.map(({ constraint, name }) =>
      name === undefined
        ? formatConstraint(constraint)
        : `${nameText(name)}: ${constraintText(constraint, Binding.or)}`,
    ),
  ];
  if (goal !== undefined) statements.push(`${goal.sense} (${formatExpression(goal.expression)})`);
  return statements.map((statement) => `${statement};\n`).join("");
}

/** A constraint of the user's own is a function, which has no text that could be read back. */
function requireText(constraint: Constraint): void {
  if (constraint.kind === "custom") {
    throw new SolverError(
      "invalid-expression",
      `custom constraint ${constraint.definition.name}: has no text in the ConstrINT language`,
    );
  }
  if (constraint.kind === "and" || constraint.kind === "or") constraint.constraints.forEach(requireText);
}

/** Writes a constraint as ConstrINT text. */
export function formatConstraint(constraint: Constraint): string {
  return constraintText(constraint, Binding.and);
}

/** Writes an expression as ConstrINT text. */
export function formatExpression(expression: IntExpr): string {
  return expressionText(expression, Binding.remainder);
}

/** Writes the declaration of a variable as ConstrINT text. @internal */
export function formatDeclaration(variable: IntVar): string {
  const { min, max, values } = variable.domain;
  const name = nameText(variable.name);
  if (values !== undefined) return `${name} == [${values.join(", ")}]`;
  return min === max ? `${name} == ${min}` : `${name} == [${min}..${max}]`;
}

function constraintText(constraint: Constraint, binding: number): string {
  switch (constraint.kind) {
    case "comparison": {
      const text = `${formatExpression(constraint.left)} ${constraint.relation} ${formatExpression(constraint.right)}`;
      const divisor = divisorOfZeroRemainder(constraint);
      if (divisor === undefined) return text;
      // The language reads this as "divides", which unlike a remainder is defined for 0.
      const defined = `${text}; ${formatExpression(divisor)} != 0`;
      return binding > Binding.and ? `(${defined})` : defined;
    }
    case "divides":
      return `${sumOperand(constraint.dividend)} % ${sumOperand(constraint.divisor)} == 0`;
    case "and":
      return joined(constraint.constraints, "; ", Binding.and, binding, "0 == 0");
    case "or":
      return joined(constraint.constraints, " | ", Binding.or, binding, "0 == 1");
    case "xor":
      return constraintText(spelledOut(constraint.constraints), binding);
    default:
      return globalText(constraint, formatExpression);
  }
}

/** An odd number of constraints hold, in words that the language has: the first without the others', or they without it. */
function spelledOut([first, ...others]: readonly Constraint[]): Constraint {
  if (first === undefined) return or();
  if (others.length === 0) return first;
  const rest = spelledOut(others);
  return or(and(first, not(rest)), and(not(first), rest));
}

function joined(
  constraints: readonly Constraint[],
  separator: string,
  own: number,
  binding: number,
  whenEmpty: string,
): string {
  const [first, ...others] = constraints;
  if (first === undefined) return whenEmpty;
  if (others.length === 0) return constraintText(first, binding);
  const text = constraints.map((part) => constraintText(part, own + 1)).join(separator);
  return own < binding ? `(${text})` : text;
}

function expressionText(expression: IntExpr, binding: number): string {
  switch (expression.kind) {
    case "constant":
      return expression.value < 0
        ? bracketed(String(expression.value), Binding.sign, binding)
        : String(expression.value);
    case "variable":
      return nameText(expression.name);
    case "sum":
      return sumText(expression.terms, binding);
    case "product": {
      const [first, ...others] = expression.factors;
      if (first === undefined) return "1";
      if (others.length === 0) return expressionText(first, binding);
      if (isMinusOne(first)) {
        const rest = others.map((factor) => expressionText(factor, Binding.sign)).join(" * ");
        return bracketed(`-${rest}`, others.length === 1 ? Binding.sign : Binding.product, binding);
      }
      // A sum that begins with a bracketed product stays readable: a * b, not (a) * (b).
      const text = expression.factors.map((factor) => expressionText(factor, Binding.sign)).join(" * ");
      return bracketed(text, Binding.product, binding);
    }
    case "power": {
      const text = `${expressionText(expression.base, Binding.atom)} ^ ${expression.exponent}`;
      return bracketed(text, Binding.power, binding);
    }
    case "quotient": {
      const { dividend, divisor, rounding } = expression;
      if (rounding === "euclid") return `div(${formatExpression(dividend)}, ${formatExpression(divisor)})`;
      const text = `${expressionText(dividend, Binding.product)} // ${expressionText(divisor, Binding.sign)}`;
      return bracketed(text, Binding.product, binding);
    }
    case "remainder": {
      const { dividend, divisor, rounding } = expression;
      if (rounding === "euclid") return `mod(${formatExpression(dividend)}, ${formatExpression(divisor)})`;
      return bracketed(`${sumOperand(dividend)} % ${sumOperand(divisor)}`, Binding.remainder, binding);
    }
    case "abs":
      return `abs(${formatExpression(expression.operand)})`;
    case "max":
    case "min":
      return `${expression.kind}(${expression.operands.map(formatExpression).join(", ")})`;
  }
}

function sumOperand(expression: IntExpr): string {
  return expressionText(expression, Binding.sum);
}

/** The divisor where a comparison says that a truncated remainder is 0. */
function divisorOfZeroRemainder({ relation, left, right }: Comparison): IntExpr | undefined {
  const [remainder, other] = left.kind === "remainder" ? [left, right] : [right, left];
  if (relation !== "==" || remainder.kind !== "remainder" || remainder.rounding === "euclid") return undefined;
  return other.kind === "constant" && other.value === 0 ? remainder.divisor : undefined;
}

function sumText(terms: readonly IntExpr[], binding: number): string {
  const [first, ...others] = terms;
  if (first === undefined) return "0";
  if (others.length === 0) return expressionText(first, binding);
  let text = expressionText(first, Binding.product);
  for (const term of others) {
    if (term.kind === "constant" && term.value < 0) {
      text += ` - ${-term.value}`;
    } else if (term.kind === "product" && term.factors.length === 2 && isMinusOne(term.factors[0]!)) {
      text += ` - ${expressionText(term.factors[1]!, Binding.product)}`;
    } else {
      text += ` + ${expressionText(term, Binding.product)}`;
    }
  }
  return bracketed(text, Binding.sum, binding);
}

function bracketed(text: string, own: number, binding: number): string {
  return own < binding ? `(${text})` : text;
}

function isMinusOne(expression: IntExpr): boolean {
  return expression.kind === "constant" && expression.value === -1;
}

function nameText(name: string): string {
  return isName(name) && !OBJECTIVES.includes(name) ? name : JSON.stringify(name);
}
