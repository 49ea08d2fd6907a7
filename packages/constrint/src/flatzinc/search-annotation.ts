import type { BranchingPhase, ValueChoice, VariableChoice } from "../model/branching.js";
import type { IntVar } from "../model/expression.js";
import { variablesIn } from "../model/nodes-in.js";
import type { RestartOptions } from "../search/restarts.js";
import type { Annotation, Expression } from "./syntax.js";
import type { Scope } from "./value.js";

type Call = Annotation & { readonly type: "call" };

/** One `int_search` or `bool_search`: which of its variables to decide next, and how to divide its domain. */
export interface SearchPhase {
  readonly variables: readonly IntVar[];
  /** The annotation's word for the choice of a variable: `input_order`, `first_fail`, … */
  readonly variableChoice: string;
  /** The annotation's word for the choice of a value: `indomain_min`, `indomain_max`, … */
  readonly valueChoice: string;
}

/** MiniZinc's choices of a variable. */
const VARIABLE_CHOICES: ReadonlyMap<string, VariableChoice> = new Map<string, VariableChoice>([
  ["input_order", "input-order"],
  ["first_fail", "first-fail"],
  ["anti_first_fail", "anti-first-fail"],
  ["smallest", "smallest"],
  ["largest", "largest"],
  ["occurrence", "occurrence"],
  ["most_constrained", "most-constrained"],
  ["max_regret", "max-regret"],
  ["dom_w_deg", "dom-wdeg"],
]);

/** MiniZinc's choices of a value. `indomain` is any order of single values. */
const VALUE_CHOICES: ReadonlyMap<string, ValueChoice> = new Map<string, ValueChoice>([
  ["indomain", "smallest"],
  ["indomain_min", "smallest"],
  ["indomain_max", "largest"],
  ["indomain_median", "median"],
  ["indomain_middle", "middle"],
  ["indomain_split", "split"],
  ["indomain_reverse_split", "reverse-split"],
  ["indomain_interval", "interval"],
  ["indomain_random", "random"],
]);

/** Choices of a variable that are not there, and what comes closest to them. */
const VARIABLE_REPLACEMENTS: ReadonlyMap<string, VariableChoice> = new Map<string, VariableChoice>([
  ["impact", "activity"],
]);

/** Choices of a value that are not there, and what comes closest to them. */
const VALUE_REPLACEMENTS: ReadonlyMap<string, ValueChoice> = new Map<string, ValueChoice>([
  ["indomain_split_random", "split"],
  ["outdomain_min", "largest"],
  ["outdomain_max", "smallest"],
]);

const RESTART_ANNOTATIONS = ["restart_none", "restart_luby", "restart_geometric", "restart_linear", "restart_constant"];

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
 * The restarts that the solve item's annotations ask for, or undefined; the last one counts.
 *
 * @throws FlatZincError for a restart annotation whose arguments are not numbers in range.
 * @internal
 */
export function restartsOf(annotations: readonly Expression[], scope: Scope): RestartOptions | undefined {
  let restarts: RestartOptions | undefined;
  for (const annotation of annotations) {
    if (annotation.type !== "name" && annotation.type !== "call") continue;
    if (!RESTART_ANNOTATIONS.includes(annotation.name)) continue;
    restarts = annotation.type === "name" ? undefined : restartOptions(annotation, scope);
  }
  return restarts;
}

/**
 * How to search as the phases say. What had to be replaced is named in `replaced`, with its replacement.
 *
 * @internal
 */
export function branchingFor(phases: readonly SearchPhase[]): {
  readonly branching: readonly BranchingPhase[];
  readonly replaced: readonly string[];
} {
  const replaced = new Set<string>();
  const replace = <T>(name: string, replacements: ReadonlyMap<string, T>, otherwise: T): T => {
    const replacement = replacements.get(name) ?? otherwise;
    replaced.add(`${name} (${replacement} is used)`);
    return replacement;
  };
  const branching = phases.map(({ variables, variableChoice, valueChoice }) => ({
    variables,
    choose: VARIABLE_CHOICES.get(variableChoice) ?? replace(variableChoice, VARIABLE_REPLACEMENTS, "input-order"),
    value: VALUE_CHOICES.get(valueChoice) ?? replace(valueChoice, VALUE_REPLACEMENTS, "smallest"),
  }));
  return { branching, replaced: [...replaced] };
}

function searchPhase(annotation: Call, scope: Scope): SearchPhase {
  const [list, variableChoice, valueChoice] = annotation.arguments;
  const array = list === undefined ? undefined : scope.evaluate(list);
  if (array?.kind !== "array" || variableChoice?.type !== "name" || valueChoice?.type !== "name") {
    throw scope.error(
      annotation.offset,
      `expected ${annotation.name}(variables, choice of variable, choice of value, strategy)`,
    );
  }
  // A shifted variable (x + c) is decided by deciding x.
  const variables = array.elements.flatMap((element) =>
    element.kind === "int" || element.kind === "bool" ? variablesIn(element.expression) : [],
  );
  return Object.freeze({
    variables: Object.freeze(variables),
    variableChoice: variableChoice.name,
    valueChoice: valueChoice.name,
  });
}

function restartOptions({ name, arguments: args, offset }: Call, scope: Scope): RestartOptions {
  const numbers = args.map((argument) =>
    argument.type === "int" || argument.type === "float" ? (argument.value ?? 0) : 0,
  );
  const [first = 0, second = 0] = numbers;
  const isGeometric = name === "restart_geometric";
  if (numbers.length !== (isGeometric ? 2 : 1) || numbers.some((number) => !(number >= 1))) {
    throw scope.error(offset, `expected ${name}(${isGeometric ? "base, scale" : "scale"}) with numbers ≥ 1`);
  }
  switch (name) {
    case "restart_luby":
      return { sequence: "luby", scale: first };
    case "restart_geometric":
      return { sequence: "geometric", base: first, scale: second };
    case "restart_linear":
      return { sequence: "linear", scale: first };
    default:
      return { sequence: "constant", scale: first };
  }
}
