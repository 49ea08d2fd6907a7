import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, holds } from "../../../packages/constrint/src/index.js";
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

describe("learning search against brute force on random small models", () => {
  test("all solutions, each once", () => {
    fc.assert(
      fc.property(modelRecipe, (recipe) => {
        const { model } = buildModel(recipe);
        const { solutions, status } = enumerate(model, { engine: "learning" });
        expect(status).toBe("complete");
        expect(asSortedText(solutions)).toEqual(asSortedText(bruteForce(model, recipe.domains)));
      }),
      { ...fixedSeed(), numRuns: 1500 },
    );
  });

  test("smallest and largest objective", () => {
    fc.assert(
      fc.property(modelRecipe, expressionRecipe, (recipe, objectiveRecipe) => {
        const { model, variables } = buildModel(recipe);
        const objective = buildExpression(objectiveRecipe, variables);
        const values = bruteForce(model, recipe.domains)
          .filter((solution) => holds(objective.eq(objective), solution))
          .map((solution) => evaluate(objective, solution));
        const least = model.minimize(objective, { engine: "learning" });
        const most = model.maximize(objective, { engine: "learning" });
        if (values.length === 0) {
          expect([least.status, most.status]).toEqual(["unsatisfiable", "unsatisfiable"]);
          return;
        }
        expect([least.status, most.status]).toEqual(["optimal", "optimal"]);
        expect([least.objective, most.objective]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
      { ...fixedSeed(), numRuns: 1000 },
    );
  });
});
