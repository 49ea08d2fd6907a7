/**
 * The syntax tree of a FlatZinc text: frozen plain data. Every node knows the offset at which it starts, from which errors
 * find their line and column.
 *
 * @internal
 */
export interface FlatZincSyntax {
  /** The text itself. */
  readonly text: string;
  /** Parameters and variables in the order of the text. */
  readonly declarations: readonly Declaration[];
  readonly constraints: readonly ConstraintItem[];
  readonly solve: SolveItem;
}

/** A parameter or a variable, or an array of them. @internal */
export interface Declaration {
  readonly offset: number;
  readonly name: string;
  readonly isVariable: boolean;
  readonly type: BasicType;
  /** The number of elements of an array, whose index set is 1..size. */
  readonly size?: number;
  readonly annotations: readonly Annotation[];
  readonly value?: Expression;
}

/** The type of a value or of an array's elements. @internal */
export interface BasicType {
  readonly offset: number;
  readonly base: "bool" | "int" | "float" | "set";
  /** The values of an integer, or the elements of a set. */
  readonly domain?: SetLiteral;
}

/** @internal */
export interface ConstraintItem {
  readonly offset: number;
  readonly name: string;
  readonly arguments: readonly Expression[];
  readonly annotations: readonly Annotation[];
}

/** @internal */
export interface SolveItem {
  readonly offset: number;
  readonly goal: "satisfy" | "minimize" | "maximize";
  /** What is minimised or maximised. */
  readonly objective?: Expression;
  readonly annotations: readonly Annotation[];
}

/** A set of integers, written out or as a range. @internal */
export type SetLiteral =
  | { readonly type: "range"; readonly offset: number; readonly low: number; readonly high: number }
  | { readonly type: "set"; readonly offset: number; readonly values: readonly number[] };

/** A name alone, or with arguments. @internal */
export type Annotation =
  | { readonly type: "name"; readonly offset: number; readonly name: string }
  | {
      readonly type: "call";
      readonly offset: number;
      readonly name: string;
      readonly arguments: readonly Expression[];
    };

/** What stands where a value is expected, in constraints as well as in annotations. @internal */
export type Expression =
  | { readonly type: "bool"; readonly offset: number; readonly value: boolean }
  | { readonly type: "int"; readonly offset: number; readonly value: number }
  /** A float; ranges and sets of floats, which are float literals here, too, have no value. */
  | { readonly type: "float"; readonly offset: number; readonly value?: number }
  /** As it is written, with its quotes. */
  | { readonly type: "string"; readonly offset: number; readonly word: string }
  | SetLiteral
  | { readonly type: "element"; readonly offset: number; readonly name: string; readonly index: number }
  | { readonly type: "array"; readonly offset: number; readonly elements: readonly Expression[] }
  | Annotation;
