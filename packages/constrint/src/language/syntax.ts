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
  /** a => b => c: where all conditions hold, the consequence holds. */
  | (Position & {
      readonly type: "implication";
      readonly conditions: readonly Syntax[];
      readonly consequence: Syntax;
    })
  | (Position & { readonly type: "global"; readonly name: GlobalName; readonly arguments: readonly Syntax[] })
  /** An argument of a global constraint in square brackets, whose items may be arrays. */
  | (Position & { readonly type: "array"; readonly items: readonly ListItem[] })
  | (Position & { readonly type: "labelled"; readonly label: string; readonly condition: Syntax })
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

/** The global constraints, with their arguments as a message shows them; `…` may be repeated or left out. @internal */
export const GLOBALS = {
  allDifferent: ["A", "…"],
  allDifferentValues: ["A", "…"],
  allDifferentDomain: ["A", "…"],
  element: ["[array]", "index", "result"],
  table: ["[operands]", "[[row], …]"],
  inverse: ["[forward]", "[backward]"],
  circuit: ["A", "…"],
  regular: ["[word]", "stateCount", "initial", "[accepting]", "[[from, value, to], …]"],
  globalCardinality: ["[items]", "[values]", "[counts]"],
  globalCardinalityClosed: ["[items]", "[values]", "[counts]"],
  lexLess: ["[left]", "[right]"],
  lexLessEqual: ["[left]", "[right]"],
  binPacking: ["[bins]", "[sizes]", "[loads]"],
  cumulative: ["[[start, duration, demand], …]", "capacity"],
  disjunctive: ["[[start, duration], …]"],
  disjunctiveStrict: ["[[start, duration], …]"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type GlobalName = keyof typeof GLOBALS;

/** A factor, or what a product is divided by. @internal */
export type ScaledFactor = { readonly operator: "*" | "//"; readonly operand: Syntax };

/** One value of a list, or all of a range. @internal */
export type ListItem = { readonly low: Syntax; readonly high?: Syntax };

/** A term of a sum with its sign. @internal */
export type SignedTerm = { readonly sign: 1 | -1; readonly term: Syntax };

const CONDITIONS: ReadonlySet<Syntax["type"]> = new Set([
  "comparison",
  "or",
  "implication",
  "and",
  "global",
  "labelled",
  "objective",
]);

/** Whether a node stands for a number rather than for a condition. @internal */
export function isNumeric(node: Syntax): boolean {
  return !CONDITIONS.has(node.type);
}

/** The parts of a node. @internal */
export function childrenOf(node: Syntax): readonly Syntax[] {
  switch (node.type) {
    case "integer":
    case "name":
      return [];
    case "list":
    case "array":
      return node.items.flatMap(({ low, high }) => (high === undefined ? [low] : [low, high]));
    case "call":
      return node.operands;
    case "negation":
    case "objective":
      return [node.operand];
    case "power":
      return [node.base];
    case "product":
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    case "sum":
      return node.terms.map(({ term }) => term);
    case "remainder":
      return [node.dividend, node.divisor];
    case "comparison":
      return [node.left, node.right];
    case "implication":
      return [...node.conditions, node.consequence];
    case "global":
      return node.arguments;
    case "labelled":
      return [node.condition];
    case "or":
    case "and":
      return node.parts;
  }
}
