import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Inequality } from "../../../packages/constrint/src/relaxation/inequality.js";
import { solveLinearProgram } from "../../../packages/constrint/src/relaxation/linear-program.js";
import { surrogateOf } from "../../../packages/constrint/src/relaxation/surrogate.js";
import { fixedSeed } from "../random-model.js";

const VARIABLES = 3;
const LARGEST = 3;

const inequality = fc
  .record({
    coefficients: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: VARIABLES, maxLength: VARIABLES }),
    limit: fc.integer({ min: -10, max: 20 }),
  })
  .map(({ coefficients, limit }): Inequality => {
    const terms = coefficients.map((a, x) => [x, a] as const).filter(([, a]) => a !== 0);
    return { variables: terms.map(([x]) => x), coefficients: Float64Array.from(terms, ([, a]) => a), limit };
  });

function isSatisfied({ variables, coefficients, limit }: Inequality, point: readonly number[]): boolean {
  return variables.reduce((left, x, i) => left + coefficients[i]! * point[x]!, 0) <= limit;
}

const points = Array.from({ length: (2 * LARGEST + 1) ** VARIABLES }, (_, code) =>
  Array.from(
    { length: VARIABLES },
    (_, x) => (Math.floor(code / (2 * LARGEST + 1) ** x) % (2 * LARGEST + 1)) - LARGEST,
  ),
);

describe("surrogateOf", () => {
  test("is satisfied wherever all inequalities are, whatever the multipliers", () => {
    const multiplier = fc.oneof(fc.double({ min: 0, max: 10, noNaN: true }), fc.constantFrom(0, 1e-12, 1 / 3, 1e6));
    fc.assert(
      fc.property(fc.array(fc.tuple(inequality, multiplier), { minLength: 1, maxLength: 4 }), (rows) => {
        const inequalities = rows.map(([row]) => row);
        const multipliers = rows.map(([, multiplier]) => multiplier);
        const surrogate = surrogateOf(inequalities, multipliers, () => LARGEST);
        if (surrogate === undefined) return;
        for (const a of surrogate.coefficients) expect(Number.isSafeInteger(a)).toBe(true);
        expect(Number.isSafeInteger(surrogate.limit)).toBe(true);
        for (const point of points) {
          if (inequalities.every((row) => isSatisfied(row, point))) expect(isSatisfied(surrogate, point)).toBe(true);
        }
      }),
      { ...fixedSeed(), numRuns: 300 },
    );
  });

  test("is not made where it would leave the exact range, or nothing is left", () => {
    const row: Inequality = { variables: [0, 1], coefficients: Float64Array.of(1, 1), limit: 5 };
    const opposite: Inequality = { variables: [0, 1], coefficients: Float64Array.of(-1, -1), limit: 5 };
    expect(surrogateOf([row], [1], () => 3)?.variables).toEqual([0, 1]);
    expect(surrogateOf([row], [1], () => 2 ** 50)).toBeUndefined();
    expect(surrogateOf([row], [2 ** 48], () => 3)).toBeUndefined();
    expect(surrogateOf([row], [Number.NaN], () => 3)).toBeUndefined();
    expect(surrogateOf([row], [Infinity], () => 3)).toBeUndefined();
    expect(surrogateOf([row], [0], () => 3)).toBeUndefined();
    expect(surrogateOf([row, opposite], [1, 1], () => 3)).toBeUndefined();
  });
});

test("solveLinearProgram: values and multipliers prove each other optimal", () => {
  let solved = 0;
  const vector = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: VARIABLES, maxLength: VARIABLES });
  fc.assert(
    fc.property(vector, vector, fc.array(inequality, { minLength: 1, maxLength: 4 }), (cost, lower, inequalities) => {
      const program = {
        variables: [0, 1, 2],
        lower: Float64Array.from(lower),
        upper: Float64Array.from(lower, (bound, x) => bound + 2 * x), // variable 0 is fixed
        cost: new Map(cost.map((c, x) => [x, c])),
        inequalities,
      };
      const optimum = solveLinearProgram(program);
      if (optimum === undefined) return;
      solved++;
      const value = (x: number) => optimum.values.get(x)!;
      for (const { variables, coefficients, limit } of inequalities) {
        expect(variables.reduce((left, x, i) => left + coefficients[i]! * value(x), 0)).toBeLessThan(limit + 1e-6);
      }
      let primal = 0;
      let dual = 0;
      for (const x of program.variables) {
        expect(value(x)).toBeGreaterThan(program.lower[x]! - 1e-6);
        expect(value(x)).toBeLessThan(program.upper[x]! + 1e-6);
        primal += cost[x]! * value(x);
        let reducedCost = cost[x]!;
        inequalities.forEach(({ variables, coefficients }, k) => {
          const i = variables.indexOf(x);
          if (i >= 0) reducedCost -= optimum.multipliers[k]! * coefficients[i]!;
        });
        dual += Math.max(reducedCost * program.lower[x]!, reducedCost * program.upper[x]!);
      }
      inequalities.forEach(({ limit }, k) => {
        expect(optimum.multipliers[k]).toBeGreaterThanOrEqual(0);
        dual += optimum.multipliers[k]! * limit;
      });
      expect(primal).toBeCloseTo(optimum.objective, 5);
      expect(dual).toBeCloseTo(optimum.objective, 5);
    }),
    { ...fixedSeed(), numRuns: 300 },
  );
  expect(solved).toBeGreaterThan(50);
});
