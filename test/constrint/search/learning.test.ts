import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allDifferent,
  constant,
  element,
  evaluate,
  holds,
  type IntExpr,
  type IntVar,
  Model,
  or,
  sum,
} from "../../../packages/constrint/src/index.js";
import { FIRST_TURN_WITH_DISJUNCTIONS as FIRST_TURN } from "../../../packages/constrint/src/model/solve-options.js";
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
    expect(conflicts).toBeGreaterThan(500);
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

describe("both engines by turns", () => {
  // A pigeonhole problem, one hole short, takes depth-first search more failures than its first turn has; a disjunction makes
  // that turn short.
  const pigeons = (holes: number): Model => {
    const model = new Model();
    const xs = Array.from({ length: holes + 1 }, (_, i) => model.int(`x${i}`, 1, holes));
    xs.forEach((x, i) => {
      for (const y of xs.slice(0, i)) model.add(x.ne(y));
    });
    model.add(or(xs[0]!.le(xs[1]!), xs[1]!.le(xs[2]!), xs[2]!.le(xs[0]!)));
    return model;
  };

  test("prove the same as one alone, in the same way every time", () => {
    const model = pigeons(7);
    const plain = model.solve({ engine: "depth-first" });
    expect(plain.statistics.failures).toBeGreaterThan(2 * FIRST_TURN.depthFirst);
    const { status, statistics } = model.solve();
    expect([plain.status, status]).toEqual(["unsatisfiable", "unsatisfiable"]);
    const again = model.solve({ engine: "auto" }).statistics;
    const timeless = { seconds: 0, translationSeconds: 0 };
    expect({ ...again, ...timeless }).toEqual({ ...statistics, ...timeless });
    // The second search began: alone, the first one would have the plain search's failures.
    expect(statistics.failures).not.toBe(plain.statistics.failures);
    expect(statistics.failures).toBeGreaterThan(FIRST_TURN.depthFirst);
  });

  test("find the optimum, each solution better than the one before", () => {
    // A Golomb ruler with 8 marks: all differences of two marks differ.
    const model = new Model();
    const marks = Array.from({ length: 8 }, (_, i) => (i === 0 ? constant(0) : model.int(`mark${i}`, i, 60)));
    const differences = marks.flatMap((mark, i) => marks.slice(0, i).map((before) => mark.minus(before)));
    for (let i = 1; i < marks.length; i++) model.add(marks[i - 1]!.lt(marks[i]!));
    differences.forEach((difference, i) => {
      for (const other of differences.slice(0, i)) model.add(difference.ne(other));
    });
    model.add(or(marks[1]!.le(marks[2]!.minus(marks[1]!)), marks[2]!.le(marks[3]!.minus(marks[2]!))));
    const found: number[] = [];
    const { status, objective, statistics } = model.minimize(marks.at(-1)!, {
      onImprovement: (_, length) => found.push(length),
    });
    expect([status, objective]).toEqual(["optimal", 34]);
    expect(statistics.failures).toBeGreaterThan(FIRST_TURN.depthFirst);
    expect(found).toEqual([...new Set(found)].sort((a, b) => b - a));
    expect(found.at(-1)).toBe(objective);
  });

  test("an unknown engine is refused", () => {
    expect(() => pigeons(2).solve({ engine: "quick" as never })).toThrow(
      "engine: quick is not one of auto, depth-first, learning",
    );
  });
});
