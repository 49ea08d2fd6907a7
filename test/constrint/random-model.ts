import fc from "fast-check";
import {
  and,
  type Constraint,
  constant,
  type EnumerateOptions,
  holds,
  type IntExpr,
  type IntVar,
  iff,
  implies,
  Model,
  max,
  min,
  not,
  or,
  product,
  type Rounding,
  type Solution,
  sum,
  xor,
} from "../../packages/constrint/src/index.js";
import { propertySeed } from "../support/property-seed.js";

/** Property tests run the same cases every time, unless FC_SEED asks for others. */
export const fixedSeed = (): { seed: number } => ({ seed: propertySeed });

/** A recipe for a model: plain data, so that fast-check can print and shrink it. */
export interface ModelRecipe {
  readonly domains: readonly (readonly number[])[];
  readonly constraints: readonly ConstraintRecipe[];
}

export type ExpressionRecipe =
  | { readonly op: "constant"; readonly value: number }
  | { readonly op: "variable"; readonly index: number }
  | { readonly op: "sum" | "product" | "max" | "min"; readonly of: readonly ExpressionRecipe[] }
  | { readonly op: "abs"; readonly of: ExpressionRecipe }
  | {
      readonly op: "dividedBy" | "modulo";
      readonly of: ExpressionRecipe;
      readonly by: ExpressionRecipe;
      readonly rounding: Rounding;
    }
  | { readonly op: "power"; readonly of: ExpressionRecipe; readonly exponent: number };

export type ConstraintRecipe =
  | { readonly op: "eq" | "ne" | "le" | "lt" | "ge" | "gt" | "divides"; readonly of: readonly ExpressionRecipe[] }
  | { readonly op: "and" | "or" | "xor" | "not" | "implies" | "iff"; readonly parts: readonly ConstraintRecipe[] };

const VARIABLES = 3;

const { expression } = fc.letrec<{ expression: ExpressionRecipe }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.record({ op: fc.constant("variable" as const), index: fc.integer({ min: 0, max: VARIABLES - 1 }) }),
    fc.record({ op: fc.constant("constant" as const), value: fc.integer({ min: -12, max: 12 }) }),
    fc.record({
      op: fc.constantFrom("sum", "product", "product", "max", "min"),
      of: fc.array(tie("expression"), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ op: fc.constant("abs" as const), of: tie("expression") }),
    fc.record({
      op: fc.constantFrom("dividedBy", "modulo"),
      of: tie("expression"),
      by: tie("expression"),
      rounding: fc.constantFrom("truncate", "euclid"),
    }),
    fc.record({ op: fc.constant("power" as const), of: tie("expression"), exponent: fc.integer({ min: 0, max: 3 }) }),
  ),
}));

const { constraint } = fc.letrec<{ constraint: ConstraintRecipe }>((tie) => ({
  constraint: fc.oneof(
    { depthSize: "small", maxDepth: 2 },
    fc.record({
      op: fc.constantFrom("eq", "eq", "ne", "le", "lt", "ge", "gt", "divides", "divides"),
      of: fc.array(expression, { minLength: 2, maxLength: 2 }),
    }),
    fc.record({ op: fc.constantFrom("and", "or", "or", "xor"), parts: fc.array(tie("constraint"), { maxLength: 3 }) }),
    fc.record({ op: fc.constant("not" as const), parts: fc.array(tie("constraint"), { minLength: 1, maxLength: 1 }) }),
    fc.record({
      op: fc.constantFrom("implies", "iff"),
      parts: fc.array(tie("constraint"), { minLength: 2, maxLength: 2 }),
    }),
  ),
}));

/** Three variables with small domains, gaps, negative numbers and zero included, and up to four constraints. */
export const modelRecipe: fc.Arbitrary<ModelRecipe> = fc.record({
  domains: fc.array(
    fc.oneof(
      fc.uniqueArray(fc.integer({ min: -9, max: 24 }), { minLength: 1, maxLength: 6 }),
      fc
        .tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: 1, max: 12 }))
        .map(([low, size]) => Array.from({ length: size }, (_, i) => low + i)),
    ),
    { minLength: VARIABLES, maxLength: VARIABLES },
  ),
  constraints: fc.array(constraint, { minLength: 1, maxLength: 4 }),
});

export const constraintRecipe: fc.Arbitrary<ConstraintRecipe> = constraint;

export const expressionRecipe: fc.Arbitrary<ExpressionRecipe> = expression;

export function buildExpression(recipe: ExpressionRecipe, variables: readonly IntVar[]): IntExpr {
  switch (recipe.op) {
    case "constant":
      return constant(recipe.value);
    case "variable":
      return variables[recipe.index]!;
    case "abs":
      return buildExpression(recipe.of, variables).abs();
    case "dividedBy":
    case "modulo": {
      const divisor = buildExpression(recipe.by, variables);
      return buildExpression(recipe.of, variables)[recipe.op](divisor, recipe.rounding);
    }
    case "power":
      return buildExpression(recipe.of, variables).pow(recipe.exponent);
    default: {
      const make = { sum, product, max, min }[recipe.op];
      return make(recipe.of.map((part) => buildExpression(part, variables)));
    }
  }
}

export function buildConstraint(recipe: ConstraintRecipe, variables: readonly IntVar[]): Constraint {
  if ("parts" in recipe) {
    const parts = recipe.parts.map((part) => buildConstraint(part, variables));
    const [first, second] = parts;
    switch (recipe.op) {
      case "and":
        return and(...parts);
      case "or":
        return or(...parts);
      case "xor":
        return xor(...parts);
      case "not":
        return not(first!);
      case "implies":
        return implies(first!, second!);
      case "iff":
        return iff(first!, second!);
    }
  }
  const [left, right] = recipe.of.map((part) => buildExpression(part, variables));
  return left![recipe.op](right!);
}

export function buildModel(recipe: ModelRecipe): { model: Model; variables: IntVar[] } {
  const model = new Model();
  const variables = recipe.domains.map((values, i) => model.int(`v${i}`, values));
  for (const constraintRecipe of recipe.constraints) model.add(buildConstraint(constraintRecipe, variables));
  return { model, variables };
}

/** Every assignment of the variables that satisfies all constraints, by trying them all; sorted as text. */
export function bruteForce(model: Model, domains: readonly (readonly number[])[]): Solution[] {
  const names = model.variables.map(({ name }) => name);
  const assignment: Record<string, number> = {};
  const found: Solution[] = [];
  const assign = (i: number): void => {
    const name = names[i];
    if (name === undefined) {
      if (model.constraints.every(({ constraint }) => holds(constraint, assignment))) found.push({ ...assignment });
      return;
    }
    for (const value of domains[i]!) {
      assignment[name] = value;
      assign(i + 1);
    }
  };
  assign(0);
  return found;
}

/** All solutions, and how the enumeration ended. */
export function enumerate(model: Model, options: EnumerateOptions = {}): { solutions: Solution[]; status: string } {
  const generator = model.solutions(options);
  const solutions: Solution[] = [];
  for (;;) {
    const step = generator.next();
    if (step.done) return { solutions, status: step.value.status };
    solutions.push(step.value);
  }
}

/** Solutions as sorted text, to compare sets. */
export function asSortedText(solutions: readonly Solution[]): string[] {
  return solutions.map((solution) => JSON.stringify(solution)).sort();
}
