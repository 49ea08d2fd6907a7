import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  intersectCongruence,
  inverseModulo,
  multiplyCongruence,
} from "../../../packages/constrint/src/domain/congruence.js";
import { divisors, signedDivisors } from "../../../packages/constrint/src/domain/divisors.js";
import {
  BEYOND,
  ceilDivide,
  ceilRoot,
  floorDivide,
  floorRoot,
  gcd,
  lowerBound,
  modulo,
  power,
  remainder,
  upperBound,
} from "../../../packages/constrint/src/domain/integers.js";
import { fixedSeed } from "../random-model.js";

const exact = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -50, max: 50 }));
const nonZero = exact.filter((value) => value !== 0);
const runs = { ...fixedSeed(), numRuns: 5000 };

describe("exact arithmetic against BigInt", () => {
  test("division, remainder and gcd over the whole range", () => {
    fc.assert(
      fc.property(exact, nonZero, (a, b) => {
        const [n, d] = [BigInt(a), BigInt(b)];
        const truncated = n / d;
        const floor = n % d !== 0n && n < 0n !== d < 0n ? truncated - 1n : truncated;
        expect(floorDivide(a, b)).toBe(Number(floor));
        expect(ceilDivide(a, b)).toBe(Number(n % d === 0n ? floor : floor + 1n));
        expect(remainder(a, b) + 0).toBe(Number(n % d));
        const m = Math.abs(b);
        expect(modulo(a, m) + 0).toBe(Number(((n % BigInt(m)) + BigInt(m)) % BigInt(m)));
        const g = gcd(a, b);
        expect([BigInt(a) % BigInt(g), BigInt(b) % BigInt(g)]).toEqual([0n, 0n]);
        expect(gcd(a / g, b / g)).toBe(1);
      }),
      runs,
    );
  });

  test("quotients that round up to the next integer in doubles", () => {
    // 9007199254740991 / 9007199254740990 is 1.0000000000000001…, and its negative floor is −2.
    const max = Number.MAX_SAFE_INTEGER;
    expect([floorDivide(max, max - 1), ceilDivide(max, max - 1), floorDivide(-max, max - 1)]).toEqual([1, 2, -2]);
    expect(floorDivide(max - 1, max)).toBe(0);
    expect(Object.is(floorDivide(0, -5), 0)).toBe(true);
  });

  test("powers and roots", () => {
    fc.assert(
      fc.property(fc.integer({ min: -3000, max: 3000 }), fc.integer({ min: 0, max: 60 }), (base, exponent) => {
        const expected = BigInt(base) ** BigInt(exponent);
        const found = power(base, exponent);
        if (expected <= BigInt(BEYOND - 1) && expected >= -BigInt(BEYOND - 1)) expect(found).toBe(Number(expected));
        else expect(Math.abs(found) >= BEYOND && found > 0 === expected > 0n).toBe(true);
      }),
      runs,
    );
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 53 }), (signed, exponent) => {
        const value = Math.abs(signed);
        const root = BigInt(floorRoot(value, exponent));
        expect(root ** BigInt(exponent) <= BigInt(value) && (root + 1n) ** BigInt(exponent) > BigInt(value)).toBe(true);
        const above = BigInt(ceilRoot(value, exponent));
        expect(above ** BigInt(exponent) >= BigInt(value)).toBe(true);
        expect(above === 0n || (above - 1n) ** BigInt(exponent) < BigInt(value)).toBe(true);
      }),
      runs,
    );
  });

  test("bounds are rounded outward", () => {
    expect([lowerBound(2 ** 60), lowerBound(-(2 ** 60)), lowerBound(7)]).toEqual([BEYOND, -Infinity, 7]);
    expect([upperBound(2 ** 60), upperBound(-(2 ** 60)), upperBound(7)]).toEqual([Infinity, -BEYOND, 7]);
  });
});

describe("congruences and divisors against listing", () => {
  const congruence = fc
    .integer({ min: 1, max: 24 })
    .chain((stride) => fc.record({ stride: fc.constant(stride), offset: fc.nat(stride - 1) }));
  const members = ({ stride, offset }: { stride: number; offset: number }, x: number): boolean =>
    stride === 0 ? x === offset : modulo(x - offset, stride) === 0;

  test("intersection", () => {
    fc.assert(
      fc.property(congruence, congruence, (a, b) => {
        const into = { ...a };
        const common = Array.from({ length: 1000 }, (_, x) => x - 500).filter((x) => members(a, x) && members(b, x));
        expect(intersectCongruence(into, b.stride, b.offset)).toBe(common.length > 0);
        if (common.length === 0) return;
        expect(common).toEqual(Array.from({ length: 1000 }, (_, x) => x - 500).filter((x) => members(into, x)));
      }),
      { ...fixedSeed(), numRuns: 500 },
    );
  });

  test("product", () => {
    const orFixed = fc.oneof(
      congruence,
      fc.record({ stride: fc.constant(0), offset: fc.integer({ min: -9, max: 9 }) }),
    );
    fc.assert(
      fc.property(orFixed, orFixed, (a, b) => {
        const into = { ...a };
        multiplyCongruence(into, b.stride, b.offset);
        const values = [-3, -2, -1, 0, 1, 2, 3];
        for (const i of values) {
          for (const j of values) {
            expect(members(into, (a.stride * i + a.offset) * (b.stride * j + b.offset))).toBe(true);
          }
        }
      }),
      { ...fixedSeed(), numRuns: 500 },
    );
  });

  test("inverses", () => {
    for (let m = 2; m < 40; m++) {
      for (let a = 1; a < m; a++) if (gcd(a, m) === 1) expect((a * inverseModulo(a, m)) % m).toBe(1);
    }
  });

  test("divisors", () => {
    for (let n = 1; n <= 400; n++) {
      const expected = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
      expect([...divisors(n)]).toEqual(expected);
      expect([...signedDivisors(-n)]).toEqual([...expected.map((d) => -d).reverse(), ...expected]);
    }
    // 720720 = 2⁴·3²·5·7·11·13 has 5·3·2·2·2·2 divisors.
    expect(divisors(720720).length).toBe(240);
    expect(divisors(2 ** 40).length).toBe(41);
  });
});
