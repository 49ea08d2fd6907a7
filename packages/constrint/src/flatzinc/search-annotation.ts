import type { IntVar } from "../model/expression.js";
import { largest, smallest, type VariableOrder } from "../model/solve-options.js";
import type { Annotation, Expression } from "./syntax.js";
import type { Scope } from "./value.js";

/** One `int_search` or `bool_search`: which of its variables to decide next, and how to divide its domain. */
export interface SearchPhase {
  readonly variables: readonly IntVar[];
  /** The annotation's word for the choice of a variable: `input_order`, `first_fail`, … */
  readonly variableChoice: string;
  /** The annotation's word for the choice of a value: `indomain_min`, `indomain_max`, … */
  readonly valueChoice: string;
}

/** The value choices that try the largest value first, and the words that mean the same as the two orders supported. */
const LARGEST_FIRST = new Set(["indomain_max"]);
const SMALLEST_FIRST = new Set(["indomain_min", "indomain"]);

/**
 * The phases that the solve item's annotations ask for, one after the other; annotations that are no search annotations, and
 * those for floats and sets, are passed over.
 *
 * @throws FlatZincError for a search annotation whose arguments have the wrong types.
 * @internal
 */
export function searchPhases(annotations: readonly Expression[], scope: Scope): SearchPhase[] {
  return annotations.flatMap((annotation) => {
    if (annotation.type !== "call") return [];
    switch (annotation.name) {
      case "seq_search": {
        const [list] = annotation.arguments;
        if (list?.type !== "array") throw scope.error(annotation.offset, "expected seq_search([…]) with a list");
        return searchPhases(list.elements, scope);
      }
      case "int_search":
      case "bool_search":
        return [searchPhase(annotation, scope)];
      default:
        return [];
    }
  });
}

/**
 * The static order that comes closest to the phases: the variables as they are listed, each once, the largest value first for
 * `indomain_max`. What it cannot follow is named in `unsupported`.
 *
 * @internal
 */
export function staticOrder(phases: readonly SearchPhase[]): {
  readonly order: readonly VariableOrder[];
  readonly unsupported: readonly string[];
} {
  const order = new Map<IntVar, VariableOrder>();
  const unsupported = new Set<string>();
  for (const { variables, variableChoice, valueChoice } of phases) {
    if (variableChoice !== "input_order") unsupported.add(`${variableChoice} (input_order is used)`);
    const isLargestFirst = LARGEST_FIRST.has(valueChoice);
    if (!isLargestFirst && !SMALLEST_FIRST.has(valueChoice)) unsupported.add(`${valueChoice} (indomain_min is used)`);
    for (const variable of variables) {
      if (!order.has(variable)) order.set(variable, isLargestFirst ? largest(variable) : smallest(variable));
    }
  }
  return { order: [...order.values()], unsupported: [...unsupported] };
}

function searchPhase(annotation: Annotation & { readonly type: "call" }, scope: Scope): SearchPhase {
  const [list, variableChoice, valueChoice] = annotation.arguments;
  const array = list === undefined ? undefined : scope.evaluate(list);
  if (array?.kind !== "array" || variableChoice?.type !== "name" || valueChoice?.type !== "name") {
    throw scope.error(
      annotation.offset,
      `expected ${annotation.name}(variables, choice of variable, choice of value, strategy)`,
    );
  }
  const variables = array.elements.flatMap((element) =>
    (element.kind === "int" || element.kind === "bool") && element.expression.kind === "variable"
      ? [element.expression]
      : [],
  );
  return Object.freeze({
    variables: Object.freeze(variables),
    variableChoice: variableChoice.name,
    valueChoice: valueChoice.name,
  });
}
