/**
 * Exact integer arithmetic on doubles.
 *
 * Every exact value lies in ±(2^53 − 1). A bound of an auxiliary variable may lie outside: an upper bound beyond the range
 * is +∞, a lower bound beyond it is {@link BEYOND} (2^53: "at least 2^53", which is still a sound lower bound), and the
 * mirror images on the negative side. The functions {@link lowerBound} and {@link upperBound} round outward to that set.
 *
 * @internal
 */

/** The largest exact integer, 2^53 − 1. */
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/** The inner bound of a value too large to represent: 2^53. */
export const BEYOND = MAX_INTEGER + 1;

/** A sound lower bound for a product or sum computed in doubles, whose result is exact while it stays within the range. */
export function lowerBound(value: number): number {
  if (value >= BEYOND) return BEYOND;
  if (value <= -BEYOND) return -Infinity;
  return value;
}

/** A sound upper bound, see {@link lowerBound}. */
export function upperBound(value: number): number {
  if (value >= BEYOND) return Infinity;
  if (value <= -BEYOND) return -BEYOND;
  return value;
}

/** Whether a value is an integer within the exact range. */
export function isExact(value: number): boolean {
  return Number.isSafeInteger(value);
}

/**
 * ⌊a / b⌋ for b ≠ 0.
 *
 * Exact for |a|, |b| ≤ 2^53: the quotient is at least 1/|b| away from the next integer above, and rounding moves it by less
 * than that. Infinite a keep their sign.
 */
export function floorDivide(a: number, b: number): number {
  return Math.floor(a / b) + 0; // + 0 turns -0 into 0
}

/** ⌈a / b⌉ for b ≠ 0, with the exactness of {@link floorDivide}. */
export function ceilDivide(a: number, b: number): number {
  return Math.ceil(a / b) + 0;
}

/** The remainder of truncating division, with the sign of a; exact for exact a and b ≠ 0. */
export function remainder(a: number, b: number): number {
  return a - Math.trunc(a / b) * b;
}

/** The remainder in 0 … m − 1 for m ≥ 1; exact for exact a. */
export function modulo(a: number, m: number): number {
  const r = a - Math.trunc(a / m) * m;
  return r < 0 ? r + m : r;
}

/** The greatest common divisor, ≥ 0; gcd(0, 0) = 0. */
export function gcd(a: number, b: number): number {
  let x = Math.abs(a);
  let y = Math.abs(b);
  while (y !== 0) {
    const r = x - Math.floor(x / y) * y;
    x = y;
    y = r;
  }
  return x;
}

/** base^exponent in doubles for an integer exponent ≥ 0 (0^0 = 1): exact while within the range, else at least 2^53 in size. */
export function power(base: number, exponent: number): number {
  if (exponent === 2) return base * base;
  let result = 1;
  for (let i = 0; i < exponent; i++) {
    result *= base;
    // Powers of 0, 1 and −1 stay small for ever; all others leave the range within 53 steps, and keep the sign beyond it.
    if (result === 0 || result === 1) {
      if (base === 0 || base === 1) return result;
      return exponent % 2 === 0 ? 1 : -1;
    }
    if (!Number.isFinite(result)) return base < 0 && exponent % 2 === 1 ? -Infinity : Infinity;
  }
  return result;
}

/** ⌊value^(1/exponent)⌋ for value ≥ 0, which may be infinite, and exponent ≥ 1. */
export function floorRoot(value: number, exponent: number): number {
  if (exponent === 1 || value === 0 || value === Infinity) return value;
  let root = exponent === 2 ? Math.floor(Math.sqrt(value)) : Math.round(value ** (1 / exponent));
  while (power(root, exponent) > value) root--;
  while (power(root + 1, exponent) <= value) root++;
  return root;
}

/** ⌈value^(1/exponent)⌉ for value ≥ 0, which may be infinite, and exponent ≥ 1. */
export function ceilRoot(value: number, exponent: number): number {
  const root = floorRoot(value, exponent);
  return power(root, exponent) === value ? root : root + 1;
}
