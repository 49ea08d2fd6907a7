import { areAllDifferent } from "../../propagators/global/all-different-values.js";
import { arePacked } from "../../propagators/global/bin-packing.js";
import { isCircuit } from "../../propagators/global/circuit.js";
import { fitsCapacity } from "../../propagators/global/cumulative.js";
import { areDisjoint } from "../../propagators/global/disjunctive.js";
import { areCounts } from "../../propagators/global/global-cardinality.js";
import { areInverse } from "../../propagators/global/inverse.js";
import { isLexicographicallyBefore } from "../../propagators/global/lexicographic.js";
import { accepts } from "../../propagators/global/regular.js";
import { isRowOf } from "../../propagators/global/table.js";
import type { IntExpr } from "../expression.js";
import type { AllDifferent } from "./all-different.js";
import type { BinPacking } from "./bin-packing.js";
import type { Circuit } from "./circuit.js";
import type { Cumulative } from "./cumulative.js";
import type { Custom } from "./custom.js";
import type { Disjunctive } from "./disjunctive.js";
import type { Element } from "./element.js";
import type { GlobalCardinality } from "./global-cardinality.js";
import type { Inverse } from "./inverse.js";
import type { Lexicographic } from "./lexicographic.js";
import type { Regular } from "./regular.js";
import type { Table } from "./table.js";

/** A constraint on any number of expressions that is more than the sum of its pairs. */
export type GlobalConstraint =
  | AllDifferent
  | Element
  | Table
  | Inverse
  | Circuit
  | Regular
  | GlobalCardinality
  | Lexicographic
  | BinPacking
  | Cumulative
  | Disjunctive
  | Custom;

/** Whether a global constraint holds for given values of its operands. @internal */
export function globalHolds(constraint: GlobalConstraint, evaluated: (expression: IntExpr) => number): boolean {
  switch (constraint.kind) {
    case "all-different":
      return areAllDifferent(constraint.operands.map(evaluated));
    case "element":
      return constraint.array.map(evaluated)[evaluated(constraint.index)] === evaluated(constraint.result);
    case "table":
      return isRowOf(constraint.rows, constraint.operands.map(evaluated));
    case "inverse":
      return areInverse(constraint.forward.map(evaluated), constraint.backward.map(evaluated));
    case "circuit":
      return isCircuit(constraint.operands.map(evaluated));
    case "regular":
      return accepts(constraint.automaton, constraint.operands.map(evaluated));
    case "global-cardinality": {
      const items = constraint.items.map(evaluated);
      if (constraint.closed && !items.every((item) => constraint.values.includes(item))) return false;
      return areCounts(items, constraint.values, constraint.counts.map(evaluated));
    }
    case "lexicographic": {
      const { left, right, strict } = constraint;
      return isLexicographicallyBefore(left.map(evaluated), right.map(evaluated), strict);
    }
    case "bin-packing":
      return arePacked(constraint.bins.map(evaluated), constraint.sizes, constraint.loads.map(evaluated));
    case "custom":
      return constraint.definition.holds(constraint.operands.map(evaluated));
    case "disjunctive":
      return areDisjoint(constraint.starts.map(evaluated), constraint.durations);
    case "cumulative": {
      const { tasks, capacity } = constraint;
      return fitsCapacity(
        tasks.map(({ start }) => evaluated(start)),
        tasks.map(({ duration }) => evaluated(duration)),
        tasks.map(({ demand }) => evaluated(demand)),
        evaluated(capacity),
      );
    }
  }
}
