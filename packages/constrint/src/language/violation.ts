import { SolverError } from "../error.js";
import type { Constraint } from "../model/constraint.js";
import { type Assignment, evaluateExactly, holds } from "../model/evaluate.js";
import type { IntExpr } from "../model/expression.js";
import { globalText } from "./global-printer.js";

/** The two numbers that a constraint compares. @internal */
export interface Sides<T> {
  readonly left: T;
  readonly right: T;
}

/** The values of a comparison's sides, or of a dividend and its divisor; undefined for others and where a divisor is 0. @internal */
export function sidesOf(constraint: Constraint, assignment: Assignment): Sides<bigint> | undefined {
  const sides = expressionsOf(constraint);
  if (sides === undefined) return undefined;
  const left = exactOrUndefined(sides.left, assignment);
  const right = exactOrUndefined(sides.right, assignment);
  return left === undefined || right === undefined ? undefined : { left, right };
}

/**
 * A constraint that an assignment violates, with numbers in place of its expressions: `72 <= 64`. Of a conjunction the parts
 * that are violated, of a disjunction all.
 *
 * @internal
 */
export function violationText(constraint: Constraint, assignment: Assignment): string {
  const text = (expression: IntExpr): string =>
    String(exactOrUndefined(expression, assignment) ?? "undefined (a divisor is 0)");
  switch (constraint.kind) {
    case "comparison":
      return `${text(constraint.left)} ${constraint.relation} ${text(constraint.right)}`;
    case "divides": {
      const sides = sidesOf(constraint, assignment);
      const remainder = sides === undefined || sides.right === 0n ? "" : ` (it is ${sides.left % sides.right})`;
      return `${text(constraint.dividend)} % ${text(constraint.divisor)} == 0${remainder}`;
    }
    case "and":
      return constraint.constraints
        .filter((part) => !holds(part, assignment))
        .map((part) => violationText(part, assignment))
        .join("; ");
    case "or":
      return constraint.constraints.length === 0
        ? "0 == 1"
        : constraint.constraints.map((part) => violationText(part, assignment)).join(" | ");
    case "xor": {
      const parts = constraint.constraints.map((part) => violationText(part, assignment));
      return `an even number of: ${parts.join(", ")}`;
    }
    default:
      return globalText(constraint, text);
  }
}

function expressionsOf(constraint: Constraint): Sides<IntExpr> | undefined {
  if (constraint.kind === "comparison") return constraint;
  return constraint.kind === "divides" ? { left: constraint.dividend, right: constraint.divisor } : undefined;
}

function exactOrUndefined(expression: IntExpr, assignment: Assignment): bigint | undefined {
  try {
    return evaluateExactly(expression, assignment);
  } catch (error) {
    if (error instanceof SolverError && error.code === "division-by-zero") return undefined;
    throw error;
  }
}
