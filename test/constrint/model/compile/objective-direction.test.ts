import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, Model, max, product, sum } from "../../../../packages/constrint/src/index.js";
import { directionsOf } from "../../../../packages/constrint/src/model/compile/objective-direction.js";
import { buildExpression, expressionRecipe, fixedSeed } from "../../random-model.js";

describe("the direction of an objective", () => {
  test("follows the form of the expression", () => {
    const m = new Model();
    const [a, b, c] = [m.int("a", 0, 9), m.int("b", -3, 9), m.int("c", 1, 9)];
    const directions = (expression: Parameters<typeof directionsOf>[0]) =>
      Object.fromEntries([...directionsOf(expression)].map(([{ name }, direction]) => [name, direction]));
    expect(directions(a.times(3).minus(b))).toEqual({ a: 1, b: -1 });
    expect(directions(product([a, c, -2]))).toEqual({ a: -1, c: -1 });
    expect(directions(product([a, b]))).toEqual({}); // b may be negative
    expect(directions(sum([a, a.times(-1), c.pow(2), b.pow(3)]))).toEqual({ b: 1, c: 1 });
    expect(directions(sum([c, b.pow(2), b.pow(3)]))).toEqual({ c: 1 });
    expect(directions(max([a, c.dividedBy(-2)]))).toEqual({ a: 1, c: -1 });
  });

  test("is never wrong where it claims one", () => {
    fc.assert(
      fc.property(
        expressionRecipe,
        fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 5 })), { minLength: 3, maxLength: 3 }),
        fc.nat({ max: 2 }),
        (recipe, domains, moved) => {
          const m = new Model();
          const variables = domains.map(([low, size], i) => m.int(`v${i}`, low, low + size + 1));
          const expression = buildExpression(recipe, variables);
          const direction = directionsOf(expression).get(variables[moved]!);
          if (direction === undefined) return;
          const before = Object.fromEntries(variables.map(({ name, domain }) => [name, domain.min]));
          let from: number;
          let to: number;
          try {
            from = evaluate(expression, before);
            to = evaluate(expression, { ...before, [`v${moved}`]: before[`v${moved}`]! + 1 });
          } catch {
            return; // division by zero, or beyond the exact range
          }
          expect((to - from) * direction).toBeGreaterThanOrEqual(0);
        },
      ),
      { ...fixedSeed(), numRuns: 2000 },
    );
  });

  test("leads a maximisation straight to its optimum", () => {
    const m = new Model();
    const x = m.int("x", 0, 1_000_000);
    const y = m.int("y", 0, 1_000_000);
    m.add(x.plus(y).le(1_500_000));
    const result = m.maximize(x.times(2).plus(y));
    expect(result).toMatchObject({ status: "optimal", objective: 2_500_000, solution: { x: 1_000_000, y: 500_000 } });
    expect(result.statistics.nodes).toBeLessThan(10);
  });
});
