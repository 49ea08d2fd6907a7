import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Premises } from "../../../packages/constrint/src/engine/explanation.js";
import { Outcome } from "../../../packages/constrint/src/engine/propagator.js";
import { disjunctive, Model } from "../../../packages/constrint/src/index.js";
import { Disjunctive } from "../../../packages/constrint/src/propagators/global/disjunctive.js";
import { Precedence } from "../../../packages/constrint/src/propagators/global/precedence.js";
import { ThetaTree } from "../../../packages/constrint/src/propagators/global/theta-tree.js";
import { buildExpression, fixedSeed } from "../random-model.js";
import { forAllModels, operand } from "./global-harness.js";
import { buildStore, checkPropagator, forAllStores, smallDomain } from "./harness.js";

const window = fc
  .tuple(fc.integer({ min: -3, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .map(([first, size]) => Array.from({ length: size }, (_, i) => first + i));
const duration = fc.integer({ min: 0, max: 4 });
const range = (low: number, high: number): number[] => Array.from({ length: high - low + 1 }, (_, i) => low + i);

/** Complains of a whole domain as a premise, which is what remains where no rule explains a narrowing. */
class Explained extends Disjunctive {
  override explain(...[consequence, before, premises]: Parameters<Disjunctive["explain"]>): void {
    const precise: Premises = {
      atLeast: (x, value) => premises.atLeast(x, value),
      atMost: (x, value) => premises.atMost(x, value),
      equal: (x, value) => premises.equal(x, value),
      notEqual: (x, value) => premises.notEqual(x, value),
      domain: () => {
        throw new Error("no rule explains the narrowing");
      },
    };
    super.explain(consequence, before, precise);
  }
}

describe("disjunctive", () => {
  test("against brute force, every narrowing with an explanation of its own", () => {
    const four = [window, window, window, window];
    forAllStores(
      four,
      fc.record({
        durations: fc.tuple(duration, duration, duration, duration),
        shifts: fc.tuple(...range(0, 3).map(() => fc.integer({ min: -2, max: 2 }))),
      }),
      (testCase, { durations, shifts }) =>
        checkPropagator(testCase, () => new Explained({ starts: [2, 0, 3, 1], shifts, durations })),
      400,
    );
  });

  test("with repeated variables", () => {
    forAllStores(
      [window, smallDomain],
      fc.tuple(duration, duration, duration, fc.integer({ min: -4, max: 4 })),
      (testCase, [a, b, c, shift]) =>
        checkPropagator(
          testCase,
          () => new Disjunctive({ starts: [0, 1, 0], shifts: [0, 0, shift], durations: [a, b, c] }),
        ),
    );
  });

  test("a task comes after two that only fit before it", () => {
    // Vilím's example of edge finding: the first two need 4…25 for themselves and leave no room for the third in between.
    const store = buildStore({ domains: [range(4, 25), range(13, 21), range(5, 27)], explicit: false, decisions: [] });
    const tasks = { starts: [0, 1, 2], shifts: [0, 0, 0], durations: [5, 9, 8] };
    store.setMax(0, 13);
    store.setMax(1, 14);
    store.setMax(2, 30);
    expect(new Disjunctive(tasks).propagate(store)).toBe(Outcome.changed);
    expect(store.min(2)).toBe(22);
  });

  test("more work than time", () => {
    const store = buildStore({ domains: [range(0, 4), range(0, 4), range(0, 4)], explicit: false, decisions: [] });
    const tasks = { starts: [0, 1, 2], shifts: [0, 0, 0], durations: [3, 3, 3] };
    expect(new Disjunctive(tasks).propagate(store)).toBe(Outcome.failed);
  });
});

describe("theta tree", () => {
  test("against the definition", () => {
    const task = fc.record({ est: fc.integer({ min: -5, max: 20 }), length: fc.integer({ min: 0, max: 6 }) });
    const member = fc.constantFrom("theta", "lambda", "none");
    fc.assert(
      fc.property(fc.array(fc.tuple(task, member), { minLength: 1, maxLength: 9 }), (given) => {
        const tasks = given.map(([{ est, length }, set]) => ({ est, length, set })).sort((a, b) => a.est - b.est);
        const tree = new ThetaTree(tasks.length);
        tree.clear();
        tasks.forEach(({ est, length }, rank) => {
          tree.insert(rank, est, length);
        });
        tasks.forEach(({ set }, rank) => {
          if (set === "lambda") tree.makeGray(rank);
          if (set === "none") tree.remove(rank);
        });
        // One after the other in the order of their earliest starts is as early as can be.
        const completion = (set: typeof tasks) =>
          set.reduce((time, { est, length }) => Math.max(time, est) + length, -Infinity);
        const theta = tasks.filter(({ set }) => set === "theta");
        const withOne = tasks.flatMap((gray, rank) =>
          gray.set === "lambda"
            ? [{ rank, time: completion(tasks.filter((t) => t.set === "theta" || t === gray)) }]
            : [],
        );
        const best = Math.max(completion(theta), ...withOne.map(({ time }) => time));
        expect([tree.completion, tree.grayCompletion]).toEqual([completion(theta), best]);
        if (best > completion(theta)) {
          expect(withOne.filter(({ time }) => time === best).map(({ rank }) => rank)).toContain(tree.grayTask);
        }
      }),
      { ...fixedSeed(), numRuns: 2000 },
    );
  });
});

describe("precedence", () => {
  test("against brute force, with repeated variables", () => {
    const delay = fc.integer({ min: -3, max: 5 });
    forAllStores(
      [fc.constantFrom([0], [1], [0, 1], [0, 1]), smallDomain, smallDomain],
      fc.tuple(delay, delay, fc.boolean()),
      (testCase, [a, b, isRepeated]) => checkPropagator(testCase, () => new Precedence(0, 1, isRepeated ? 1 : 2, a, b)),
      500,
    );
  });
});

describe("disjunctive in a model", () => {
  const tasks = fc.array(fc.record({ start: operand, length: fc.oneof(duration, fc.nat(2)) }), { maxLength: 4 });

  test("against brute force, with durations that may vary, strict or not", () => {
    const recipe = fc.record({ tasks, strict: fc.boolean(), varies: fc.boolean() });
    forAllModels(
      recipe,
      ({ tasks: list, strict, varies }, variables) => {
        const given = list.map(({ start, length }) => ({
          start: buildExpression(start, variables),
          duration: varies ? variables[length % variables.length]! : length,
        }));
        return disjunctive(given, { strict });
      },
      400,
    );
  });

  test("learning with a variable for each order finds the same", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(window, duration), { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 4, max: 12 }),
        (list, end) => {
          const model = new Model();
          const starts = list.map(([values], i) => model.int(`s${i}`, values));
          const last = model.int("last", -9, end);
          const given = starts.map((start, i) => ({ start, duration: list[i]![1] }));
          model.add(disjunctive(given, { strict: true }));
          for (const { start, duration: length } of given) model.add(start.plus(length).le(last));
          const plain = model.minimize(last);
          const learned = model.minimize(last, { engine: "learning" });
          expect([learned.status, learned.objective]).toEqual([plain.status, plain.objective]);
          const count = (engine: "depth-first" | "learning") => model.count({ engine, limit: 200 }).count;
          expect(count("learning")).toBe(count("depth-first"));
        },
      ),
      { ...fixedSeed(), numRuns: 150 },
    );
  });
});
