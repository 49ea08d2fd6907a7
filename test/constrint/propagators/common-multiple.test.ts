import fc from "fast-check";
import { expect, test } from "vitest";
import { valueSet } from "../../../packages/constrint/src/domain/int-domain.js";
import { Store } from "../../../packages/constrint/src/engine/store.js";
import { Model, product } from "../../../packages/constrint/src/index.js";
import { keepDivisorsOfValues } from "../../../packages/constrint/src/propagators/arithmetic/common-multiple.js";
import { fixedSeed } from "../random-model.js";
import { valuesOf } from "./harness.js";

test("keeps what divides a value, and nothing that does not divide the multiple of all", () => {
  const values = fc.uniqueArray(fc.integer({ min: -60, max: 60 }), { minLength: 1, maxLength: 4 });
  const range = fc.tuple(fc.integer({ min: -20, max: 10 }), fc.nat(40));
  fc.assert(
    fc.property(values, range, fc.boolean(), (multiples, [min, size], explicit) => {
      const store = new Store();
      const y = store.addVariable(valueSet(multiples));
      const x = store.addVariable({ min, max: min + size });
      if (explicit) store.makeExplicit(x);
      const all = valuesOf(store, x);
      const dividing = all.filter((value) => multiples.some((n) => (value === 0 ? n === 0 : n % value === 0)));
      const left = keepDivisorsOfValues(store, x, y) ? valuesOf(store, x) : [];
      for (const value of dividing) expect(left).toContain(value);
      if (multiples.includes(0) || size === 0) return;
      const product = multiples.reduce((all, n) => all * n, 1);
      for (const value of left) expect(Math.abs(product % value)).toBe(0);
      if (multiples.length === 1) expect(left).toEqual(dividing);
    }),
    { ...fixedSeed(), numRuns: 300 },
  );
});

test("the factors of what divides a number are tried as its divisors only", () => {
  const m = new Model();
  const factors = [m.int("a", 1, 200), m.int("b", 1, 200), m.int("c", 1, 10_000)];
  m.add(product(factors).divides(10_240)); // 2¹¹·5
  const { count, statistics } = m.count({ engine: "depth-first" });
  const divisors = Array.from({ length: 10_240 }, (_, i) => i + 1).filter((d) => 10_240 % d === 0);
  let expected = 0;
  for (const a of divisors.filter((d) => d <= 200)) {
    for (const b of divisors.filter((d) => d <= 200)) {
      for (const c of divisors.filter((d) => d <= 10_000)) if (10_240 % (a * b * c) === 0) expected++;
    }
  }
  expect(count).toBe(expected);
  // A node has two sides, so that a tree without dead ends has twice as many nodes as solutions.
  expect(statistics.nodes).toBeLessThan(2.5 * expected);
});
