import { type Assignment, evaluate } from "../model/evaluate.js";
import type { IntExpr, IntVar } from "../model/expression.js";
import { variablesIn } from "../model/nodes-in.js";
import { elementsOf, type IntSet, setSize } from "./int-set.js";
import type { Annotation, Declaration } from "./syntax.js";
import { describeValue, type Scope, type Value } from "./value.js";

/** A variable or an array of variables that belongs to the answer. @internal */
export interface OutputItem {
  readonly name: string;
  /** The index sets of an array's dimensions as written in the answer, or undefined for a single variable. */
  readonly indexSets?: readonly string[];
  readonly elements: readonly OutputElement[];
}

/** A variable or constant and whether it is written as a truth value. @internal */
interface OutputElement {
  readonly expression: IntExpr;
  readonly isBool: boolean;
}

/** What a declaration adds to the answer: nothing unless it is annotated with `output_var` or `output_array`. @internal */
export function outputOf(declaration: Declaration, value: Value, scope: Scope): OutputItem | undefined {
  const { name } = declaration;
  for (const annotation of declaration.annotations) {
    if (annotation.name === "output_var") {
      return { name, elements: [outputElement(value, annotation, scope)] };
    }
    if (annotation.name === "output_array") {
      if (value.kind !== "array") throw scope.error(annotation.offset, `expected output_var for ${name}, not an array`);
      const sets = indexSets(annotation, scope);
      const size = sets.reduce((product, set) => product * setSize(set), 1);
      if (size !== value.elements.length) {
        throw scope.error(
          annotation.offset,
          `expected index sets for ${value.elements.length} elements of ${name}, found sets for ${size}`,
        );
      }
      const elements = value.elements.map((element) => outputElement(element, annotation, scope));
      return { name, indexSets: sets.map(formatIndexSet), elements };
    }
  }
  return undefined;
}

/** The answer's lines for a solution, in the FlatZinc output format: `name = value;`. @internal */
export function formatSolution(items: readonly OutputItem[], valueIn: (variable: IntVar) => number): string {
  let text = "";
  for (const { name, indexSets, elements } of items) {
    const values = elements.map((element) => formatElement(element, valueIn));
    if (indexSets === undefined) text += `${name} = ${values[0]};\n`;
    else text += `${name} = array${indexSets.length}d(${[...indexSets, `[${values.join(", ")}]`].join(", ")});\n`;
  }
  return text;
}

function outputElement(value: Value, { offset }: Annotation, scope: Scope): OutputElement {
  if (value.kind === "int" || value.kind === "bool") {
    return { expression: value.expression, isBool: value.kind === "bool" };
  }
  throw scope.error(offset, `expected integers or booleans to output, found ${describeValue(value)}`);
}

function indexSets(annotation: Annotation, scope: Scope): IntSet[] {
  const [list] = annotation.type === "call" ? annotation.arguments : [];
  if (list?.type === "array" && list.elements.length > 0) {
    const sets = list.elements.map((element) => scope.evaluate(element));
    if (sets.every((set) => set.kind === "set")) return sets.map(({ set }) => set);
  }
  throw scope.error(annotation.offset, "expected output_array([…]) with a list of index sets");
}

function formatIndexSet(set: IntSet): string {
  const [first] = set;
  if (first === undefined) return "1..0";
  if (set.length === 1) return `${first[0]}..${first[1]}`;
  return `{${elementsOf(set).join(", ")}}`;
}

function formatElement({ expression, isBool }: OutputElement, valueIn: (variable: IntVar) => number): string {
  const value =
    expression.kind === "variable" ? valueIn(expression) : evaluate(expression, assignment(expression, valueIn));
  return isBool ? String(value === 1) : String(value);
}

function assignment(expression: IntExpr, valueIn: (variable: IntVar) => number): Assignment {
  return Object.fromEntries([...variablesIn(expression)].map((variable) => [variable.name, valueIn(variable)]));
}
