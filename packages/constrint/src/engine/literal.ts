/**
 * What a literal says of a variable x and a value v. The negation of a literal is a literal, too.
 *
 * A literal is numbered by its kind: `kind ^ 1` of `atLeast v` is `atMost v − 1`, and `equal` and `notEqual` are each other's
 * negation with the same value.
 */
export const LiteralKind = {
  /** x ≥ v. */
  atLeast: 0,
  /** x ≤ v. */
  atMost: 1,
  /** x = v. */
  equal: 2,
  /** x ≠ v. */
  notEqual: 3,
} as const;

export type LiteralKind = (typeof LiteralKind)[keyof typeof LiteralKind];

/** One atomic statement about a variable. */
export interface Literal {
  readonly kind: LiteralKind;
  readonly variable: number;
  readonly value: number;
}
