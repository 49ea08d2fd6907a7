import fc from "fast-check";
import { expect, test } from "vitest";
import { Model, product } from "../../../../packages/constrint/src/index.js";
import { fixedSeed } from "../../random-model.js";

test("a·b = p with a | b, of any sign and with zeros, has the solutions that trying all finds", () => {
  const range = fc
    .tuple(fc.integer({ min: -6, max: 8 }), fc.nat(9))
    .map(([min, size]) => ({ min, max: Math.min(min + size, 12) }));
  fc.assert(
    fc.property(range, range, fc.uniqueArray(fc.integer({ min: -40, max: 60 }), { minLength: 1 }), (a, b, results) => {
      const m = new Model();
      const [x, y, z] = [m.int("a", a.min, a.max), m.int("b", b.min, b.max), m.int("p", results)];
      m.add(x.times(y).eq(z));
      m.add(y.isMultipleOf(x));
      let count = 0;
      for (let i = a.min; i <= a.max; i++) {
        for (let j = b.min; j <= b.max; j++) {
          if (results.some((value) => value === i * j) && (i === 0 ? j === 0 : j % i === 0)) count++;
        }
      }
      for (const engine of ["depth-first", "learning"] as const) expect(m.count({ engine }).count).toBe(count);
    }),
    { ...fixedSeed(), numRuns: 100 },
  );
});

test("a·b·c = N with a | b tries for a only what squared divides N", () => {
  const m = new Model();
  const N = 720_720; // 2⁴·3²·5·7·11·13: its square divisors are those of 12
  const [a, b, c] = [m.int("a", 1, N), m.int("b", 1, N), m.int("c", 1, N)];
  m.add(product([a, b, c]).eq(N));
  m.add(b.isMultipleOf(a));
  const { count, statistics } = m.count({ engine: "depth-first" });
  let expected = 0;
  for (let i = 1; i * i <= N; i++) for (let j = i; i * j <= N; j += i) if (N % (i * j) === 0) expected++;
  expect(count).toBe(expected);
  expect(statistics.failures).toBe(0);
});
