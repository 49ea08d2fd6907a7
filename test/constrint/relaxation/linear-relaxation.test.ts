import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allDifferent, largest, Model, max, type OptimizeOptions, sum } from "../../../packages/constrint/src/index.js";
import { linearRelaxation } from "../../../packages/constrint/src/relaxation/index.js";
import { fixedSeed } from "../random-model.js";
import { bruteForceOptimum, libraryOptimum, modelOf, type Recipe, recipes } from "./linear-program.js";

function optimum(recipe: Recipe, options: OptimizeOptions) {
  const { model, expression } = modelOf(recipe);
  return recipe.maximize ? model.maximize(expression, options) : model.minimize(expression, options);
}

describe("random integer linear programs", () => {
  test("have the same optimum by trying all points, with and without the relaxation; its bound is never better", () => {
    let used = 0;
    fc.assert(
      fc.property(recipes(5, 4), (recipe) => {
        const expected = bruteForceOptimum(recipe);
        const plain = optimum(recipe, {});
        const relaxed = optimum(recipe, { relaxation: linearRelaxation });
        for (const result of [plain, relaxed]) {
          expect(result.status).toBe(expected === undefined ? "unsatisfiable" : "optimal");
          expect(result.objective).toBe(expected);
        }
        expect(plain.statistics.relaxation).toBeUndefined();
        const bound = relaxed.statistics.relaxation?.bound;
        if (bound === undefined) return;
        used++;
        if (expected !== undefined) expect(recipe.maximize ? bound >= expected : bound <= expected).toBe(true);
      }),
      { ...fixedSeed(), numRuns: 500 },
    );
    // Otherwise the property above says nothing.
    expect(used).toBeGreaterThan(50);
  });

  test("have the bound of the linear program, rounded to an integer", () => {
    let compared = 0;
    fc.assert(
      fc.property(recipes(6, 5), (recipe) => {
        const { status, statistics } = optimum(recipe, { relaxation: linearRelaxation });
        const oracle = libraryOptimum(recipe, "real");
        if (status !== "optimal" || statistics.relaxation === undefined || oracle === undefined) return;
        compared++;
        // Propagation at the root narrows domains that the oracle does not narrow, so that our bound may be better.
        const { bound } = statistics.relaxation;
        if (recipe.maximize) expect(bound).toBeLessThanOrEqual(Math.floor(oracle + 1e-3));
        else expect(bound).toBeGreaterThanOrEqual(Math.ceil(oracle - 1e-3));
      }),
      { ...fixedSeed(), numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(30);
  });

  test("too large to enumerate agree with javascript-lp-solver's own branch and cut", () => {
    fc.assert(
      fc.property(recipes(10, 3), (recipe) => {
        const expected = libraryOptimum(recipe, "integer");
        const { status, objective } = optimum(recipe, { relaxation: linearRelaxation });
        expect(status).toBe(expected === undefined ? "unsatisfiable" : "optimal");
        if (expected !== undefined) expect(objective).toBeCloseTo(expected, 6);
      }),
      { ...fixedSeed(), numRuns: 60 },
    );
  });
});

/** A knapsack of n items whose profits are close to their weights, where bounds alone prune little. */
function knapsack(n: number) {
  const m = new Model();
  const items = Array.from({ length: n }, (_, i) => m.int(`take${i}`, 0, 1));
  const weights = items.map((_, i) => 20 + ((37 * i) % 89));
  const profits = weights.map((weight, i) => weight + ((13 * i) % 11) - 5);
  m.add(sum(items.map((x, i) => x.times(weights[i]!))).le(Math.floor(weights.reduce((a, b) => a + b) / 2)));
  return { m, items, profit: sum(items.map((x, i) => x.times(profits[i]!))), weights, profits };
}

describe("a knapsack", () => {
  test("has the optimum of dynamic programming, proved in a tenth of the nodes", () => {
    const { m, profit, weights, profits } = knapsack(18);
    const capacity = Math.floor(weights.reduce((a, b) => a + b) / 2);
    const best = new Array<number>(capacity + 1).fill(0);
    weights.forEach((weight, i) => {
      for (let room = capacity; room >= weight; room--) {
        best[room] = Math.max(best[room]!, best[room - weight]! + profits[i]!);
      }
    });
    const plain = m.maximize(profit);
    const relaxed = m.maximize(profit, { relaxation: linearRelaxation });
    expect(relaxed.objective).toBe(best[capacity]);
    expect(plain.objective).toBe(best[capacity]);
    expect(10 * relaxed.statistics.nodes).toBeLessThan(plain.statistics.nodes);
    expect(relaxed.statistics.relaxation?.constraints).toBeGreaterThanOrEqual(1);
  });

  test("is decided in the given order where there is one", () => {
    const { m, items, profit } = knapsack(12);
    let first: readonly number[] | undefined;
    m.maximize(profit, {
      relaxation: linearRelaxation,
      order: items.map(largest),
      onImprovement: (solution) => {
        first ??= items.map(({ name }) => solution[name]!);
      },
    });
    const { solution } = m.solve({ order: items.map(largest) });
    expect(first).toEqual(items.map(({ name }) => solution![name]!));
  });

  test("stops at its time limit before the relaxation begins", () => {
    const { m, profit } = knapsack(12);
    const result = m.maximize(profit, { relaxation: linearRelaxation, timeLimitSeconds: 0 });
    expect(result.status).toBe("unknown");
  });
});

describe("no relaxation is used", () => {
  const options = { relaxation: linearRelaxation } as const;

  test("for an objective that is no sum", () => {
    const m = new Model();
    const x = [1, 2, 3, 4].map((i) => m.int(`x${i}`, 0, 5));
    m.add(sum(x).ge(9)).add(allDifferent(x));
    const result = m.minimize(max(x), options);
    expect(result.objective).toBe(4);
    expect(result.statistics.relaxation).toBeUndefined();
  });

  test("for a sum whose terms nothing ties together", () => {
    const m = new Model();
    const x = [1, 2, 3, 4, 5].map((i) => m.int(`x${i}`, i, 9));
    const result = m.minimize(sum(x), options);
    expect(result.objective).toBe(15);
    expect(result.statistics.relaxation).toBeUndefined();
  });

  test("where propagation knows the same bound", () => {
    const m = new Model();
    const x = [1, 2, 3, 4, 5].map((i) => m.int(`x${i}`, 0, 9));
    m.add(sum(x.slice(0, 2)).ge(0)).add(x[0]!.plus(x[1]!).le(20));
    const result = m.maximize(sum(x), options);
    expect(result.objective).toBe(45);
    expect(result.statistics.relaxation).toBeUndefined();
  });
});

test("a variable too large for the simplex method leaves the optimum exact", () => {
  const huge = 2 ** 52;
  const m = new Model();
  const x = [huge, 1, 1, 1, 1].map((limit, i) => m.int(`x${i}`, 0, limit));
  m.add(sum(x).le(huge)).add(x[1]!.plus(x[2]!).le(1));
  const result = m.maximize(sum(x.map((xi, i) => xi.times(i + 1))), {
    relaxation: linearRelaxation,
    order: x.map(largest),
  });
  // x₂ … x₄ are worth more than the unit of x₀ that each of them takes; x₁ excludes the better x₂.
  expect(result.objective).toBe(huge - 3 + 3 + 4 + 5);
});

describe("asynchronous questions", () => {
  test("load the relaxation by themselves where the objective is a sum under linear constraints, and only there", async () => {
    const { m, profit } = knapsack(18);
    const expected = m.maximize(profit).objective;
    const byDefault = await m.maximizeAsync(profit);
    expect(byDefault).toMatchObject({ status: "optimal", objective: expected });
    expect(byDefault.statistics.relaxation?.bound).toBeGreaterThanOrEqual(expected!);
    const without = await m.maximizeAsync(profit, { relaxation: false });
    expect(without).toMatchObject({ status: "optimal", objective: expected });
    expect(without.statistics.relaxation).toBeUndefined();

    const other = new Model();
    const x = other.int("x", 1, 9);
    expect((await other.minimizeAsync(x)).statistics.relaxation).toBeUndefined();
  });

  test("give way to other work", async () => {
    const { m, profit } = knapsack(60); // hours without the relaxation
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 0);
    const result = await m.maximizeAsync(profit, { relaxation: false, signal: stop.signal });
    expect(result.status).toBe("satisfied");
  });
});
