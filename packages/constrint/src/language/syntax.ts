import type { Relation } from "../model/constraint.js";
import type { Position } from "./syntax-error.js";

/**
 * The syntax tree of a ConstrINT text. Every node knows where it starts. Chains of one precedence are one node, so that a
 * tree is only as deep as the text's brackets.
 *
 * @internal
 */
export type Syntax =
  | (Position & { readonly type: "integer"; readonly value: number })
  | (Position & { readonly type: "name"; readonly name: string })
  | (Position & { readonly type: "list"; readonly items: readonly ListItem[] })
  | (Position & { readonly type: "call"; readonly name: FunctionName; readonly operands: readonly Syntax[] })
  | (Position & { readonly type: "negation"; readonly operand: Syntax })
  | (Position & { readonly type: "power"; readonly base: Syntax; readonly exponent: number })
  | (Position & { readonly type: "product"; readonly first: Syntax; readonly rest: readonly ScaledFactor[] })
  | (Position & { readonly type: "sum"; readonly terms: readonly SignedTerm[] })
  | (Position & { readonly type: "remainder"; readonly dividend: Syntax; readonly divisor: Syntax })
  | (Position & {
      readonly type: "comparison";
      readonly relation: Relation;
      readonly left: Syntax;
      readonly right: Syntax;
    })
  | (Position & { readonly type: "or"; readonly parts: readonly Syntax[] })
  | (Position & { readonly type: "implication"; readonly condition: Syntax; readonly consequence: Syntax })
  | (Position & { readonly type: "and"; readonly parts: readonly Syntax[] })
  | (Position & { readonly type: "objective"; readonly sense: "minimize" | "maximize"; readonly operand: Syntax });

/** The functions, with the least and the largest number of operands. @internal */
export const FUNCTIONS = {
  min: [1, Infinity],
  max: [1, Infinity],
  abs: [1, 1],
  div: [2, 2],
  mod: [2, 2],
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

/** A factor, or what a product is divided by. @internal */
export type ScaledFactor = { readonly operator: "*" | "//"; readonly operand: Syntax };

/** One value of a list, or all of a range. @internal */
export type ListItem = { readonly low: Syntax; readonly high?: Syntax };

/** A term of a sum with its sign. @internal */
export type SignedTerm = { readonly sign: 1 | -1; readonly term: Syntax };

/** Whether a node stands for a number rather than for a condition. @internal */
export function isNumeric(node: Syntax): boolean {
  return !["comparison", "or", "implication", "and", "objective"].includes(node.type);
}
