import { isExact, MAX_INTEGER, power, remainder } from "../domain/integers.js";
import { SolverError } from "../error.js";
import { divisionRemainder, type Rounding } from "../propagators/arithmetic/division.js";
import { isFlat, termsOf } from "./compile/sum-terms.js";
import type { Comparison, Constraint, Divides, Relation } from "./constraint.js";
import type { Constant, IntExpr, IntVar } from "./expression.js";
import { globalHolds } from "./global/global-constraint.js";

/** A value for each variable, by name. */
export type Assignment = Readonly<Record<string, number>>;

/**
 * The value of an expression for an assignment, exact.
 *
 * @throws SolverError `missing-value` for a variable without value, `not-an-integer` for a value that is not an exact
 *   integer, `division-by-zero`, `overflow` for a result outside ±(2^53 − 1).
 */
export function evaluate(expression: IntExpr, assignment: Assignment): number {
  return evaluator(assignment)(expression);
}

/**
 * {@link evaluate} for several expressions and one assignment: what they share is evaluated once. For a solution and the quantities that
 * follow from it.
 */
export function evaluator(assignment: Assignment): (expression: IntExpr) => number {
  const known: KnownValues = new Map();
  return (expression) => evaluateKnowing(expression, assignment, known);
}

/** The values of expressions so far, in doubles, or NaN. */
type KnownValues = Map<IntExpr, number>;

function evaluateKnowing(expression: IntExpr, assignment: Assignment, known: KnownValues): number {
  const value = evaluateFast(expression, assignment, known);
  if (!Number.isNaN(value)) return value;
  const exact = evaluateExactly(expression, assignment);
  const rounded = Number(exact);
  if (!isExact(rounded)) {
    throw new SolverError("overflow", `expression: the value ${exact} is not an integer within ±${MAX_INTEGER}`);
  }
  return rounded;
}

/**
 * Whether a constraint holds for an assignment: the plain meaning, without a solver. Exact however large intermediate values
 * are. A constraint in which something is divided by 0 does not hold.
 *
 * @throws SolverError `missing-value` or `not-an-integer`, as {@link evaluate} does, and `overflow` for an operand of a global
 *   constraint outside ±(2^53 − 1).
 */
export function holds(constraint: Constraint, assignment: Assignment): boolean {
  switch (constraint.kind) {
    case "comparison":
    case "divides":
      return falseWhereUndefined(() => relationHolds(constraint, assignment));
    case "and":
      return constraint.constraints.every((part) => holds(part, assignment));
    case "or":
      return constraint.constraints.some((part) => holds(part, assignment));
    case "xor":
      return constraint.constraints.filter((part) => holds(part, assignment)).length % 2 === 1;
    default:
      return falseWhereUndefined(() => globalHolds(constraint, (operand) => evaluate(operand, assignment)));
  }
}

function falseWhereUndefined(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof SolverError && error.code === "division-by-zero") return false;
    throw error;
  }
}

function relationHolds(constraint: Comparison | Divides, assignment: Assignment): boolean {
  switch (constraint.kind) {
    case "comparison": {
      const known: KnownValues = new Map();
      const left = evaluateFast(constraint.left, assignment, known);
      const right = evaluateFast(constraint.right, assignment, known);
      if (!Number.isNaN(left) && !Number.isNaN(right)) return compare(constraint.relation, left, right);
      return compare(
        constraint.relation,
        evaluateExactly(constraint.left, assignment),
        evaluateExactly(constraint.right, assignment),
      );
    }
    case "divides": {
      const known: KnownValues = new Map();
      const divisor = evaluateFast(constraint.divisor, assignment, known);
      const dividend = evaluateFast(constraint.dividend, assignment, known);
      if (!Number.isNaN(divisor) && !Number.isNaN(dividend)) {
        return divisor === 0 ? dividend === 0 : remainder(dividend, divisor) === 0;
      }
      const exactDivisor = evaluateExactly(constraint.divisor, assignment);
      const exactDividend = evaluateExactly(constraint.dividend, assignment);
      return exactDivisor === 0n ? exactDividend === 0n : exactDividend % exactDivisor === 0n;
    }
  }
}

function compare<T extends number | bigint>(relation: Relation, left: T, right: T): boolean {
  switch (relation) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<=":
      return left <= right;
    case "<":
      return left < right;
    case ">=":
      return left >= right;
    case ">":
      return left > right;
  }
}

function lookUp(name: string, assignment: Assignment): number {
  if (!Object.hasOwn(assignment, name))
    throw new SolverError("missing-value", `variable ${name}: the assignment has no value`);
  const value = assignment[name]!;
  if (!isExact(value)) {
    throw new SolverError(
      "not-an-integer",
      `variable ${name}: the value ${value} is not an integer within ±${MAX_INTEGER}`,
    );
  }
  return value;
}

/** The value in doubles, or NaN where a step of the way leaves the exact range. */
function evaluateFast(expression: IntExpr, assignment: Assignment, known: KnownValues): number {
  if (expression.kind === "constant") return expression.value;
  if (expression.kind === "variable") return lookUp(expression.name, assignment);
  let value = known.get(expression);
  if (value === undefined) {
    value = evaluateFunction(expression, (operand) => evaluateFast(operand, assignment, known));
    known.set(expression, value);
  }
  return value;
}

/** The value of an expression that has operands. */
function evaluateFunction(
  expression: Exclude<IntExpr, Constant | IntVar>,
  evaluated: (operand: IntExpr) => number,
): number {
  switch (expression.kind) {
    case "sum": {
      let total = 0;
      if (!isFlat(expression)) {
        for (const [term, count] of termsOf(expression)) {
          total = exactOrNaN(total + exactOrNaN(Number(count) * evaluated(term)));
        }
        return total;
      }
      for (const term of expression.terms) total = exactOrNaN(total + evaluated(term));
      return total;
    }
    case "product": {
      let total = 1;
      for (const factor of expression.factors) total = exactOrNaN(total * evaluated(factor));
      return total;
    }
    case "power":
      return exactOrNaN(power(evaluated(expression.base), expression.exponent));
    case "abs":
      return Math.abs(evaluated(expression.operand));
    case "quotient":
    case "remainder": {
      const n = evaluated(expression.dividend);
      const d = evaluated(expression.divisor);
      if (d === 0) throw divisionByZero();
      const r = divisionRemainder(n, d, expression.rounding);
      return expression.kind === "remainder" ? r : exactOrNaN(exactOrNaN(n - r) / d);
    }
    case "max":
      return expression.operands.reduce((best, operand) => Math.max(best, evaluated(operand)), -Infinity);
    case "min":
      return expression.operands.reduce((best, operand) => Math.min(best, evaluated(operand)), Infinity);
  }
}

function exactOrNaN(value: number): number {
  return isExact(value) ? value + 0 : Number.NaN;
}

/** The value in arbitrary precision. @internal */
export function evaluateExactly(expression: IntExpr, assignment: Assignment): bigint {
  switch (expression.kind) {
    case "constant":
      return BigInt(expression.value);
    case "variable":
      return BigInt(lookUp(expression.name, assignment));
    case "sum":
      return isFlat(expression)
        ? expression.terms.reduce((total, term) => total + evaluateExactly(term, assignment), 0n)
        : [...termsOf(expression)].reduce((sum, [term, count]) => sum + count * evaluateExactly(term, assignment), 0n);
    case "product":
      return expression.factors.reduce((total, factor) => total * evaluateExactly(factor, assignment), 1n);
    case "power":
      return evaluateExactly(expression.base, assignment) ** BigInt(expression.exponent);
    case "abs": {
      const value = evaluateExactly(expression.operand, assignment);
      return value < 0n ? -value : value;
    }
    case "quotient":
    case "remainder": {
      const n = evaluateExactly(expression.dividend, assignment);
      const d = evaluateExactly(expression.divisor, assignment);
      if (d === 0n) throw divisionByZero();
      const r = exactRemainder(n, d, expression.rounding);
      return expression.kind === "remainder" ? r : (n - r) / d;
    }
    case "max":
      return extreme(expression.operands, assignment, (value, best) => value > best);
    case "min":
      return extreme(expression.operands, assignment, (value, best) => value < best);
  }
}

/** The operands' exact value that beats all others. */
function extreme(
  operands: readonly IntExpr[],
  assignment: Assignment,
  beats: (value: bigint, best: bigint) => boolean,
): bigint {
  const [first, ...others] = operands.map((operand) => evaluateExactly(operand, assignment));
  let best = first!;
  for (const value of others) if (beats(value, best)) best = value;
  return best;
}

function exactRemainder(n: bigint, d: bigint, rounding: Rounding): bigint {
  const r = n % d;
  if (r >= 0n || rounding === "truncate") return r;
  return d < 0n ? r - d : r + d;
}

function divisionByZero(): SolverError {
  return new SolverError("division-by-zero", "expression: a divisor is 0");
}
