import { And, and, type Constraint, Or, Xor, xor } from "../../model/constraint.js";
import type { IntExpr } from "../../model/expression.js";
import { iff, implies, not } from "../../model/logic.js";
import { varBool, varBools, varInt } from "../parameter.js";
import { type BuiltinTable, builtin } from "./builtin.js";

/** Constraints on truth values, which are the integers 0 and 1. @internal */
export const BOOL: BuiltinTable = {
  bool2int: builtin([varBool, varInt], (a, b) => a.eq(b)),
  bool_eq: builtin([varBool, varBool], (a, b) => a.eq(b)),
  bool_not: builtin([varBool, varBool], (a, b) => a.plus(b).eq(1)),
  bool_le: builtin([varBool, varBool], (a, b) => implies(isTrue(a), isTrue(b))),
  bool_lt: builtin([varBool, varBool], (a, b) => and(isFalse(a), isTrue(b))),
  bool_clause: builtin([varBools, varBools], clause),
  array_bool_xor: builtin([varBools], (xs) => new Xor(xs.map(isTrue))),
};

/**
 * Constraints whose last argument is the truth value of the others, also in their reified form. The half-reified forms say only
 * what follows when the last argument is true.
 *
 * @internal
 */
export const BOOL_FUNCTIONS: BuiltinTable = {
  bool_and: builtin([varBool, varBool, varBool], (a, b, r) => iff(isTrue(r), allTrue([a, b]))),
  bool_or: builtin([varBool, varBool, varBool], (a, b, r) => iff(isTrue(r), clause([a, b], []))),
  bool_xor: builtin([varBool, varBool, varBool], (a, b, r) => xor(isTrue(a), isTrue(b), isFalse(r))),
  array_bool_and: builtin([varBools, varBool], (xs, r) => iff(isTrue(r), allTrue(xs))),
  array_bool_or: builtin([varBools, varBool], (xs, r) => iff(isTrue(r), clause(xs, []))),
  bool_eq_reif: builtin([varBool, varBool, varBool], (a, b, r) => xor(isTrue(a), isTrue(b), isTrue(r))),
  bool_not_reif: builtin([varBool, varBool, varBool], (a, b, r) => xor(isTrue(a), isTrue(b), isFalse(r))),
  bool_le_reif: builtin([varBool, varBool, varBool], (a, b, r) => iff(isTrue(r), clause([b], [a]))),
  bool_lt_reif: builtin([varBool, varBool, varBool], (a, b, r) => iff(isTrue(r), and(isFalse(a), isTrue(b)))),
  bool_clause_reif: builtin([varBools, varBools, varBool], (xs, ys, r) => iff(isTrue(r), clause(xs, ys))),
  bool_and_imp: builtin([varBool, varBool, varBool], (a, b, r) => implies(isTrue(r), allTrue([a, b]))),
  bool_or_imp: builtin([varBool, varBool, varBool], (a, b, r) => clause([a, b], [r])),
  bool_xor_imp: builtin([varBool, varBool, varBool], (a, b, r) => and(clause([a, b], [r]), clause([], [a, b, r]))),
  array_bool_and_imp: builtin([varBools, varBool], (xs, r) => implies(isTrue(r), allTrue(xs))),
  array_bool_or_imp: builtin([varBools, varBool], (xs, r) => clause(xs, [r])),
  bool_clause_imp: builtin([varBools, varBools, varBool], (xs, ys, r) => clause(xs, [...ys, r])),
};

function isTrue(x: IntExpr): Constraint {
  return x.eq(1);
}

function isFalse(x: IntExpr): Constraint {
  return not(isTrue(x));
}

function allTrue(xs: readonly IntExpr[]): Constraint {
  return new And(xs.map(isTrue));
}

/** At least one x is true or one y false. */
function clause(xs: readonly IntExpr[], ys: readonly IntExpr[]): Constraint {
  return new Or([...xs.map(isTrue), ...ys.map(isFalse)]);
}
