import type { Engine } from "../engine/engine.js";
import type { LinearTerms } from "../propagators/arithmetic/linear.js";
import { LinearEqual } from "../propagators/arithmetic/linear-equal.js";
import { LinearLessEqual } from "../propagators/arithmetic/linear-less-equal.js";

/** Σ aᵢ·xᵢ ≤ limit over distinct variables of an engine. @internal */
export interface Inequality extends LinearTerms {
  readonly limit: number;
}

/**
 * A sum of fewer variables is an order or a difference (the makespan of a schedule, a ruler's last mark), where linear
 * programming finds no more than propagation of bounds.
 */
const FEWEST_TERMS = 4;

/**
 * The linear constraints that tie the objective down, for a linear relaxation: the objective is a sum, and all other
 * constraints on that sum's variables, on their variables, and so on. An equation is two inequalities.
 *
 * Empty when the objective is no sum of several variables, or no constraint ties two of them together: a relaxation would not
 * pay.
 *
 * @internal
 */
export function inequalitiesAround(engine: Engine, objective: number): Inequality[] {
  const rows = engine.posted.filter((propagator) => isLinear(propagator));
  const sum = rows.find((row) => row.variables.length > FEWEST_TERMS && row.variables.includes(objective));
  if (sum === undefined) return [];
  const terms = new Set(sum.variables);
  const tiesTerms = (row: LinearRow) => row !== sum && row.variables.filter((x) => terms.has(x)).length >= 2;
  if (!rows.some(tiesTerms)) return [];
  return connectedTo(objective, rows).flatMap(inequalitiesOf);
}

type LinearRow = LinearEqual | LinearLessEqual;

function isLinear(propagator: object): propagator is LinearRow {
  return propagator instanceof LinearEqual || propagator instanceof LinearLessEqual;
}

/** The rows that a chain of rows with common variables leads to. */
function connectedTo(variable: number, rows: readonly LinearRow[]): LinearRow[] {
  const rowsOf = new Map<number, LinearRow[]>();
  for (const row of rows) {
    for (const x of row.variables) {
      const known = rowsOf.get(x);
      if (known === undefined) rowsOf.set(x, [row]);
      else known.push(row);
    }
  }
  const reached = new Set<LinearRow>();
  const seen = new Set([variable]);
  for (const x of seen) {
    for (const row of rowsOf.get(x) ?? []) {
      reached.add(row);
      for (const neighbour of row.variables) seen.add(neighbour); // a set's iteration visits what is added meanwhile
    }
  }
  return [...reached];
}

function inequalitiesOf(row: LinearRow): Inequality[] {
  const { variables, coefficients } = row;
  if (row instanceof LinearLessEqual) return [{ variables, coefficients, limit: row.limit }];
  return [
    { variables, coefficients, limit: row.total },
    { variables, coefficients: coefficients.map((a) => -a), limit: -row.total + 0 },
  ];
}
