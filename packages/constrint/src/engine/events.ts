/**
 * What may happen to a variable, as bits: a propagator names those that wake it.
 *
 * Every narrowing raises `values`; a changed bound raises `min` or `max` too; and reaching a single value raises `fixed`.
 */
export const Events = {
  /** One value is left. */
  fixed: 1,
  /** The smallest value grew. */
  min: 2,
  /** The largest value shrank. */
  max: 4,
  /** The smallest or the largest value changed. */
  bounds: 2 | 4,
  /** The stride grew: the values are known to be sparser. */
  congruence: 8,
  /** Any value was removed. */
  values: 16,
} as const;
