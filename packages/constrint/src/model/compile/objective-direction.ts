import type { IntExpr, IntVar } from "../expression.js";
import { variablesIn } from "../nodes-in.js";
import { termsOf } from "./sum-terms.js";

/** 1: the expression grows with the variable; −1: it falls. */
export type Direction = 1 | -1;

/**
 * How an expression depends on its variables, as far as its form says so: through sums, extrema, powers, and products of
 * variables that are not negative. A variable on which it depends in both ways, or in no known one, is left out.
 *
 * A rule of thumb for which values to try first, not a proof.
 *
 * @internal
 */
export function directionsOf(expression: IntExpr): Map<IntVar, Direction> {
  const found = new Map<IntVar, Direction | undefined>();
  collect(expression, 1, found);
  return new Map(
    [...found].flatMap(([variable, direction]) => (direction === undefined ? [] : [[variable, direction]])),
  );
}

function collect(expression: IntExpr, direction: Direction, found: Map<IntVar, Direction | undefined>): void {
  const flipped = direction === 1 ? -1 : 1;
  switch (expression.kind) {
    case "variable": {
      const isNew = !found.has(expression);
      found.set(expression, isNew || found.get(expression) === direction ? direction : undefined);
      return;
    }
    case "sum":
      for (const term of termsOf(expression).keys()) collect(term, direction, found);
      return;
    case "max":
    case "min":
      for (const operand of expression.operands) collect(operand, direction, found);
      return;
    case "product": {
      const negative = expression.factors.filter((factor) => factor.kind === "constant" && factor.value < 0).length;
      const open = expression.factors.filter((factor) => factor.kind !== "constant");
      if (open.length > 1 && !open.every(isNeverNegative)) leaveOut(expression, found);
      else for (const factor of open) collect(factor, negative % 2 === 0 ? direction : flipped, found);
      return;
    }
    case "power":
      if (expression.exponent === 0) return;
      if (expression.exponent % 2 === 1 || isNeverNegative(expression.base)) collect(expression.base, direction, found);
      else leaveOut(expression, found);
      return;
    case "quotient": {
      const { dividend, divisor } = expression;
      if (divisor.kind !== "constant" || divisor.value === 0) leaveOut(expression, found);
      else collect(dividend, divisor.value > 0 ? direction : flipped, found);
      return;
    }
    case "constant":
      return;
    default:
      leaveOut(expression, found);
  }
}

function leaveOut(expression: IntExpr, found: Map<IntVar, Direction | undefined>): void {
  for (const variable of variablesIn(expression)) found.set(variable, undefined);
}

function isNeverNegative(expression: IntExpr): boolean {
  switch (expression.kind) {
    case "constant":
      return expression.value >= 0;
    case "variable":
      return expression.domain.min >= 0;
    case "sum":
      return [...termsOf(expression).keys()].every(isNeverNegative);
    case "product":
      return expression.factors.every(isNeverNegative);
    case "max":
      return expression.operands.some(isNeverNegative);
    case "min":
      return expression.operands.every(isNeverNegative);
    case "power":
      return expression.exponent % 2 === 0 || isNeverNegative(expression.base);
    case "abs":
      return true;
    default:
      return false;
  }
}
