import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Model } from "../../../packages/constrint/src/index.js";
import { directionsOf } from "../../../packages/constrint/src/model/compile/objective-direction.js";
import { evaluate } from "../../../packages/constrint/src/model/evaluate.js";
import { type IntExpr, sum } from "../../../packages/constrint/src/model/expression.js";
import { fixedSeed } from "../random-model.js";

describe("sums of sums", () => {
  test("of any depth, built term by term", () => {
    const m = new Model();
    const x = m.int("x", 0, 9);
    const y = m.int("y", 0, 3);
    let expression: IntExpr = x;
    for (let i = 0; i < 20_000; i++) expression = expression.plus(i % 2 === 0 ? y : x);
    m.add(expression.eq(10_001 * 7 + 10_000 * 2));
    expect(m.solve().solution).toEqual({ x: 7, y: 2 });
    expect(m.minimize(expression).objective).toBe(10_001 * 7 + 10_000 * 2);
    expect(evaluate(expression, { x: 1, y: -1 })).toBe(1);
    expect(directionsOf(expression).get(y)).toBe(1);
  });

  test("shared ones count as often as they occur", () => {
    const m = new Model();
    const x = m.int("x", -5, 5);
    let expression: IntExpr = x.plus(1);
    for (let i = 0; i < 40; i++) expression = expression.plus(expression);
    m.add(expression.eq(3 * 2 ** 40));
    expect(m.solve().solution).toEqual({ x: 2 });
    expect(evaluate(expression, { x: -1 })).toBe(0);
  });

  test("have the sum of their parts' values", () => {
    const names = ["a", "b", "c"];
    const declared = new Model();
    const variables = names.map((name) => declared.int(name, -9, 9));
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 }),
        (rows, values) => {
          // Each row adds up some of the variables and of the sums before it.
          const expressions: IntExpr[] = [...variables];
          const expected = [...values];
          for (const row of rows) {
            const parts = row.map((part) => part % expressions.length);
            expressions.push(sum(parts.map((part) => expressions[part]!)));
            expected.push(parts.reduce((total, part) => total + expected[part]!, 0));
          }
          const assignment = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
          expect(evaluate(expressions.at(-1)!, assignment)).toBe(expected.at(-1));
          const own = new Model();
          const fixed = names.map((name, i) => own.int(name, [values[i]!]));
          const rebuilt: IntExpr[] = [...fixed];
          for (const row of rows) rebuilt.push(sum(row.map((part) => rebuilt[part % rebuilt.length]!)));
          const result = own.int("result", -40_000, 40_000);
          own.add(result.eq(rebuilt.at(-1)!));
          expect(own.solve().solution?.result).toBe(expected.at(-1));
        },
      ),
      { ...fixedSeed(), numRuns: 200 },
    );
  });
});
