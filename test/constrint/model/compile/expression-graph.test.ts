import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  constant,
  evaluate,
  type IntExpr,
  Model,
  max,
  min,
  product,
  sum,
} from "../../../../packages/constrint/src/index.js";
import { asSortedText, bruteForce, buildModel, enumerate, fixedSeed, modelRecipe } from "../../random-model.js";

/** A way to build an expression of variables and of the expressions before it, so that expressions share parts. */
interface Step {
  readonly op: "sum" | "difference" | "product" | "quotient" | "max" | "min";
  readonly left: number;
  readonly right: number;
  readonly factor: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom("sum", "difference", "product", "product", "quotient", "quotient", "max", "min"),
  left: fc.nat(20),
  right: fc.nat(20),
  factor: fc.integer({ min: -3, max: 5 }),
});

const apply = ({ op, factor }: Step, left: IntExpr, right: IntExpr): IntExpr => {
  switch (op) {
    case "sum":
      return sum([left, right.times(factor), factor]);
    case "difference":
      return left.minus(right);
    case "product":
      return product([left, right]);
    case "quotient":
      return left.dividedBy(right);
    case "max":
      return max([left, right, factor]);
    case "min":
      return min([left, right]);
  }
};

/** Variables with small domains, mostly positive ones, formulas of them that share parts, and comparisons of those. */
const formulas = fc.record({
  domains: fc.array(
    fc.oneof(
      fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }),
      fc.uniqueArray(fc.integer({ min: -3, max: 5 }), { minLength: 1, maxLength: 4 }),
    ),
    { minLength: 3, maxLength: 3 },
  ),
  steps: fc.array(step, { minLength: 3, maxLength: 9 }),
  comparisons: fc.array(
    fc.record({
      relation: fc.constantFrom("le", "lt", "ge", "gt", "eq", "ne"),
      left: fc.nat(20),
      right: fc.nat(20),
      bound: fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

function buildFormulas({ domains, steps, comparisons }: typeof formulas extends fc.Arbitrary<infer T> ? T : never) {
  const model = new Model();
  const expressions: IntExpr[] = domains.map((values, i) => model.int(`v${i}`, values));
  const pick = (index: number): IntExpr => expressions[index % expressions.length]!;
  for (const one of steps) expressions.push(apply(one, pick(one.left), pick(one.right)));
  for (const { relation, left, right, bound } of comparisons) {
    model.add(pick(left)[relation](bound === undefined ? pick(right) : bound));
  }
  return { model, objective: expressions.at(-1)! };
}

describe("comparisons in an expression graph", () => {
  it("have the solutions that trying all assignments finds", () => {
    fc.assert(
      fc.property(formulas, (recipe) => {
        const { model } = buildFormulas(recipe);
        const { solutions, status } = enumerate(model, { arithmetic: "graph" });
        expect(status).toBe("complete");
        expect(asSortedText(solutions)).toEqual(asSortedText(bruteForce(model, recipe.domains)));
      }),
      { ...fixedSeed(), numRuns: 300 },
    );
  });

  it("live beside constraints of every other kind", () => {
    fc.assert(
      fc.property(modelRecipe, (recipe) => {
        const { model } = buildModel(recipe);
        const { solutions } = enumerate(model, { arithmetic: "graph" });
        expect(asSortedText(solutions)).toEqual(asSortedText(bruteForce(model, recipe.domains)));
      }),
      { ...fixedSeed(), numRuns: 100 },
    );
  });

  it("keep of a product's factors those that divide what the product divides", () => {
    const factor = fc.record({ variable: fc.nat(2), exponent: fc.integer({ min: 0, max: 2 }), isSum: fc.boolean() });
    const division = fc.record({
      factors: fc.array(factor, { minLength: 1, maxLength: 3 }),
      constant: fc.integer({ min: -3, max: 3 }),
      dividend: fc.constantFrom(-36, -7, 0, 1, 12, 60, 64, 2 ** 53 - 1),
    });
    const systems = fc.record({
      domains: formulas.map(({ domains }) => domains),
      divisions: fc.array(division, { minLength: 1, maxLength: 2 }),
    });
    fc.assert(
      fc.property(systems, ({ domains, divisions }) => {
        const model = new Model();
        const variables = domains.map((values, i) => model.int(`v${i}`, values));
        for (const { factors, constant, dividend } of divisions) {
          const parts = factors.map(({ variable, exponent, isSum }) => {
            const power = variables[variable]!.pow(exponent);
            return isSum ? power.plus(variables[0]!) : power;
          });
          model.add(product([product(parts), constant]).divides(dividend));
        }
        const { solutions } = enumerate(model, { arithmetic: "graph" });
        expect(asSortedText(solutions)).toEqual(asSortedText(bruteForce(model, domains)));
      }),
      { ...fixedSeed(), numRuns: 300 },
    );
    const model = new Model();
    const [x, y, z] = ["x", "y", "z"].map((name) => model.int(name, 1, 1000)) as [IntExpr, IntExpr, IntExpr];
    model.add(product([x, y, z, 8]).divides(8 * 7 * 11 * 13)).add(x.plus(y).ge(92));
    // 1, 7, 11, 13, 77, 91, 143 and 1001 take few decisions; the numbers between them would take hundreds.
    const { solution, statistics } = model.solve({ arithmetic: "graph" });
    expect(solution).toEqual({ x: 1, y: 91, z: 1 });
    expect(statistics.nodes).toBeLessThan(10);
  });

  it("have the optimum that trying all assignments finds", () => {
    fc.assert(
      fc.property(formulas, fc.boolean(), (recipe, isLargest) => {
        const { model, objective } = buildFormulas(recipe);
        const values = bruteForce(model, recipe.domains).flatMap((solution) => {
          try {
            return [evaluate(objective, solution)];
          } catch {
            return []; // divides by 0
          }
        });
        const found = model[isLargest ? "maximize" : "minimize"](objective, { arithmetic: "graph" });
        if (values.length === 0) expect(found.status).toBe("unsatisfiable");
        else {
          expect(found.status).toBe("optimal");
          expect(found.objective).toBe(isLargest ? Math.max(...values) : Math.min(...values));
          expect(evaluate(objective, found.solution!)).toBe(found.objective);
        }
      }),
      { ...fixedSeed(), numRuns: 300 },
    );
  });

  it("need no auxiliary variables: a run is one propagation", () => {
    const model = new Model();
    const [x, y] = [model.int("x", 1, 1000), model.int("y", 1, 1000)];
    model.add(x.times(y).ge(1000)).add(constant(999).dividedBy(x).plus(1).eq(y));
    const cost = sum([x.times(3), y.times(y).times(2)]);
    const [graph, auxiliary] = (["graph", "auxiliary"] as const).map((arithmetic) =>
      model.minimize(cost, { arithmetic }),
    );
    expect(graph!.objective).toBe(auxiliary!.objective);
    expect(graph!.statistics.propagations).toBeLessThan(auxiliary!.statistics.propagations / 2);
  });

  it("that may leave the exact range are translated in the common way", () => {
    const model = new Model();
    const largest = 2 ** 26;
    const [x, y, z] = ["x", "y", "z"].map((name) => model.int(name, 1, largest)) as [IntExpr, IntExpr, IntExpr];
    model
      .add(product([x, y, z]).eq(3 * 5 * 7))
      .add(x.lt(y))
      .add(y.lt(z));
    expect(enumerate(model, { arithmetic: "graph" })).toEqual({
      solutions: [
        { x: 1, y: 3, z: 35 },
        { x: 1, y: 5, z: 21 },
        { x: 1, y: 7, z: 15 },
        { x: 3, y: 5, z: 7 },
      ],
      status: "complete",
    });
  });

  it("that the constraints before them keep in the exact range are in the graph", () => {
    const sized = (least: number): Model => {
      const model = new Model();
      const [x, y, z] = ["x", "y", "z"].map((name) => model.int(name, 1, 2 ** 26)) as [IntExpr, IntExpr, IntExpr];
      model.add(sum([x, y, z]).le(30)).add(product([x, y]).ge(least));
      model.add(sum([product([x, y, z]), x.times(y).times(5)]).ge(least + 300));
      return model;
    };
    // x·y·z + 5·x·y with x + y + z ≤ 30 and x·y ≥ 100: by trying all.
    const solutions: { x: number; y: number; z: number }[] = [];
    for (let x = 1; x <= 30; x++) {
      for (let y = 1; y <= 30; y++) {
        for (let z = 1; x + y + z <= 30; z++) {
          if (x * y >= 100 && x * y * z + 5 * x * y >= 400) solutions.push({ x, y, z });
        }
      }
    }
    const graph = enumerate(sized(100), { arithmetic: "graph" });
    expect(asSortedText(graph.solutions)).toEqual(asSortedText(solutions));
    const { propagations, nodes } = sized(100).count({ arithmetic: "graph" }).statistics;
    expect(propagations).toBeLessThan(1.25 * nodes);
    // Where they leave nothing, that is what the search finds.
    expect(sized(500).solve({ arithmetic: "graph" }).status).toBe("unsatisfiable");
  });

  it("meet bounds that are required of them after they were evaluated", () => {
    const model = new Model();
    const [x, y, z] = ["x", "y", "z"].map((name) => model.int(name, 1, 2 ** 26)) as [IntExpr, IntExpr, IntExpr];
    // The product leaves the exact range until the sum has been evaluated, and the bound on y comes after both.
    model.add(sum([x, y, z]).le(8));
    model.add(product([y.times(y).times(x), y.times(x.times(x))]).le(8)).add(y.eq(4));
    // 64·x³ ≤ 8
    expect(enumerate(model, { arithmetic: "graph" }).solutions).toEqual([]);
  });

  it("divide by what may be 0 as elsewhere: such an assignment is no solution", () => {
    const model = new Model();
    const [x, y] = [model.int("x", 0, 3), model.int("y", 0, 3)];
    model.add(x.dividedBy(y).eq(1));
    expect(asSortedText(enumerate(model, { arithmetic: "graph" }).solutions)).toEqual(
      asSortedText(
        bruteForce(model, [
          [0, 1, 2, 3],
          [0, 1, 2, 3],
        ]),
      ),
    );
  });

  it("is one of the names that there are", () => {
    const options = { arithmetic: "grahp" } as never;
    expect(() => new Model().solve(options)).toThrow(
      expect.objectContaining({ code: "invalid-option", message: "arithmetic: grahp is not one of auxiliary, graph" }),
    );
  });
});
