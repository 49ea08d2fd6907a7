import { and, type IntExpr, type IntVar, type Model, or } from "constrint";

/**
 * A new unknown q = ⌈numerator / denominator⌉, stated as (q − 1)·denominator < numerator ≤ q·denominator. `largest` bounds q from above;
 * the numerator must be at least 1 and the denominator positive.
 */
export function ceilQuotient(
  model: Model,
  name: string,
  numerator: number | IntExpr,
  denominator: IntExpr,
  largest: number,
): IntVar {
  const quotient = model.int(name, 1, largest);
  model.add(quotient.times(denominator).ge(numerator), `${name} covers`);
  model.add(quotient.minus(1).times(denominator).lt(numerator), `${name} has no spare`);
  return quotient;
}

/** A new unknown that is 1 where left < right, and 0 where left = right; left may not exceed right. */
export function isLess(model: Model, name: string, left: IntExpr, right: IntExpr): IntVar {
  const less = model.int(name, 0, 1);
  model.add(or(and(left.eq(right), less.eq(0)), and(left.lt(right), less.eq(1))), name);
  return less;
}

/** The product of at least one factor; number factors are constants. */
export function times(first: IntExpr, ...rest: readonly (IntExpr | number)[]): IntExpr {
  return rest.reduce<IntExpr>((left, right) => left.times(right), first);
}

/** The sum of at least one term. */
export function plus(first: IntExpr, ...rest: readonly (IntExpr | number)[]): IntExpr {
  return rest.reduce<IntExpr>((left, right) => left.plus(right), first);
}
