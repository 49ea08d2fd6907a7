import fc from "fast-check";
import solver from "javascript-lp-solver";
import { type IntVar, Model, sum } from "../../../packages/constrint/src/index.js";

/** A random integer linear program with bounded variables. */
export interface Recipe {
  readonly lower: readonly number[];
  readonly extent: readonly number[];
  readonly rows: readonly {
    readonly coefficients: readonly number[];
    readonly relation: "<=" | ">=" | "==";
    readonly limit: number;
  }[];
  readonly objective: readonly number[];
  readonly maximize: boolean;
}

/** Random programs of this many variables, the bounds at most this far apart. */
export function recipes(variables: number, largestExtent: number): fc.Arbitrary<Recipe> {
  const vector = (min: number, max: number) =>
    fc.array(fc.integer({ min, max }), { minLength: variables, maxLength: variables });
  const row = fc.record({
    coefficients: vector(-6, 12),
    relation: fc.constantFrom("<=", "<=", "<=", ">=", ">=", "==") as fc.Arbitrary<"<=" | ">=" | "==">,
    limit: fc.integer({ min: -20, max: 50 }),
  });
  return fc.record({
    lower: vector(-3, 2),
    extent: vector(0, largestExtent),
    rows: fc.array(row, { minLength: 1, maxLength: 3 }),
    objective: vector(-9, 15),
    maximize: fc.boolean(),
  });
}

/** The program as a model, and its objective. */
export function modelOf({ lower, extent, rows, objective }: Recipe) {
  const model = new Model();
  const variables = lower.map((min, i) => model.int(`x${i}`, min, min + extent[i]!));
  for (const { coefficients, relation, limit } of rows) {
    const left = combination(coefficients, variables);
    model.add(relation === "<=" ? left.le(limit) : relation === ">=" ? left.ge(limit) : left.eq(limit));
  }
  return { model, variables, expression: combination(objective, variables) };
}

export function combination(coefficients: readonly number[], variables: readonly IntVar[]) {
  return sum(variables.map((x, i) => x.times(coefficients[i]!)));
}

/** The optimum by trying every point; undefined without one. */
export function bruteForceOptimum({ lower, extent, rows, objective, maximize }: Recipe): number | undefined {
  const scalar = (a: readonly number[], x: readonly number[]) => a.reduce((total, ai, i) => total + ai * x[i]!, 0);
  let best: number | undefined;
  const point = [...lower];
  const visit = (i: number): void => {
    if (i === lower.length) {
      const fits = rows.every(({ coefficients, relation, limit }) => {
        const left = scalar(coefficients, point);
        return relation === "<=" ? left <= limit : relation === ">=" ? left >= limit : left === limit;
      });
      const value = scalar(objective, point);
      if (fits && (best === undefined || (maximize ? value > best : value < best))) best = value;
      return;
    }
    for (let value = lower[i]!; value <= lower[i]! + extent[i]!; value++) {
      point[i] = value;
      visit(i + 1);
    }
  };
  visit(0);
  return best;
}

// The library's type declarations describe a CommonJS module, where `default` is one level further down.
const library = solver as unknown as { Solve(model: object): { feasible: boolean; result: number } };

/** The optimum by javascript-lp-solver's JSON interface, of integers or of real numbers. */
export function libraryOptimum(recipe: Recipe, numbers: "integer" | "real"): number | undefined {
  const { lower, extent, rows, objective, maximize } = recipe;
  // Its variables are ≥ 0: x = lower + y.
  const shift = (a: readonly number[]) => a.reduce((total, ai, i) => total + ai * lower[i]!, 0);
  const constraints: Record<string, { min?: number; max?: number; equal?: number }> = {};
  rows.forEach(({ coefficients, relation, limit }, r) => {
    const key = relation === "<=" ? "max" : relation === ">=" ? "min" : "equal";
    constraints[`row${r}`] = { [key]: limit - shift(coefficients) };
  });
  const variables: Record<string, Record<string, number>> = {};
  const ints: Record<string, 1> = {};
  objective.forEach((cost, i) => {
    constraints[`limit${i}`] = { max: extent[i]! };
    const column: Record<string, number> = { objective: cost, [`limit${i}`]: 1 };
    rows.forEach(({ coefficients }, r) => {
      column[`row${r}`] = coefficients[i]!;
    });
    variables[`x${i}`] = column;
    if (numbers === "integer") ints[`x${i}`] = 1;
  });
  const result = library.Solve({
    optimize: "objective",
    opType: maximize ? "max" : "min",
    constraints,
    variables,
    ints,
  });
  return result.feasible ? result.result + shift(objective) : undefined;
}
