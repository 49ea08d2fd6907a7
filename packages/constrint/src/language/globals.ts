import type { Constraint } from "../model/constraint.js";
import type { IntExpr } from "../model/expression.js";
import { allDifferent } from "../model/global/all-different.js";
import { binPacking } from "../model/global/bin-packing.js";
import { circuit } from "../model/global/circuit.js";
import { cumulative } from "../model/global/cumulative.js";
import { disjunctive } from "../model/global/disjunctive.js";
import { element } from "../model/global/element.js";
import { globalCardinality } from "../model/global/global-cardinality.js";
import { inverse } from "../model/global/inverse.js";
import { lexLess, lexLessEqual } from "../model/global/lexicographic.js";
import { regular } from "../model/global/regular.js";
import { table } from "../model/global/table.js";
import type { GlobalName, Syntax } from "./syntax.js";

/** Reads what the arguments of a global constraint consist of; every error shows the argument's place. @internal */
export interface ArgumentReader {
  /** A number, fixed or not. */
  expression(node: Syntax): IntExpr;
  /** A fixed number. */
  constantValue(node: Syntax): number;
  /** The items of an array, ranges written out. */
  items(node: Syntax): readonly Syntax[];
  /** The items of an array that has to have this many. */
  row(node: Syntax, length: number): readonly Syntax[];
}

/** The global constraint of this name for its arguments, of which there are as many as it takes. @internal */
export function globalOf(name: GlobalName, found: readonly Syntax[], reader: ArgumentReader): Constraint {
  const expression = (i: number): IntExpr => reader.expression(found[i]!);
  const integer = (i: number): number => reader.constantValue(found[i]!);
  const expressions = (i: number): IntExpr[] => reader.items(found[i]!).map((item) => reader.expression(item));
  const integers = (node: Syntax): number[] => reader.items(node).map((item) => reader.constantValue(item));
  const all = (): IntExpr[] => found.map((argument) => reader.expression(argument));
  switch (name) {
    case "allDifferent":
      return allDifferent(all());
    case "allDifferentValues":
      return allDifferent(all(), { consistency: "value" });
    case "allDifferentDomain":
      return allDifferent(all(), { consistency: "domain" });
    case "element":
      return element(expressions(0), expression(1), expression(2));
    case "table":
      return table(expressions(0), reader.items(found[1]!).map(integers));
    case "inverse":
      return inverse(expressions(0), expressions(1));
    case "circuit":
      return circuit(all());
    case "regular":
      return regular(expressions(0), {
        stateCount: integer(1),
        initial: integer(2),
        accepting: integers(found[3]!),
        transitions: reader.items(found[4]!).map((transition) => {
          const [from, value, to] = reader.row(transition, 3).map((item) => reader.constantValue(item));
          return [from!, value!, to!] as const;
        }),
      });
    case "globalCardinality":
    case "globalCardinalityClosed": {
      const closed = name === "globalCardinalityClosed";
      return globalCardinality(expressions(0), integers(found[1]!), expressions(2), { closed });
    }
    case "lexLess":
      return lexLess(expressions(0), expressions(1));
    case "lexLessEqual":
      return lexLessEqual(expressions(0), expressions(1));
    case "binPacking":
      return binPacking(expressions(0), integers(found[1]!), expressions(2));
    case "disjunctive":
    case "disjunctiveStrict": {
      const tasks = reader.items(found[0]!).map((task) => {
        const [start, duration] = reader.row(task, 2).map((item) => reader.expression(item));
        return { start: start!, duration: duration! };
      });
      return disjunctive(tasks, { strict: name === "disjunctiveStrict" });
    }
    case "cumulative": {
      const tasks = reader.items(found[0]!).map((task) => {
        const [start, duration, demand] = reader.row(task, 3).map((item) => reader.expression(item));
        return { start: start!, duration: duration!, demand: demand! };
      });
      return cumulative(tasks, expression(1));
    }
  }
}
