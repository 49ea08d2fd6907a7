import type { IntDomain } from "../domain/int-domain.js";
import { isExact, MAX_INTEGER } from "../domain/integers.js";
import { SolverError } from "../error.js";
import type { Rounding } from "../propagators/arithmetic/division.js";
import { Comparison, type Constraint, Divides } from "./constraint.js";
import { described } from "./described.js";

/** An expression or a plain integer, wherever an operand is expected. */
export type Operand = IntExpr | number;

/** An integer expression: an immutable node that `kind` tells apart. */
export type IntExpr = Constant | IntVar | Sum | Product | Power | Absolute | Quotient | Remainder | Maximum | Minimum;

/** The largest exponent: beyond it only the bases −1, 0 and 1 stay within the exact range. */
export const MAX_EXPONENT = 52;

/** The operations that all expressions share. */
abstract class Expression {
  /** This + other. */
  plus(this: IntExpr, other: Operand): IntExpr {
    return sum([this, other]);
  }

  /** This − other. */
  minus(this: IntExpr, other: Operand): IntExpr {
    return sum([this, negated(toExpression(other))]);
  }

  /** This · other. */
  times(this: IntExpr, other: Operand): IntExpr {
    return product([this, other]);
  }

  /**
   * This to the power of a fixed exponent; x⁰ is 1 for every x.
   *
   * @throws SolverError `invalid-expression` for an exponent that is not an integer in 0 … 52.
   */
  pow(this: IntExpr, exponent: number): IntExpr {
    return new Power(this, exponent);
  }

  /** The size of this: |this|. */
  abs(this: IntExpr): IntExpr {
    return new Absolute(this);
  }

  /**
   * The integer quotient this / divisor, rounded toward 0, or with `euclid` so that the remainder is not negative. A constraint
   * in which a divisor is 0 does not hold.
   */
  dividedBy(this: IntExpr, divisor: Operand, rounding: Rounding = "truncate"): IntExpr {
    return new Quotient(this, toExpression(divisor), rounding);
  }

  /** The remainder that belongs to {@link dividedBy}: this − divisor · quotient. */
  modulo(this: IntExpr, divisor: Operand, rounding: Rounding = "truncate"): IntExpr {
    return new Remainder(this, toExpression(divisor), rounding);
  }

  /** This = other. */
  eq(this: IntExpr, other: Operand): Constraint {
    return new Comparison("==", this, toExpression(other));
  }

  /** This ≠ other. */
  ne(this: IntExpr, other: Operand): Constraint {
    return new Comparison("!=", this, toExpression(other));
  }

  /** This ≤ other. */
  le(this: IntExpr, other: Operand): Constraint {
    return new Comparison("<=", this, toExpression(other));
  }

  /** This < other. */
  lt(this: IntExpr, other: Operand): Constraint {
    return new Comparison("<", this, toExpression(other));
  }

  /** This ≥ other. */
  ge(this: IntExpr, other: Operand): Constraint {
    return new Comparison(">=", this, toExpression(other));
  }

  /** This > other. */
  gt(this: IntExpr, other: Operand): Constraint {
    return new Comparison(">", this, toExpression(other));
  }

  /** This divides other: other = k · this for some integer k. Everything divides 0, and 0 divides only 0. */
  divides(this: IntExpr, other: Operand): Constraint {
    return new Divides(this, toExpression(other));
  }

  /** This is a multiple of other, the converse of {@link divides}. */
  isMultipleOf(this: IntExpr, other: Operand): Constraint {
    return new Divides(toExpression(other), this);
  }
}

/** A fixed integer. */
export class Constant extends Expression {
  readonly kind = "constant";

  /** @internal Use {@link constant}. */
  constructor(readonly value: number) {
    super();
    if (!isExact(value)) {
      throw new SolverError("not-an-integer", `constant ${value}: not an integer within ±${MAX_INTEGER}`);
    }
    Object.freeze(this);
  }
}

/** An unknown of a model. */
export class IntVar extends Expression {
  readonly kind = "variable";

  /** @internal Use `Model.int`. */
  constructor(
    readonly name: string,
    readonly domain: IntDomain,
  ) {
    super();
    Object.freeze(this);
  }
}

/** The sum of its terms; the empty sum is 0. */
export class Sum extends Expression {
  readonly kind = "sum";

  /** @internal Use {@link sum}. */
  constructor(readonly terms: readonly IntExpr[]) {
    super();
    Object.freeze(terms);
    Object.freeze(this);
  }
}

/** The product of its factors; the empty product is 1. */
export class Product extends Expression {
  readonly kind = "product";

  /** @internal Use {@link product}. */
  constructor(readonly factors: readonly IntExpr[]) {
    super();
    Object.freeze(factors);
    Object.freeze(this);
  }
}

/** A base to a fixed power. */
export class Power extends Expression {
  readonly kind = "power";

  /** @internal Use `pow`. */
  constructor(
    readonly base: IntExpr,
    readonly exponent: number,
  ) {
    super();
    if (!Number.isInteger(exponent) || exponent < 0 || exponent > MAX_EXPONENT) {
      throw new SolverError(
        "invalid-expression",
        `power: exponent ${exponent} is not an integer in 0 … ${MAX_EXPONENT}`,
      );
    }
    Object.freeze(this);
  }
}

/** The size of its operand. */
export class Absolute extends Expression {
  readonly kind = "abs";

  /** @internal Use `abs`. */
  constructor(readonly operand: IntExpr) {
    super();
    Object.freeze(this);
  }
}

/** An integer quotient. */
export class Quotient extends Expression {
  readonly kind = "quotient";

  /** @internal Use `dividedBy`. */
  constructor(
    readonly dividend: IntExpr,
    readonly divisor: IntExpr,
    readonly rounding: Rounding,
  ) {
    super();
    Object.freeze(this);
  }
}

/** The remainder of an integer division. */
export class Remainder extends Expression {
  readonly kind = "remainder";

  /** @internal Use `modulo`. */
  constructor(
    readonly dividend: IntExpr,
    readonly divisor: IntExpr,
    readonly rounding: Rounding,
  ) {
    super();
    Object.freeze(this);
  }
}

/** The largest of its operands. */
export class Maximum extends Expression {
  readonly kind = "max";

  /** @internal Use {@link max}. */
  constructor(readonly operands: readonly IntExpr[]) {
    super();
    requireOperands("max", operands);
    Object.freeze(operands);
    Object.freeze(this);
  }
}

/** The smallest of its operands. */
export class Minimum extends Expression {
  readonly kind = "min";

  /** @internal Use {@link min}. */
  constructor(readonly operands: readonly IntExpr[]) {
    super();
    requireOperands("min", operands);
    Object.freeze(operands);
    Object.freeze(this);
  }
}

/** The expression for a fixed integer. */
export function constant(value: number): IntExpr {
  return new Constant(value + 0);
}

/** The sum of any number of expressions and integers. */
export function sum(terms: readonly Operand[]): IntExpr {
  return new Sum(toExpressions(terms));
}

/** The product of any number of expressions and integers. */
export function product(factors: readonly Operand[]): IntExpr {
  return new Product(toExpressions(factors));
}

/** The largest of one or more expressions and integers. */
export function max(operands: readonly Operand[]): IntExpr {
  return new Maximum(toExpressions(operands));
}

/** The smallest of one or more expressions and integers. */
export function min(operands: readonly Operand[]): IntExpr {
  return new Minimum(toExpressions(operands));
}

/** The expression for an operand. @internal */
export function toExpression(operand: Operand): IntExpr {
  if (typeof operand === "number") return constant(operand);
  if (operand instanceof Expression) return operand;
  throw new SolverError("invalid-expression", `operand ${described(operand)}: neither an integer nor an expression`);
}

/**
 * The expressions for a list of operands.
 *
 * @throws SolverError `invalid-expression` for what is no list: `sum(x, y)` for `sum([x, y])`.
 * @internal
 */
export function toExpressions(operands: readonly Operand[]): IntExpr[] {
  if (Array.isArray(operands)) return operands.map(toExpression);
  throw new SolverError("invalid-expression", `operands ${described(operands)}: not an array`);
}

function negated(expression: IntExpr): IntExpr {
  return expression.kind === "constant" ? constant(-expression.value) : product([-1, expression]);
}

function requireOperands(name: string, operands: readonly IntExpr[]): void {
  if (operands.length === 0) throw new SolverError("invalid-expression", `${name}: needs at least one operand`);
}
