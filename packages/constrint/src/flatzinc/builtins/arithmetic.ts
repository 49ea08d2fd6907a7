import { and, type Constraint, or } from "../../model/constraint.js";
import { type IntExpr, MAX_EXPONENT, max, min } from "../../model/expression.js";
import { varInt, varInts } from "../parameter.js";
import { ArgumentMismatch, type BuiltinTable, builtin } from "./builtin.js";

/** Integer functions: the last argument is the value of the others, or the first of those on arrays. @internal */
export const ARITHMETIC: BuiltinTable = {
  int_abs: builtin([varInt, varInt], (a, b) => a.abs().eq(b)),
  int_plus: builtin([varInt, varInt, varInt], (a, b, c) => a.plus(b).eq(c)),
  int_times: builtin([varInt, varInt, varInt], (a, b, c) => a.times(b).eq(c)),
  int_div: builtin([varInt, varInt, varInt], (a, b, c) => a.dividedBy(b).eq(c)),
  int_mod: builtin([varInt, varInt, varInt], (a, b, c) => a.modulo(b).eq(c)),
  int_max: builtin([varInt, varInt, varInt], (a, b, c) => max([a, b]).eq(c)),
  int_min: builtin([varInt, varInt, varInt], (a, b, c) => min([a, b]).eq(c)),
  int_pow: builtin([varInt, varInt, varInt], power),
  int_pow_fixed: builtin([varInt, varInt, varInt], power),
  array_int_maximum: builtin([varInt, varInts], (m, xs) => max(someOf(xs)).eq(m)),
  array_int_minimum: builtin([varInt, varInts], (m, xs) => min(someOf(xs)).eq(m)),
};

/**
 * x^y = z, where a negative y stands for 1 div x^−y, which is not defined for x = 0. The exponents whose powers can stay within
 * the exact range are distinguished; beyond them, upward as well as downward, only the bases −1, 0 and 1 have powers that do.
 */
function power(x: IntExpr, y: IntExpr, z: IntExpr): Constraint {
  if (y.kind === "constant" && y.value >= 0 && y.value <= MAX_EXPONENT) return x.pow(y.value).eq(z);
  const [lowest, highest] = exponentRange(y);
  const cases: Constraint[] = [];
  for (let exponent = Math.max(0, lowest); exponent <= Math.min(highest, MAX_EXPONENT); exponent++) {
    cases.push(and(y.eq(exponent), x.pow(exponent).eq(z)));
  }
  // (−1)^y is 1 for even and −1 for odd y, on either side of 0.
  const unit = or(
    and(x.eq(1), z.eq(1)),
    and(x.eq(-1), y.modulo(2).eq(0), z.eq(1)),
    and(x.eq(-1), y.modulo(2).ne(0), z.eq(-1)),
  );
  if (highest > MAX_EXPONENT) cases.push(and(y.gt(MAX_EXPONENT), or(unit, and(x.eq(0), z.eq(0)))));
  if (lowest < 0) cases.push(and(y.lt(0), or(unit, and(or(x.lt(-1), x.gt(1)), z.eq(0)))));
  return or(...cases);
}

function exponentRange(y: IntExpr): readonly [lowest: number, highest: number] {
  if (y.kind === "constant") return [y.value, y.value];
  return y.kind === "variable" ? [y.domain.min, y.domain.max] : [-Infinity, Infinity];
}

function someOf(xs: readonly IntExpr[]): readonly IntExpr[] {
  if (xs.length === 0) throw new ArgumentMismatch("at least one element, found an empty array");
  return xs;
}
