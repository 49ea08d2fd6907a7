import { SolverError } from "../error.js";
import {
  And,
  and,
  Comparison,
  type Constraint,
  type Divides,
  Or,
  or,
  type Relation,
  requireConstraint,
  Xor,
} from "./constraint.js";
import type { IntExpr } from "./expression.js";
import { divisorsIn } from "./nodes-in.js";

const OPPOSITE: Readonly<Record<Relation, Relation>> = {
  "==": "!=",
  "!=": "==",
  "<=": ">",
  "<": ">=",
  ">=": "<",
  ">": "<=",
};

const ALWAYS = and();

/**
 * The constraint that holds exactly where this one does not, with the negation moved inward to the comparisons. A comparison
 * that divides by 0 does not hold, so its negation does.
 *
 * @throws SolverError `invalid-expression` for a global constraint, such as allDifferent.
 */
export function not(constraint: Constraint): Constraint {
  requireConstraint(constraint);
  switch (constraint.kind) {
    case "comparison": {
      const { relation, left, right } = constraint;
      return orUndefined(new Comparison(OPPOSITE[relation], left, right), [left, right]);
    }
    case "divides":
      return notDivides(constraint);
    case "and":
      return new Or(constraint.constraints.map(not));
    case "or":
      return new And(constraint.constraints.map(not));
    case "xor":
      return new Xor([ALWAYS, ...constraint.constraints]);
    default:
      throw new SolverError("invalid-expression", `not: the constraint ${constraint.kind} has no negation`);
  }
}

/** Where `condition` holds, `consequence` holds. */
export function implies(condition: Constraint, consequence: Constraint): Constraint {
  return or(not(condition), consequence);
}

/**
 * Both hold or neither does. `iff(b.eq(1), constraint)` for a variable b with the values 0 and 1 makes b the constraint's
 * truth value.
 */
export function iff(a: Constraint, b: Constraint): Constraint {
  return and(implies(a, b), implies(b, a));
}

/** A nonzero remainder; or, as 0 divides only 0, a divisor 0 of something else. */
function notDivides({ divisor, dividend }: Divides): Constraint {
  const indivisible = or(dividend.modulo(divisor).ne(0), and(divisor.eq(0), dividend.ne(0)));
  return orUndefined(indivisible, [divisor, dividend]);
}

function orUndefined(constraint: Constraint, expressions: readonly IntExpr[]): Constraint {
  const divisors = new Set(expressions.flatMap(divisorsIn));
  return divisors.size === 0 ? constraint : or(constraint, ...[...divisors].map((divisor) => divisor.eq(0)));
}
