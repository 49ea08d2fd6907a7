import type { IntExpr } from "../model/expression.js";
import type { AllDifferentConsistency } from "../model/global/all-different.js";
import type { GlobalConstraint } from "../model/global/global-constraint.js";
import type { GlobalName } from "./syntax.js";

/** An argument to print: a number or an array of arguments. */
type Argument = number | IntExpr | readonly Argument[];

const ALL_DIFFERENT: Readonly<Record<AllDifferentConsistency, GlobalName>> = {
  value: "allDifferentValues",
  bounds: "allDifferent",
  domain: "allDifferentDomain",
};

/** A global constraint as the language writes it: its name and its arguments in brackets. @internal */
export function globalText(constraint: GlobalConstraint, formatExpression: (expression: IntExpr) => string): string {
  const text = (argument: Argument): string => {
    if (typeof argument === "number") return String(argument);
    return isArray(argument) ? `[${argument.map(text).join(", ")}]` : formatExpression(argument);
  };
  const call = (name: GlobalName, ...found: readonly Argument[]): string => `${name}(${found.map(text).join(", ")})`;
  switch (constraint.kind) {
    case "all-different":
      return `${ALL_DIFFERENT[constraint.consistency]}(${constraint.operands.map(text).join(", ")})`;
    case "element":
      return call("element", constraint.array, constraint.index, constraint.result);
    case "table":
      return call("table", constraint.operands, constraint.rows);
    case "inverse":
      return call("inverse", constraint.forward, constraint.backward);
    case "circuit":
      return `circuit(${constraint.operands.map(text).join(", ")})`;
    case "regular": {
      const { stateCount, initial, accepting, transitions } = constraint.automaton;
      return call("regular", constraint.operands, stateCount, initial, accepting, transitions);
    }
    case "global-cardinality": {
      const name = constraint.closed ? "globalCardinalityClosed" : "globalCardinality";
      return call(name, constraint.items, constraint.values, constraint.counts);
    }
    case "lexicographic":
      return call(constraint.strict ? "lexLess" : "lexLessEqual", constraint.left, constraint.right);
    case "bin-packing":
      return call("binPacking", constraint.bins, constraint.sizes, constraint.loads);
    case "custom":
      return `${JSON.stringify(constraint.definition.name)}(${constraint.operands.map(text).join(", ")})`;
    case "disjunctive": {
      const tasks = constraint.starts.map((start, i) => [start, constraint.durations[i]!]);
      return call(constraint.durations.includes(0) ? "disjunctiveStrict" : "disjunctive", tasks);
    }
    case "cumulative": {
      const tasks = constraint.tasks.map(({ start, duration, demand }) => [start, duration, demand]);
      return call("cumulative", tasks, constraint.capacity);
    }
  }
}

function isArray(argument: Argument): argument is readonly Argument[] {
  return Array.isArray(argument);
}
