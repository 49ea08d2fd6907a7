import fc from "fast-check";
import solver from "javascript-lp-solver";
import { expect, test } from "vitest";
import { Model, sum } from "../../../packages/constrint/src/index.js";
import { fixedSeed } from "../random-model.js";

// Its type declarations describe a CommonJS module, where `default` is one level further down.
const linearSolver = solver as unknown as { Solve(model: object): { feasible: boolean; result: number } };

const VARIABLES = 4;
const coefficients = fc.array(fc.integer({ min: -9, max: 15 }), { minLength: VARIABLES, maxLength: VARIABLES });
const problem = fc.record({
  upper: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: VARIABLES, maxLength: VARIABLES }),
  rows: fc.array(fc.record({ coefficients, limit: fc.integer({ min: -10, max: 60 }), atLeast: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
  objective: coefficients,
  maximize: fc.boolean(),
});

test("linear objectives agree with javascript-lp-solver's branch and cut", () => {
  fc.assert(
    fc.property(problem, ({ upper, rows, objective, maximize }) => {
      const m = new Model();
      const x = upper.map((limit, i) => m.int(`x${i}`, 0, limit));
      const combination = (a: readonly number[]) => sum(x.map((xi, i) => xi.times(a[i]!)));
      for (const row of rows) {
        const left = combination(row.coefficients);
        m.add(row.atLeast ? left.ge(row.limit) : left.le(row.limit));
      }
      const result = maximize ? m.maximize(combination(objective)) : m.minimize(combination(objective));

      const constraints: Record<string, { min?: number; max?: number }> = {};
      rows.forEach((row, r) => {
        constraints[`row${r}`] = row.atLeast ? { min: row.limit } : { max: row.limit };
      });
      const variables: Record<string, Record<string, number>> = {};
      const ints: Record<string, 1> = {};
      upper.forEach((limit, i) => {
        constraints[`limit${i}`] = { max: limit };
        const column: Record<string, number> = { objective: objective[i]!, [`limit${i}`]: 1 };
        rows.forEach((row, r) => {
          column[`row${r}`] = row.coefficients[i]!;
        });
        variables[`x${i}`] = column;
        ints[`x${i}`] = 1;
      });
      const oracle = linearSolver.Solve({
        optimize: "objective",
        opType: maximize ? "max" : "min",
        constraints,
        variables,
        ints,
      });
      expect(result.status).toBe(oracle.feasible ? "optimal" : "unsatisfiable");
      if (oracle.feasible) expect(result.objective).toBeCloseTo(oracle.result, 6);
    }),
    { ...fixedSeed(), numRuns: 300 },
  );
});
