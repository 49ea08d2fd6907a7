import type { IntExpr } from "../model/expression.js";
import type { IntSet } from "./int-set.js";
import type { Value } from "./value.js";

/** A parameter of a constraint: which values it takes and as what. @internal */
export interface Parameter<T> {
  /** What is expected, for messages. */
  readonly expected: string;
  /** The value as the constraint wants it, or undefined if it is of another type. */
  readonly read: (value: Value) => T | undefined;
}

/** An integer, fixed or variable. @internal */
export const varInt: Parameter<IntExpr> = {
  expected: "an integer or an integer variable",
  read: (value) => (value.kind === "int" ? value.expression : undefined),
};

/** A truth value, fixed or variable, as 0 or 1. @internal */
export const varBool: Parameter<IntExpr> = {
  expected: "a boolean or a boolean variable",
  read: (value) => (value.kind === "bool" ? value.expression : undefined),
};

/** A fixed integer. @internal */
export const int: Parameter<number> = {
  expected: "an integer",
  read: (value) => (value.kind === "int" && value.expression.kind === "constant" ? value.expression.value : undefined),
};

/** A fixed truth value, as 0 or 1. @internal */
const fixedBool: Parameter<number> = {
  expected: "true or false",
  read: (value) => (value.kind === "bool" && value.expression.kind === "constant" ? value.expression.value : undefined),
};

/** A fixed set of integers. @internal */
export const set: Parameter<IntSet> = {
  expected: "a set of integers (set variables are not supported)",
  read: (value) => (value.kind === "set" ? value.set : undefined),
};

/** An array of what another parameter takes. @internal */
function arrayOf<T>(element: Parameter<T>): Parameter<readonly T[]> {
  return {
    expected: `an array, each element ${element.expected}`,
    read: (value) => {
      if (value.kind !== "array") return undefined;
      const elements: T[] = [];
      for (const item of value.elements) {
        const read = element.read(item);
        if (read === undefined) return undefined;
        elements.push(read);
      }
      return elements;
    },
  };
}

/** @internal */
export const varInts = arrayOf(varInt);

/** @internal */
export const varBools = arrayOf(varBool);

/** @internal */
export const ints = arrayOf(int);

/** @internal */
export const fixedBools = arrayOf(fixedBool);
