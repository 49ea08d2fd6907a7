/** Numbers above this are not factorised: trial division up to the square root must stay within milliseconds. @internal */
export const FACTORISATION_LIMIT = 2 ** 40;

const cache = new Map<number, Float64Array>();
const CACHE_SIZE = 1024;

/**
 * All positive divisors of |value|, ascending.
 *
 * @param value an integer ≠ 0 with |value| ≤ {@link FACTORISATION_LIMIT}
 * @internal
 */
export function divisors(value: number): Float64Array {
  const n = Math.abs(value);
  const known = cache.get(n);
  if (known !== undefined) return known;
  let found = [1];
  let rest = n;
  for (let prime = 2; prime * prime <= rest; prime += prime === 2 ? 1 : 2) {
    let powerOfPrime = 1;
    const before = found;
    while (rest % prime === 0) {
      rest /= prime;
      powerOfPrime *= prime;
      found = found.concat(before.map((divisor) => divisor * powerOfPrime));
    }
  }
  if (rest > 1) found = found.concat(found.map((divisor) => divisor * rest));
  const result = Float64Array.from(found).sort();
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(n, result);
  return result;
}

/** All divisors of a value ≠ 0, negative ones too, ascending. @internal */
export function signedDivisors(value: number): Float64Array {
  const positive = divisors(value);
  const result = new Float64Array(2 * positive.length);
  for (let i = 0; i < positive.length; i++) {
    result[positive.length - 1 - i] = -positive[i]!;
    result[positive.length + i] = positive[i]!;
  }
  return result;
}
