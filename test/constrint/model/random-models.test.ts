import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, holds, largest, smallest } from "../../../packages/constrint/src/index.js";
import {
  asSortedText,
  bruteForce,
  buildExpression,
  buildModel,
  enumerate,
  expressionRecipe,
  fixedSeed,
  modelRecipe,
} from "../random-model.js";

describe("random small models against brute force", () => {
  test("all solutions, each once", () => {
    fc.assert(
      fc.property(modelRecipe, (recipe) => {
        const { model } = buildModel(recipe);
        const { solutions, status } = enumerate(model);
        expect(status).toBe("complete");
        expect(asSortedText(solutions)).toEqual(asSortedText(bruteForce(model, recipe.domains)));
      }),
      { ...fixedSeed(), numRuns: 1500 },
    );
  });

  test("the first solution is the lexicographic best of the order", () => {
    fc.assert(
      fc.property(modelRecipe, (recipe) => {
        const { model, variables } = buildModel(recipe);
        const [a, b, c] = variables as [(typeof variables)[0], (typeof variables)[0], (typeof variables)[0]];
        const expected = bruteForce(model, recipe.domains).sort(
          (s, t) => t[b.name]! - s[b.name]! || s[c.name]! - t[c.name]! || s[a.name]! - t[a.name]!,
        )[0];
        const result = model.solve({ order: [largest(b), smallest(c)] });
        expect(result.status).toBe(expected === undefined ? "unsatisfiable" : "satisfied");
        expect(result.solution).toEqual(expected);
      }),
      { ...fixedSeed(), numRuns: 1000 },
    );
  });

  test("smallest and largest objective", () => {
    fc.assert(
      fc.property(modelRecipe, expressionRecipe, (recipe, objectiveRecipe) => {
        const { model, variables } = buildModel(recipe);
        const objective = buildExpression(objectiveRecipe, variables);
        // Where the objective divides by 0 it has no value, and the assignment is no solution.
        const values = bruteForce(model, recipe.domains)
          .filter((solution) => holds(objective.eq(objective), solution))
          .map((solution) => evaluate(objective, solution));
        const least = model.minimize(objective);
        const most = model.maximize(objective);
        if (values.length === 0) {
          expect([least.status, most.status]).toEqual(["unsatisfiable", "unsatisfiable"]);
          return;
        }
        expect([least.status, most.status]).toEqual(["optimal", "optimal"]);
        expect([least.objective, most.objective]).toEqual([Math.min(...values), Math.max(...values)]);
        expect(evaluate(objective, least.solution!)).toBe(least.objective);
        expect(evaluate(objective, most.solution!)).toBe(most.objective);
      }),
      { ...fixedSeed(), numRuns: 1000 },
    );
  });
});
