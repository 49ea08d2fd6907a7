import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds, iff, implies, Model, not } from "../../../packages/constrint/src/index.js";
import { buildConstraint, constraintRecipe, enumerate, fixedSeed } from "../random-model.js";

describe("not, implies and iff", () => {
  test("have the truth tables of logic, whatever divides by 0", () => {
    const model = new Model();
    const variables = ["v0", "v1", "v2"].map((name) => model.int(name, -9, 9));
    const value = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(
        constraintRecipe,
        constraintRecipe,
        fc.record({ v0: value, v1: value, v2: value }),
        (a, b, assignment) => {
          const [first, second] = [buildConstraint(a, variables), buildConstraint(b, variables)];
          const [p, q] = [holds(first, assignment), holds(second, assignment)];
          expect(holds(not(first), assignment)).toBe(!p);
          expect(holds(not(not(first)), assignment)).toBe(p);
          expect(holds(implies(first, second), assignment)).toBe(!p || q);
          expect(holds(iff(first, second), assignment)).toBe(p === q);
        },
      ),
      { ...fixedSeed(), numRuns: 3000 },
    );
  });

  test("a variable can be a constraint's truth value", () => {
    const m = new Model();
    const x = m.int("x", 1, 12);
    const even = m.int("even", 0, 1);
    const large = m.int("large", 0, 1);
    m.add(iff(even.eq(1), x.isMultipleOf(2))).add(iff(large.eq(1), x.ge(7)));
    const { solutions } = enumerate(m);
    expect(solutions).toEqual(
      Array.from({ length: 12 }, (_, i) => ({ x: i + 1, even: (i + 1) % 2 === 0 ? 1 : 0, large: i + 1 >= 7 ? 1 : 0 })),
    );
    m.add(even.plus(large).eq(2));
    expect(enumerate(m).solutions.map((solution) => solution.x)).toEqual([8, 10, 12]);
  });
});
