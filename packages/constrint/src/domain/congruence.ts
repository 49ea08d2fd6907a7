import { gcd, MAX_INTEGER, modulo } from "./integers.js";

/**
 * Congruences x ≡ offset (mod stride).
 *
 * stride 0 stands for the single value offset, stride 1 for all integers. For stride ≥ 2 the offset lies in 0 … stride − 1.
 *
 * @internal
 */
export interface Congruence {
  stride: number;
  offset: number;
}

/** Moduli above this are not combined: products of two residues must stay exact. */
export const MAX_STRIDE = 2 ** 26;

/** The inverse of a modulo m for gcd(a, m) = 1 and m ≤ {@link MAX_STRIDE}. */
export function inverseModulo(a: number, m: number): number {
  let [r0, r1] = [m, modulo(a, m)];
  let [s0, s1] = [0, 1];
  while (r1 !== 0) {
    const q = Math.floor(r0 / r1);
    [r0, r1] = [r1, r0 - q * r1];
    [s0, s1] = [s1, s0 - q * s1];
  }
  return modulo(s0, m);
}

/**
 * Intersects x ≡ offset (mod stride), both strides ≥ 1, into `into` by the Chinese remainder theorem.
 *
 * @returns false when there is no common integer. Leaves `into` as it was, which is sound, where the combined stride would
 * exceed {@link MAX_STRIDE}.
 */
export function intersectCongruence(into: Congruence, stride: number, offset: number): boolean {
  const common = gcd(into.stride, stride);
  if (modulo(offset - into.offset, common) !== 0) return false;
  if (common === stride) return true;
  const combined = (into.stride / common) * stride;
  if (combined > MAX_STRIDE) return true;
  // into.offset + into.stride·k ≡ offset (mod stride)  ⇒  k ≡ (offset − into.offset)/common · (into.stride/common)⁻¹
  const m = stride / common;
  const k = modulo(modulo((offset - into.offset) / common, m) * inverseModulo(modulo(into.stride / common, m), m), m);
  into.offset = modulo(into.offset + into.stride * k, combined);
  into.stride = combined;
  return true;
}

/**
 * Replaces `into`, the congruence of x, by that of x·y, where y ≡ offset (mod stride): the products
 * (s₁k + o₁)(s₂m + o₂) are congruent to o₁o₂ modulo gcd(s₁s₂, s₁o₂, s₂o₁). Falls back to all integers on overflow.
 */
export function multiplyCongruence(into: Congruence, stride: number, offset: number): void {
  const a = into.stride * stride;
  const b = into.stride * offset;
  const c = stride * into.offset;
  const d = into.offset * offset;
  if (a > MAX_INTEGER || Math.abs(b) > MAX_INTEGER || Math.abs(c) > MAX_INTEGER || Math.abs(d) > MAX_INTEGER) {
    into.stride = 1;
    into.offset = 0;
    return;
  }
  const product = gcd(gcd(a, b), c);
  into.stride = product;
  into.offset = product === 0 ? d : modulo(d, product);
}
