import type { Constraint } from "../../model/constraint.js";
import { constant, type IntExpr, max, min, sum } from "../../model/expression.js";
import { varBool, varBools, varInt } from "../parameter.js";
import { type BuiltinTable, builtin } from "./builtin.js";

/**
 * Constraints on truth values, which are the integers 0 and 1: a disjunction is the largest of its parts, a conjunction the
 * smallest, a negation 1 − b, and an exclusive or says which parity the sum has.
 *
 * @internal
 */
export const BOOL: BuiltinTable = {
  bool2int: builtin([varBool, varInt], (a, b) => a.eq(b)),
  bool_eq: builtin([varBool, varBool], (a, b) => a.eq(b)),
  bool_not: builtin([varBool, varBool], (a, b) => a.plus(b).eq(1)),
  bool_le: builtin([varBool, varBool], (a, b) => a.le(b)),
  bool_lt: builtin([varBool, varBool], (a, b) => a.lt(b)),
  bool_clause: builtin([varBools, varBools], clause),
  array_bool_xor: builtin([varBools], isOdd),
};

/**
 * Constraints whose last argument is the truth value of the others, also in their reified form: that of a comparison of truth
 * values is a function of them. The half-reified forms say only what follows when the last argument is true.
 *
 * @internal
 */
export const BOOL_FUNCTIONS: BuiltinTable = {
  bool_and: builtin([varBool, varBool, varBool], (a, b, r) => min([a, b]).eq(r)),
  bool_or: builtin([varBool, varBool, varBool], (a, b, r) => max([a, b]).eq(r)),
  bool_xor: builtin([varBool, varBool, varBool], (a, b, r) => isOdd([a, b, negation(r)])),
  array_bool_and: builtin([varBools, varBool], (xs, r) => conjunction(xs).eq(r)),
  array_bool_or: builtin([varBools, varBool], (xs, r) => disjunction(xs).eq(r)),
  bool_eq_reif: builtin([varBool, varBool, varBool], (a, b, r) => isOdd([a, b, r])),
  bool_not_reif: builtin([varBool, varBool, varBool], (a, b, r) => isOdd([a, b, negation(r)])),
  bool_le_reif: builtin([varBool, varBool, varBool], (a, b, r) => max([negation(a), b]).eq(r)),
  bool_lt_reif: builtin([varBool, varBool, varBool], (a, b, r) => min([negation(a), b]).eq(r)),
  bool_clause_reif: builtin([varBools, varBools, varBool], (xs, ys, r) =>
    disjunction([...xs, ...ys.map(negation)]).eq(r),
  ),
  bool_and_imp: builtin([varBool, varBool, varBool], (a, b, r) => r.le(min([a, b]))),
  bool_or_imp: builtin([varBool, varBool, varBool], (a, b, r) => clause([a, b], [r])),
  bool_xor_imp: builtin([varBool, varBool, varBool], (a, b, r) => r.le(a.minus(b).abs())),
  array_bool_and_imp: builtin([varBools, varBool], (xs, r) => r.le(conjunction(xs))),
  array_bool_or_imp: builtin([varBools, varBool], (xs, r) => clause(xs, [r])),
  bool_clause_imp: builtin([varBools, varBools, varBool], (xs, ys, r) => clause(xs, [...ys, r])),
};

/** At least one x is true or one y false; as a sum, whose bounds say what a clause's last open literal is. */
function clause(xs: readonly IntExpr[], ys: readonly IntExpr[]): Constraint {
  return sum([...xs, ...ys.map(negation)]).ge(1);
}

function isOdd(xs: readonly IntExpr[]): Constraint {
  return sum(xs).modulo(2).eq(1);
}

function negation(x: IntExpr): IntExpr {
  return constant(1).minus(x);
}

function conjunction(xs: readonly IntExpr[]): IntExpr {
  return xs.length === 0 ? constant(1) : min(xs);
}

function disjunction(xs: readonly IntExpr[]): IntExpr {
  return xs.length === 0 ? constant(0) : max(xs);
}
