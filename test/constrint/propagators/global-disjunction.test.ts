import fc from "fast-check";
import { describe, test } from "vitest";
import {
  allDifferent,
  and,
  binPacking,
  type Constraint,
  circuit,
  cumulative,
  element,
  globalCardinality,
  type IntVar,
  inverse,
  lexLess,
  or,
  regular,
  table,
} from "../../../packages/constrint/src/index.js";
import { buildExpression } from "../random-model.js";
import { forAllModels, operand } from "./global-harness.js";

describe("global constraints as branches of a disjunction", () => {
  test("against brute force", () => {
    const list = fc.array(operand, { minLength: 1, maxLength: 3 });
    const numbers = fc.array(fc.integer({ min: -3, max: 5 }), { minLength: 3, maxLength: 3 });
    const branch = fc.oneof(
      fc.record({ kind: fc.constant("different" as const), list }),
      fc.record({ kind: fc.constant("element" as const), list, index: operand, result: operand }),
      fc.record({ kind: fc.constant("table" as const), rows: fc.array(numbers, { maxLength: 6 }) }),
      fc.record({ kind: fc.constant("inverse" as const), list }),
      fc.record({ kind: fc.constant("circuit" as const), list }),
      fc.record({ kind: fc.constant("count" as const), list, value: fc.integer({ min: -3, max: 5 }), count: operand }),
      fc.record({ kind: fc.constant("order" as const), list }),
      fc.record({ kind: fc.constant("packing" as const), list }),
      fc.record({ kind: fc.constant("tasks" as const), list, capacity: operand }),
      fc.record({ kind: fc.constant("word" as const), list, values: numbers }),
      fc.record({ kind: fc.constant("equal" as const), list }),
    );
    type Branch = typeof branch extends fc.Arbitrary<infer T> ? T : never;
    const build = (recipe: Branch, variables: readonly IntVar[]): Constraint => {
      const expression = (part: typeof operand extends fc.Arbitrary<infer T> ? T : never) =>
        buildExpression(part, variables);
      if (recipe.kind === "table") return table(variables, recipe.rows);
      const operands = recipe.list.map(expression);
      switch (recipe.kind) {
        case "different":
          return allDifferent(operands, { consistency: operands.length > 2 ? "domain" : "bounds" });
        case "element":
          return element(operands, expression(recipe.index), expression(recipe.result));
        case "inverse":
          return inverse(operands, [...operands].reverse());
        case "circuit":
          return circuit(operands);
        case "count":
          return globalCardinality(operands, [recipe.value], [expression(recipe.count)]);
        case "order":
          return lexLess(operands, [...operands].reverse());
        case "packing":
          return binPacking(
            operands,
            operands.map((_, i) => i + 1),
            variables,
          );
        case "tasks":
          return cumulative(
            operands.map((start, i) => ({ start, duration: i + 1, demand: 2 })),
            expression(recipe.capacity),
          );
        case "word": {
          const transitions = [...new Set(recipe.values)].map((value, i) => [i % 2, value, (i + 1) % 2] as const);
          return regular(operands, { stateCount: 2, initial: 0, accepting: [1], transitions });
        }
        case "equal":
          return and(...operands.map((part) => part.eq(variables[0]!)));
      }
    };
    forAllModels(
      fc.array(branch, { minLength: 2, maxLength: 4 }),
      (branches, variables) => or(...branches.map((recipe) => build(recipe, variables))),
      1000,
    );
  });
});
