import { constant, type IntExpr, min, type Operand } from "constrint";

/** ⌈numerator / denominator⌉ = ⌊(numerator − 1) / denominator⌋ + 1, for a numerator of at least 1 and a positive denominator. */
export function ceilQuotient(numerator: number | IntExpr, denominator: Operand): IntExpr {
  const before = typeof numerator === "number" ? constant(numerator - 1) : numerator.minus(1);
  return before.dividedBy(denominator).plus(1);
}

/** 1 for an amount above 0, and 0 for 0; an amount is not negative. */
export const isAny = (amount: IntExpr): IntExpr => min([amount, 1]);

/** The product of at least one factor; number factors are constants. */
export function times(first: IntExpr, ...rest: readonly (IntExpr | number)[]): IntExpr {
  return rest.reduce<IntExpr>((left, right) => left.times(right), first);
}

/** The sum of at least one term. */
export function plus(first: IntExpr, ...rest: readonly (IntExpr | number)[]): IntExpr {
  return rest.reduce<IntExpr>((left, right) => left.plus(right), first);
}
