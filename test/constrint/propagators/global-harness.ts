import fc from "fast-check";
import { expect } from "vitest";
import { type Constraint, type IntVar, Model } from "../../../packages/constrint/src/index.js";
import { asSortedText, bruteForce, enumerate, expressionRecipe, fixedSeed } from "../random-model.js";

const VARIABLES = 3;

const domains = fc.array(
  fc.oneof(
    fc.uniqueArray(fc.integer({ min: -4, max: 7 }), { minLength: 1, maxLength: 5 }),
    fc
      .tuple(fc.integer({ min: -3, max: 2 }), fc.integer({ min: 1, max: 6 }))
      .map(([low, size]) => Array.from({ length: size }, (_, i) => low + i)),
  ),
  { minLength: VARIABLES, maxLength: VARIABLES },
);

/** A variable, a variable plus a constant, or any expression. */
export const operand = fc.oneof(
  fc.record({ op: fc.constant("variable" as const), index: fc.nat(VARIABLES - 1) }),
  fc.record({ index: fc.nat(VARIABLES - 1), value: fc.integer({ min: -2, max: 2 }) }).map(({ index, value }) => ({
    op: "sum" as const,
    of: [
      { op: "variable" as const, index },
      { op: "constant" as const, value },
    ],
  })),
  { weight: 1, arbitrary: expressionRecipe },
);

/** Compares all solutions of a model that has only this constraint with brute force. */
export function forAllModels<T>(
  recipe: fc.Arbitrary<T>,
  build: (recipe: T, variables: readonly IntVar[]) => Constraint,
  numRuns = 300,
): void {
  fc.assert(
    fc.property(domains, recipe, (values, constraintRecipe) => {
      const model = new Model();
      const variables = values.map((list, i) => model.int(`v${i}`, list));
      model.add(build(constraintRecipe, variables));
      const { solutions, status } = enumerate(model);
      expect(status).toBe("complete");
      expect(asSortedText(solutions)).toEqual(asSortedText(bruteForce(model, values)));
    }),
    { ...fixedSeed(), numRuns },
  );
}
