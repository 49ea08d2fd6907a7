import { SolverError } from "../error.js";
import { described } from "./described.js";
import type { IntExpr } from "./expression.js";
import type { GlobalConstraint } from "./global/global-constraint.js";
import { GlobalNode } from "./global/global-node.js";

/** A constraint: an immutable node that `kind` tells apart. */
export type Constraint = Comparison | Divides | And | Or | Xor | GlobalConstraint;

/** The relations between two expressions, as the ConstrINT language writes them. */
export type Relation = "==" | "!=" | "<=" | "<" | ">=" | ">";

/** Two expressions in a relation. */
export class Comparison {
  readonly kind = "comparison";

  /** @internal Use `eq`, `ne`, `le`, `lt`, `ge` or `gt` of an expression. */
  constructor(
    readonly relation: Relation,
    readonly left: IntExpr,
    readonly right: IntExpr,
  ) {
    Object.freeze(this);
  }
}

/** divisor | dividend. */
export class Divides {
  readonly kind = "divides";

  /** @internal Use `divides` or `isMultipleOf` of an expression. */
  constructor(
    readonly divisor: IntExpr,
    readonly dividend: IntExpr,
  ) {
    Object.freeze(this);
  }
}

/** All of the constraints; the empty conjunction is true. */
export class And {
  readonly kind = "and";

  /** @internal Use {@link and}. */
  constructor(readonly constraints: readonly Constraint[]) {
    Object.freeze(constraints);
    Object.freeze(this);
  }
}

/** At least one of the constraints; the empty disjunction is false. */
export class Or {
  readonly kind = "or";

  /** @internal Use {@link or}. */
  constructor(readonly constraints: readonly Constraint[]) {
    Object.freeze(constraints);
    Object.freeze(this);
  }
}

/** An odd number of the constraints; the empty one is false. */
export class Xor {
  readonly kind = "xor";

  /** @internal Use {@link xor}. */
  constructor(readonly constraints: readonly Constraint[]) {
    Object.freeze(constraints);
    Object.freeze(this);
  }
}

/** The constraint that all of these hold. */
export function and(...constraints: readonly Constraint[]): Constraint {
  return new And(constraints.map(requireConstraint));
}

/** The constraint that at least one of these holds. */
export function or(...constraints: readonly Constraint[]): Constraint {
  return new Or(constraints.map(requireConstraint));
}

/** The constraint that an odd number of these hold: of two, exactly one. */
export function xor(...constraints: readonly Constraint[]): Constraint {
  return new Xor(constraints.map(requireConstraint));
}

/** @internal */
export function requireConstraint(constraint: Constraint): Constraint {
  const isConstraint =
    constraint instanceof Comparison ||
    constraint instanceof Divides ||
    constraint instanceof And ||
    constraint instanceof Or ||
    constraint instanceof Xor ||
    constraint instanceof GlobalNode;
  if (isConstraint) return constraint;
  throw new SolverError(
    "invalid-expression",
    `constraint ${described(constraint)}: not made by eq, le, divides, and, or, …`,
  );
}

/** A constraint as it was added. */
export interface NamedConstraint {
  readonly constraint: Constraint;
  readonly name?: string;
}
