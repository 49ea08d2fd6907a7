import { constant, type IntExpr } from "../model/expression.js";
import { type FlatZincError, flatZincError } from "./flatzinc-error.js";
import { type IntSet, intSet } from "./int-set.js";
import type { Expression } from "./syntax.js";

/**
 * What an expression of the text stands for. Booleans are the integers 0 and 1; a parameter is a constant expression.
 * Floats and strings are recognised, so that they can be refused by name.
 *
 * @internal
 */
export type Value =
  | { readonly kind: "int" | "bool"; readonly expression: IntExpr }
  | { readonly kind: "set"; readonly set: IntSet }
  | { readonly kind: "array"; readonly elements: readonly Value[] }
  | { readonly kind: "float" | "string" | "annotation" };

/** The values of the names declared so far. @internal */
export class Scope {
  private readonly values = new Map<string, Value>();

  constructor(private readonly text: string) {}

  /** Gives a name its value. */
  declare(name: string, value: Value, offset: number): void {
    if (this.values.has(name)) throw this.error(offset, `expected a new name, found ${name}, which exists already`);
    this.values.set(name, value);
  }

  /** The value of an expression. */
  evaluate(expression: Expression): Value {
    switch (expression.type) {
      case "bool":
        return expression.value ? TRUE : FALSE;
      case "int":
        return { kind: "int", expression: constant(expression.value) };
      case "range":
      case "set":
        return { kind: "set", set: intSet(expression) };
      case "array":
        return { kind: "array", elements: expression.elements.map((element) => this.evaluate(element)) };
      case "name":
        return this.lookUp(expression.name, expression.offset);
      case "element": {
        const array = this.lookUp(expression.name, expression.offset);
        const elements = array.kind === "array" ? array.elements : [];
        const element = elements[expression.index - 1];
        if (element !== undefined) return element;
        throw this.error(
          expression.offset,
          `expected an element of an array, found ${expression.name}[${expression.index}], which has ${elements.length} elements`,
        );
      }
      case "float":
      case "string":
        return { kind: expression.type };
      case "call":
        return { kind: "annotation" };
    }
  }

  /** The error for a place in the text. */
  error(offset: number, problem: string): FlatZincError {
    return flatZincError(this.text, offset, problem);
  }

  private lookUp(name: string, offset: number): Value {
    const value = this.values.get(name);
    if (value !== undefined) return value;
    throw this.error(offset, `expected the name of a parameter or variable, found ${name}, which is not declared`);
  }
}

const TRUE: Value = { kind: "bool", expression: constant(1) };
const FALSE: Value = { kind: "bool", expression: constant(0) };

/** What a value is, for messages. @internal */
export function describeValue(value: Value): string {
  switch (value.kind) {
    case "int":
      return value.expression.kind === "constant" ? `the integer ${value.expression.value}` : "an integer variable";
    case "bool":
      return value.expression.kind === "constant" ? "a boolean" : "a boolean variable";
    case "set":
      return "a set of integers";
    case "array":
      return `an array of ${value.elements.length} elements`;
    case "float":
      return "a float (floats are not supported)";
    case "string":
      return "a string";
    case "annotation":
      return "an annotation";
  }
}
