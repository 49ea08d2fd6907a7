import fc from "fast-check";
import { expect, test } from "vitest";
import { allDifferent, type IntExpr, Model } from "../../../packages/constrint/src/index.js";
import { DistinctSteps, ORIGIN } from "../../../packages/constrint/src/propagators/global/distinct-steps.js";
import { buildStore, checkPropagator, forAllStores } from "./harness.js";

const nothing = fc.constant(undefined);

/** Up to three values from a small range: the steps rarely fit otherwise. */
const values = (low: number, high: number): fc.Arbitrary<readonly number[]> =>
  fc.uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 3 });

test("distinct steps from 0, against brute force", () => {
  // p₁ is the first step, then p₂ and p₃, their steps, another variable, and p₃ − p₁.
  const domains = [values(1, 3), values(2, 6), values(3, 9), values(0, 4), values(1, 4), values(1, 4), values(2, 7)];
  forAllStores(domains, nothing, (testCase) =>
    checkPropagator(
      testCase,
      () => new DistinctSteps([ORIGIN, 0, 1, 2], [0, 3, 4], [5], [{ from: 1, to: 3, variable: 6 }]),
    ),
  );
});

test("distinct steps between variables, against brute force", () => {
  const domains = [values(-3, 3), values(-2, 5), values(0, 8), values(1, 3), values(1, 4), values(0, 3)];
  forAllStores(domains, nothing, (testCase) =>
    checkPropagator(testCase, () => new DistinctSteps([0, 1, 2], [3, 4], [5])),
  );
});

test("adds up the smallest steps that are not taken", () => {
  const to9 = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const to30 = Array.from({ length: 30 }, (_, i) => i + 1);
  const store = buildStore({ domains: [to30, to30, to30, to9, to9, [2]], explicit: true, decisions: [] });
  new DistinctSteps([ORIGIN, 0, 1, 2], [0, 3, 4], [5]).propagate(store);
  // Of 1, 3, 4, …, since 2 is taken: one step, two, and three.
  expect([store.min(0), store.min(1), store.min(2)]).toEqual([1, 4, 8]);
  expect([store.max(0), store.max(1)]).toEqual([26, 29]);
});

/** Marks 0 < m₁ < … whose differences are all different. */
function ruler(marks: number, length: number): { model: Model; last: IntExpr } {
  const model = new Model();
  const positions = Array.from({ length: marks - 1 }, (_, i) => model.int(`m${i + 1}`, 1, length));
  const differences: IntExpr[] = [...positions];
  for (let i = 0; i < positions.length; i++) {
    for (let j = i + 1; j < positions.length; j++) {
      const difference = model.int(`d${i}_${j}`, 1, length);
      model.add(positions[j]!.minus(positions[i]!).eq(difference));
      differences.push(difference);
    }
  }
  model.add(allDifferent(differences));
  return { model, last: positions.at(-1)! };
}

/** The rulers of so many marks and at most that length, by trying all. */
function countRulers(
  marks: number,
  length: number,
  chosen: readonly number[] = [0],
  taken = new Set<number>(),
): number {
  if (chosen.length === marks) return 1;
  let count = 0;
  for (let next = chosen.at(-1)! + 1; next <= length; next++) {
    const differences = chosen.map((mark) => next - mark);
    if (differences.some((difference) => taken.has(difference))) continue;
    count += countRulers(marks, length, [...chosen, next], new Set([...taken, ...differences]));
  }
  return count;
}

test.each([
  [4, 9],
  [5, 14],
  [6, 19],
])("all rulers of %i marks up to length %i, with and without restarts", (marks, length) => {
  const { model } = ruler(marks, length);
  const count = countRulers(marks, length);
  expect(model.count().count).toBe(count);
  expect(model.count({ restarts: { sequence: "luby", scale: 3 } }).count).toBe(count);
});

test("the shortest rulers, with the nodes that the sums of steps save", () => {
  for (const [marks, optimum, mostNodes] of [
    [6, 17, 50],
    [7, 25, 300],
  ] as const) {
    const { model, last } = ruler(marks, marks * marks);
    const result = model.minimize(last, { engine: "depth-first" });
    expect(result).toMatchObject({ status: "optimal", objective: optimum });
    expect(result.statistics.nodes).toBeLessThan(mostNodes);
  }
});
