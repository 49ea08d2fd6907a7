import { isExact } from "../../domain/integers.js";
import type { Propagator } from "../../engine/propagator.js";
import { AllDifferentBounds } from "../../propagators/global/all-different-bounds.js";
import { AllDifferentDomain } from "../../propagators/global/all-different-domain.js";
import { AllDifferentValues } from "../../propagators/global/all-different-values.js";
import { BinPacking as BinPackingPropagator } from "../../propagators/global/bin-packing.js";
import { Circuit as CircuitPropagator } from "../../propagators/global/circuit.js";
import { Cumulative as CumulativePropagator } from "../../propagators/global/cumulative.js";
import { Disjunctive as DisjunctivePropagator } from "../../propagators/global/disjunctive.js";
import { ElementConstant } from "../../propagators/global/element-constant.js";
import { ElementVariable } from "../../propagators/global/element-variable.js";
import { ForwardChecking } from "../../propagators/global/forward-checking.js";
import { GlobalCardinality as GlobalCardinalityPropagator } from "../../propagators/global/global-cardinality.js";
import { Inverse as InversePropagator } from "../../propagators/global/inverse.js";
import { Lexicographic as LexicographicPropagator } from "../../propagators/global/lexicographic.js";
import { Precedence } from "../../propagators/global/precedence.js";
import { type Automaton, Regular as RegularPropagator } from "../../propagators/global/regular.js";
import { Table as TablePropagator } from "../../propagators/global/table.js";
import type { IntExpr } from "../expression.js";
import { type AllDifferent, allDifferent } from "../global/all-different.js";
import type { BinPacking } from "../global/bin-packing.js";
import type { Circuit } from "../global/circuit.js";
import type { Cumulative } from "../global/cumulative.js";
import type { Custom } from "../global/custom.js";
import type { Element } from "../global/element.js";
import type { GlobalCardinality } from "../global/global-cardinality.js";
import type { GlobalConstraint } from "../global/global-constraint.js";
import type { Inverse } from "../global/inverse.js";
import type { Lexicographic } from "../global/lexicographic.js";
import type { Regular } from "../global/regular.js";
import type { Table } from "../global/table.js";

/** A variable plus a constant. @internal */
export interface ShiftedVariable {
  readonly variable: number;
  readonly shift: number;
}

/** Where the variables for a constraint's operands come from. @internal */
export interface OperandVariables {
  /** A variable that equals the expression. */
  variableFor(expression: IntExpr): number;
  /** A variable and a constant whose sum equals the expression: saves an auxiliary variable for x + c. */
  shiftedVariableFor(expression: IntExpr): ShiftedVariable;
  /** A new variable with the values 0 and 1 that says which of two things holds, or undefined where none is wanted. */
  newSelector(): number | undefined;
}

/** Beyond this number of pairs the order of two tasks gets no variable. */
const PRECEDENCE_LIMIT = 20_000;

/** The propagators of a global constraint, which must all hold, or false. @internal */
export function compileGlobal(constraint: GlobalConstraint, operands: OperandVariables): readonly Propagator[] | false {
  switch (constraint.kind) {
    case "all-different":
      return compileAllDifferent(constraint, operands);
    case "element":
      return compileElement(constraint, operands);
    case "table":
      return compileTable(constraint, operands);
    case "inverse":
      return compileInverse(constraint, operands);
    case "circuit":
      return compileCircuit(constraint, operands);
    case "regular":
      return compileRegular(constraint, operands);
    case "global-cardinality":
      return compileGlobalCardinality(constraint, operands);
    case "lexicographic":
      return compileLexicographic(constraint, operands);
    case "bin-packing":
      return compileBinPacking(constraint, operands);
    case "cumulative":
      return compileCumulative(constraint, operands);
    case "custom":
      return [compileCustom(constraint, operands)];
    case "disjunctive":
      return sequence(
        constraint.starts.map((start, i) => ({ start, duration: constraint.durations[i]! })),
        operands,
      );
  }
}

function compileAllDifferent(constraint: AllDifferent, operands: OperandVariables): readonly Propagator[] | false {
  const { variables, shifts } = shiftedVariables(constraint.operands, operands);
  // x and x + 1 always differ, x and x never.
  if (new Set(variables.map((variable, i) => `${variable}+${shifts[i]}`)).size < variables.length) return false;
  const values = new AllDifferentValues(variables, shifts);
  switch (constraint.consistency) {
    case "value":
      return [values];
    case "bounds":
      return [values, new AllDifferentBounds(variables, shifts)];
    case "domain":
      return [values, new AllDifferentDomain(variables, shifts)];
  }
}

function compileCustom({ definition, operands: expressions }: Custom, operands: OperandVariables): Propagator {
  const scope = expressions.map((expression) => operands.variableFor(expression));
  const { name, holds } = definition;
  // Called as a method: a definition may be an object that its functions refer to.
  return definition.propagator?.(scope) ?? new ForwardChecking(name, scope, holds.bind(definition));
}

function compileElement({ array, index, result }: Element, operands: OperandVariables): readonly Propagator[] {
  const { variable, shift } = operands.shiftedVariableFor(index);
  const target = operands.variableFor(result);
  const numbers = array.flatMap((entry) => (entry.kind === "constant" ? [entry.value] : []));
  if (numbers.length === array.length) return [new ElementConstant(variable, shift, numbers, target)];
  const variables = array.map((entry) => operands.variableFor(entry));
  return [new ElementVariable(variable, shift, variables, target)];
}

function compileTable(constraint: Table, operands: OperandVariables): readonly Propagator[] | false {
  if (constraint.rows.length === 0) return false;
  if (constraint.operands.length === 0) return [];
  const terms = constraint.operands.map((operand) => operands.shiftedVariableFor(operand));
  const rows = constraint.rows.map((row) => row.map((entry, i) => entry - terms[i]!.shift));
  return [
    new TablePropagator(
      terms.map(({ variable }) => variable),
      rows.filter((row) => row.every(isExact)),
    ),
  ];
}

function compileInverse({ forward, backward }: Inverse, operands: OperandVariables): readonly Propagator[] {
  const there = shiftedVariables(forward, operands);
  const back = shiftedVariables(backward, operands);
  return [new InversePropagator(there.variables, there.shifts, back.variables, back.shifts)];
}

function shiftedVariables(
  expressions: readonly IntExpr[],
  operands: OperandVariables,
): { variables: number[]; shifts: number[] } {
  const terms = expressions.map((expression) => operands.shiftedVariableFor(expression));
  return { variables: terms.map(({ variable }) => variable), shifts: terms.map(({ shift }) => shift) };
}

function compileCircuit(constraint: Circuit, operands: OperandVariables): readonly Propagator[] | false {
  const { variables, shifts } = shiftedVariables(constraint.operands, operands);
  const different = compileAllDifferent(allDifferent(constraint.operands), operands);
  return different === false ? false : [...different, new CircuitPropagator(variables, shifts)];
}

function compileRegular(constraint: Regular, operands: OperandVariables): readonly Propagator[] {
  const { variables, shifts } = shiftedVariables(constraint.operands, operands);
  return [new RegularPropagator(variables, shifts, withUsedStates(constraint.automaton))];
}

/** The same automaton with only the states that it uses, so that the propagator's tables are as small as they can be. */
function withUsedStates({ initial, accepting, transitions }: Automaton): Automaton {
  const numbers = new Map<number, number>();
  const numberOf = (state: number): number => {
    const number = numbers.get(state) ?? numbers.size;
    numbers.set(state, number);
    return number;
  };
  const used = {
    initial: numberOf(initial),
    accepting: accepting.map(numberOf),
    transitions: transitions.map(([from, value, to]) => [numberOf(from), value, numberOf(to)] as const),
  };
  return { stateCount: numbers.size, ...used };
}

function compileGlobalCardinality(
  { items, values, counts, closed }: GlobalCardinality,
  operands: OperandVariables,
): readonly Propagator[] {
  const { variables, shifts } = shiftedVariables(items, operands);
  const countVariables = counts.map((count) => operands.variableFor(count));
  const count = new GlobalCardinalityPropagator(variables, shifts, values, countVariables);
  if (!closed) return [count];
  const allowed = variables.map(
    (variable, i) =>
      new TablePropagator(
        [variable],
        values.map((value) => [value - shifts[i]!]),
      ),
  );
  return [...allowed, count];
}

function compileLexicographic(
  { left, right, strict }: Lexicographic,
  operands: OperandVariables,
): readonly Propagator[] {
  const smaller = left.map((expression) => operands.variableFor(expression));
  const larger = right.map((expression) => operands.variableFor(expression));
  return [new LexicographicPropagator(smaller, larger, strict)];
}

function compileBinPacking({ bins, sizes, loads }: BinPacking, operands: OperandVariables): readonly Propagator[] {
  const { variables, shifts } = shiftedVariables(bins, operands);
  const loadVariables = loads.map((load) => operands.variableFor(load));
  return [new BinPackingPropagator(variables, shifts, sizes, loadVariables)];
}

function compileCumulative({ tasks, capacity }: Cumulative, operands: OperandVariables): readonly Propagator[] {
  const shared = new CumulativePropagator(
    tasks.map(({ start }) => operands.variableFor(start)),
    tasks.map(({ duration }) => operands.variableFor(duration)),
    tasks.map(({ demand }) => operands.variableFor(demand)),
    operands.variableFor(capacity),
  );
  // Of tasks that need more than half of the capacity no two fit together.
  const large = tasks.flatMap(({ start, duration, demand }) =>
    capacity.kind === "constant" &&
    demand.kind === "constant" &&
    2 * demand.value > capacity.value &&
    duration.kind === "constant" &&
    duration.value > 0
      ? [{ start, duration: duration.value }]
      : [],
  );
  return [shared, ...sequence(large, operands)];
}

/** Tasks one after the other as a whole; and where selectors are wanted, a variable for the order of each two, to branch on and to learn about. */
function sequence(
  tasks: readonly { readonly start: IntExpr; readonly duration: number }[],
  operands: OperandVariables,
): readonly Propagator[] {
  if (tasks.length < 2) return [];
  const starts = tasks.map(({ start }) => start);
  const durations = tasks.map(({ duration }) => duration);
  const { variables, shifts } = shiftedVariables(starts, operands);
  const propagators: Propagator[] = [new DisjunctivePropagator({ starts: variables, shifts, durations })];
  if ((starts.length * (starts.length - 1)) / 2 > PRECEDENCE_LIMIT) return propagators;
  for (let i = 0; i < starts.length; i++) {
    for (let j = i + 1; j < starts.length; j++) {
      const selector = operands.newSelector();
      if (selector === undefined) return propagators;
      const distance = shifts[i]! - shifts[j]!;
      propagators.push(
        new Precedence(selector, variables[i]!, variables[j]!, durations[i]! + distance, durations[j]! - distance),
      );
    }
  }
  return propagators;
}
