import { evaluate, type IntExpr, sum } from "constrint";

/** A part of a step's predicted time: so many times the price of one. */
export interface CostTerm {
  /** What takes the time, in a few words. Terms of the same name are shown as one. */
  readonly name: string;
  readonly amount: IntExpr;
  /** Picoseconds of one; whole, so that a predicted time is an integer expression. */
  readonly price: number;
  /** The constant of the device's calibration that the price is proportional to; none where it follows from rates alone. */
  readonly calibrated?: {
    readonly constant: string;
    /** Picoseconds of one, not rounded, where the constant is 1. */
    readonly unitPrice: number;
  };
}

/** The predicted time of all terms, in picoseconds. */
export const totalCost = (terms: readonly CostTerm[]): IntExpr =>
  sum(terms.filter(({ price }) => price > 0).map(({ amount, price }) => amount.times(price)));

/** The predicted time of terms whose amounts do not depend on the tile, in picoseconds. */
export const leastCost = (terms: readonly CostTerm[]): number => evaluate(totalCost(terms), {});

/** The terms, each so many times as often. */
export const repeated = (terms: readonly CostTerm[], count: IntExpr): readonly CostTerm[] =>
  terms.map((term) => ({ ...term, amount: term.amount.times(count) }));
