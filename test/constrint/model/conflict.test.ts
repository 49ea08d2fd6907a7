import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allDifferent,
  type IntVar,
  Model,
  type NamedConstraint,
  SolverError,
  sum,
} from "../../../packages/constrint/src/index.js";
import { quickXplain } from "../../../packages/constrint/src/model/conflict.js";
import { bruteForce, buildModel, fixedSeed, type ModelRecipe, modelRecipe } from "../random-model.js";

/** The model with only some of its constraints. */
function withConstraints(recipe: ModelRecipe, chosen: readonly NamedConstraint[], model: Model): Model {
  const { model: copy } = buildModel({
    domains: recipe.domains,
    constraints: recipe.constraints.filter((_, i) => chosen.includes(model.constraints[i]!)),
  });
  return copy;
}

const names = (constraints: readonly NamedConstraint[]): unknown[] => constraints.map(({ name }) => name);

describe("explainUnsatisfiable", () => {
  test("names a conflict that propagation sees, in the order of the model", () => {
    const m = new Model();
    const x = m.int("x", 1, 9);
    const y = m.int("y", 1, 9);
    const z = m.int("z", 1, 9);
    m.add(x.le(5), "x is small");
    m.add(z.ge(3), "z is large");
    m.add(y.ge(x.plus(4)), "y is far from x");
    m.add(y.times(z).le(40), "area");
    m.add(x.ge(6), "x is large");
    const { status, constraints, minimal, statistics } = m.explainUnsatisfiable();
    expect([status, names(constraints), minimal]).toEqual(["unsatisfiable", ["x is small", "x is large"], true]);
    expect(statistics.checks).toBeGreaterThan(2);
  });

  test("of two conflicts at either end of the model, names the smaller one", () => {
    for (const isReversed of [false, true]) {
      const m = new Model();
      const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => m.int(name, 1, 9)) as [IntVar, IntVar, IntVar, IntVar];
      const constraints = [a.lt(b), b.lt(c), c.lt(a), a.ne(d), d.ge(8), d.le(7)];
      for (const constraint of isReversed ? constraints.toReversed() : constraints) m.add(constraint);
      expect(new Set(m.explainUnsatisfiable().constraints.map(({ constraint }) => constraint))).toEqual(
        new Set(constraints.slice(4)),
      );
    }
  });

  test("names a conflict that only a search sees", () => {
    const m = new Model();
    const pigeons = Array.from({ length: 4 }, (_, i) => m.int(`p${i}`, 1, 3));
    pigeons.forEach((p, i) => {
      for (const [j, q] of pigeons.entries()) if (j > i) m.add(p.ne(q), `${i} and ${j}`);
    });
    m.add(sum(pigeons).ge(2), "not needed");
    const { constraints, minimal } = m.explainUnsatisfiable();
    expect(names(constraints)).toEqual(["0 and 1", "0 and 2", "0 and 3", "1 and 2", "1 and 3", "2 and 3"]);
    expect(minimal).toBe(true);
  });

  test("a model with a solution has no conflict, and says which", () => {
    const m = new Model();
    const x = m.int("x", 1, 9);
    m.add(x.times(x).eq(49));
    expect(m.explainUnsatisfiable()).toMatchObject({ status: "satisfied", constraints: [], solution: { x: 7 } });
    expect(m.solve().status).toBe("satisfied"); // unchanged
  });

  test("random models: the subset has no solution, and one as soon as any constraint is left out", () => {
    let conflicts = 0;
    fc.assert(
      fc.property(modelRecipe, (recipe) => {
        const { model } = buildModel(recipe);
        const isSatisfiable = bruteForce(model, recipe.domains).length > 0;
        const { status, constraints, minimal } = model.explainUnsatisfiable();
        expect(status).toBe(isSatisfiable ? "satisfied" : "unsatisfiable");
        if (isSatisfiable) return;
        conflicts++;
        expect(minimal).toBe(true);
        expect(constraints).toEqual(model.constraints.filter((added) => constraints.includes(added)));
        expect(bruteForce(withConstraints(recipe, constraints, model), recipe.domains)).toEqual([]);
        for (const left of constraints) {
          const others = constraints.filter((other) => other !== left);
          expect(bruteForce(withConstraints(recipe, others, model), recipe.domains).length).toBeGreaterThan(0);
        }
      }),
      { ...fixedSeed(), numRuns: 200 },
    );
    expect(conflicts).toBeGreaterThan(50);
  });

  test("a limit leaves a subset that conflicts and is not called minimal, or nothing", () => {
    const m = new Model();
    const queens = Array.from({ length: 10 }, (_, i) => m.int(`q${i}`, 0, 9));
    m.add(allDifferent(queens), "columns");
    m.add(allDifferent(queens.map((q, i) => q.plus(i))), "diagonals");
    m.add(allDifferent(queens.map((q, i) => q.minus(i))), "other diagonals");
    m.add(queens[0]!.times(queens[1]!).eq(77), "11 · 7 is out of reach"); // 7 · 11 needs a value above 9
    expect(names(m.explainUnsatisfiable().constraints)).toEqual(["11 · 7 is out of reach"]);
    expect(m.explainUnsatisfiable({ timeLimitSeconds: 0 })).toMatchObject({ status: "unknown", minimal: false });

    const pigeons = new Model();
    const holes = Array.from({ length: 8 }, (_, i) => pigeons.int(`p${i}`, 1, 7));
    holes.forEach((p, i) => {
      for (const q of holes.slice(i + 1)) pigeons.add(p.ne(q));
    });
    const { nodes } = pigeons.solve().statistics;
    const limited = pigeons.explainUnsatisfiable({ nodeLimit: nodes + 1 });
    expect([limited.status, limited.minimal]).toEqual(["unsatisfiable", false]);
    expect(limited.statistics.nodes).toBeLessThanOrEqual(nodes + 1);
    expect(pigeons.explainUnsatisfiable({ nodeLimit: nodes >> 1 }).status).toBe("unknown");
  });

  test("aborting from the progress ends it", () => {
    const m = new Model();
    const x = m.int("x", 1, 100);
    for (let i = 1; i <= 64; i++) m.add(x.ne(i));
    m.add(x.le(64));
    const stop = new AbortController();
    const progress: number[] = [];
    const { status, minimal } = m.explainUnsatisfiable({
      signal: stop.signal,
      onProgress: ({ checks, undecided }) => {
        expect(undecided).toBeLessThanOrEqual(65);
        progress.push(checks);
        if (checks === 5) stop.abort();
      },
    });
    expect([status, minimal]).toEqual(["unsatisfiable", false]);
    expect(progress.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
    expect(m.explainUnsatisfiable()).toMatchObject({ minimal: true, constraints: { length: 65 } });
  });

  test("refuses a limit below 0", () => {
    const m = new Model();
    expect(() => m.explainUnsatisfiable({ timeLimitSeconds: -1 })).toThrow(SolverError);
  });
});

describe("quickXplain", () => {
  test("finds a subset that is minimal for any monotone judge, with few questions", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(fc.nat(31), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
        (conflicts) => {
          const judge = (subset: readonly number[]): boolean =>
            conflicts.some((conflict) => conflict.every((member) => subset.includes(member)));
          let questions = 0;
          const found = quickXplain(
            Array.from({ length: 32 }, (_, i) => i),
            (subset) => {
              questions++;
              return judge(subset);
            },
          );
          expect(judge(found)).toBe(true);
          for (const member of found) expect(judge(found.filter((other) => other !== member))).toBe(false);
          // Junker: at most 2k·log2(n / k) + 2k questions.
          const k = found.length;
          expect(questions).toBeLessThanOrEqual(2 * k * Math.log2(32 / k) + 2 * k);
        },
      ),
      { ...fixedSeed(), numRuns: 300 },
    );
  });
});
