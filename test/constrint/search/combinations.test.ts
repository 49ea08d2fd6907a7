import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type EnumerateOptions,
  type Model,
  type RestartOptions,
  type SolveOptions,
  VALUE_CHOICES,
  VARIABLE_CHOICES,
  type ValueChoice,
  type VariableChoice,
} from "../../../packages/constrint/src/index.js";
import { asSortedText, bruteForce, buildModel, enumerate, fixedSeed, modelRecipe } from "../random-model.js";

/** Restarts so early that small models have some. */
const restarts: fc.Arbitrary<RestartOptions | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ sequence: fc.constantFrom("luby", "linear", "constant"), scale: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ sequence: fc.constant("geometric" as const), scale: fc.constant(1), base: fc.constant(1.5) }),
);

interface Choices {
  readonly restarts: RestartOptions | undefined;
  readonly seed: number;
  readonly choose: VariableChoice;
  readonly value: ValueChoice;
  /** How many of the variables are decided by the choices; the others follow. */
  readonly chosen: number;
}

const choices: fc.Arbitrary<Choices> = fc.record({
  restarts,
  seed: fc.integer({ min: 0, max: 1000 }),
  choose: fc.constantFrom(...VARIABLE_CHOICES),
  value: fc.constantFrom(...VALUE_CHOICES),
  chosen: fc.integer({ min: 0, max: 3 }),
});

function optionsFor(model: Model, { choose, value, chosen, ...rest }: Choices): SolveOptions {
  return { ...rest, branching: [{ variables: model.variables.slice(0, chosen), choose, value }] };
}

test("every combination of choices, restarts and seed enumerates what brute force finds", () => {
  fc.assert(
    fc.property(modelRecipe, choices, (recipe, choice) => {
      const { model } = buildModel(recipe);
      const options: EnumerateOptions = optionsFor(model, choice);
      const { solutions, status } = enumerate(model, options);
      expect(status).toBe("complete");
      expect(asSortedText(solutions)).toEqual(asSortedText(bruteForce(model, recipe.domains)));
    }),
    { ...fixedSeed(), numRuns: 600 },
  );
});

test("every combination proves the optimum that brute force finds", () => {
  fc.assert(
    fc.property(modelRecipe, choices, fc.boolean(), (recipe, choice, maximize) => {
      const { model, variables } = buildModel(recipe);
      const objective = variables[0]!.times(3).minus(variables[1]!).plus(variables[2]!.times(variables[2]!));
      const objectiveOf = ({ v0, v1, v2 }: Readonly<Record<string, number>>): number => 3 * v0! - v1! + v2! * v2!;
      const all = bruteForce(model, recipe.domains).map(objectiveOf);
      const result = model[maximize ? "maximize" : "minimize"](objective, optionsFor(model, choice));
      expect(result.status).toBe(all.length === 0 ? "unsatisfiable" : "optimal");
      if (result.solution === undefined) return;
      expect(result.objective).toBe(maximize ? Math.max(...all) : Math.min(...all));
      expect(objectiveOf(result.solution)).toBe(result.objective);
    }),
    { ...fixedSeed(), numRuns: 300 },
  );
});
