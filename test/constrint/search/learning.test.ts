import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allDifferent,
  element,
  evaluate,
  holds,
  type IntExpr,
  type IntVar,
  Model,
  or,
  sum,
} from "../../../packages/constrint/src/index.js";
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
      { ...fixedSeed(), numRuns: 500 },
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
      { ...fixedSeed(), numRuns: 400 },
    );
  });
});

/** A model with more variables and constraints than brute force could enumerate, so that conflicts have depth. */
const denseModel = fc.record({
  size: fc.integer({ min: 6, max: 10 }),
  width: fc.integer({ min: 2, max: 7 }),
  constraints: fc.array(
    fc.record({
      kind: fc.constantFrom("sum", "sum", "ne", "product", "precedence", "different", "element", "equal", "divides"),
      at: fc.array(fc.nat(100), { minLength: 5, maxLength: 5 }),
      coefficients: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 }),
      value: fc.integer({ min: -4, max: 14 }),
    }),
    { minLength: 5, maxLength: 14 },
  ),
});

type DenseModel = typeof denseModel extends fc.Arbitrary<infer T> ? T : never;

function buildDense({ size, width, constraints }: DenseModel): { model: Model; objective: IntExpr } {
  const model = new Model();
  const xs = Array.from({ length: size }, (_, i) => model.int(`x${i}`, 0, width));
  for (const { kind, at, coefficients, value } of constraints) {
    const [a, b, c, d, e] = at.map((i) => xs[i % size]!) as [IntVar, IntVar, IntVar, IntVar, IntVar];
    const [p, q, r] = coefficients as [number, number, number];
    const linear = sum([a.times(p), b.times(q), c.times(r)]);
    if (kind === "sum") model.add(linear.le(value));
    else if (kind === "equal") model.add(linear.eq(value));
    else if (kind === "ne") model.add(a.plus(value - 5).ne(b));
    else if (kind === "product") model.add(a.times(b).ge(c.plus(value)));
    else if (kind === "divides") model.add(a.plus(1).divides(b.plus(value)));
    else if (kind === "precedence") model.add(or(a.plus(2).le(b), b.plus(3).le(a), c.plus(d).eq(value)));
    else if (kind === "element") model.add(element([b, c, value, d], a, e));
    else model.add(allDifferent([...new Set([a, b, c])]));
  }
  return { model, objective: sum(xs.map((x, i) => x.times((i % 3) - 1))) };
}

describe("learning search and depth-first search agree", () => {
  test("whether there is a solution, and the optimum", () => {
    let unsatisfiable = 0;
    let conflicts = 0;
    fc.assert(
      fc.property(denseModel, (recipe) => {
        const { model, objective } = buildDense(recipe);
        const plain = model.minimize(objective);
        const learned = model.minimize(objective, { engine: "learning" });
        expect([learned.status, learned.objective]).toEqual([plain.status, plain.objective]);
        if (plain.status === "unsatisfiable") unsatisfiable++;
        conflicts += learned.statistics.failures;
      }),
      { ...fixedSeed(), numRuns: 500 },
    );
    // The models are hard enough to say something.
    expect(unsatisfiable).toBeGreaterThan(40);
    expect(conflicts).toBeGreaterThan(1000);
  });

  test("how many solutions there are", () => {
    fc.assert(
      fc.property(denseModel, (recipe) => {
        const { model } = buildDense(recipe);
        const plain = model.count({ limit: 300 });
        const learned = model.count({ limit: 300, engine: "learning" });
        expect([learned.status, learned.count]).toEqual([plain.status, plain.count]);
      }),
      { ...fixedSeed(), numRuns: 200 },
    );
  });
});
