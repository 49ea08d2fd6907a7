import solver from "javascript-lp-solver";
import type { Inequality } from "./inequality.js";

/** maximise Σ costᵢ·xᵢ subject to inequalities and lowerᵢ ≤ xᵢ ≤ upperᵢ, over real numbers. @internal */
export interface LinearProgram {
  /** The variables by the numbers that the inequalities use. */
  readonly variables: readonly number[];
  /** Finite bounds by variable number; only those of {@link variables} are read. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly cost: ReadonlyMap<number, number>;
  readonly inequalities: readonly Inequality[];
}

/** The optimum of a linear program, up to rounding errors. @internal */
export interface LinearOptimum {
  readonly objective: number;
  /** The variables' values, by variable number. */
  readonly values: ReadonlyMap<number, number>;
  /**
   * For each inequality its dual value y ≥ 0: the objective is at most Σ yₖ·limitₖ + Σ over the variables of the largest
   * (costᵢ − Σ yₖ·aₖᵢ)·xᵢ within its bounds.
   */
  readonly multipliers: readonly number[];
}

// The part of javascript-lp-solver's programming interface that is used here; its type declarations leave most of it out.
interface SolverVariable {
  readonly index: number;
}
interface SolverConstraint {
  readonly slack: SolverVariable;
  addTerm(coefficient: number, variable: SolverVariable): SolverConstraint;
}
interface SolverModel {
  usePresolve: boolean;
  /** Ends the simplex method when it repeats itself. */
  checkForCycles: boolean;
  readonly tableau: {
    /** Row by row; row 0 has the costs, which at the optimum are the negated dual values of the slack variables. */
    readonly matrix: Float64Array;
    readonly width: number;
    /** A variable's column, or −1 where it is in the basis and so costs nothing. */
    readonly colByVarIndex: readonly number[];
  };
  maximize(): void;
  addVariable(cost: number, name: string): SolverVariable;
  smallerThan(limit: number): SolverConstraint;
  solve(): {
    readonly feasible: boolean;
    readonly bounded: boolean;
    readonly evaluation: number;
    generateSolutionSet(): Readonly<Record<string, number | undefined>>;
  };
}

const { Model: Solver } = solver as unknown as { readonly Model: new () => SolverModel };

/**
 * Solves a linear program with javascript-lp-solver's simplex method.
 *
 * Undefined if the program has no solution or the method gives up; because of rounding errors neither proves anything.
 *
 * @internal
 */
export function solveLinearProgram(program: LinearProgram): LinearOptimum | undefined {
  const { variables, lower, upper, cost, inequalities } = program;
  const model = new Solver();
  // Presolving clears the costs of fixed variables, and with them the meaning of the dual values.
  model.usePresolve = false;
  model.checkForCycles = true;
  model.maximize();
  // The method's variables start at 0: xᵢ = lowerᵢ + the method's variable, and fixed variables are constants.
  const columns = new Map<number, SolverVariable>();
  let constant = 0;
  for (const x of variables) {
    constant += (cost.get(x) ?? 0) * lower[x]!;
    if (lower[x] !== upper[x]) columns.set(x, model.addVariable(cost.get(x) ?? 0, `${x}`));
  }
  const rows = inequalities.map(({ variables: scope, coefficients, limit }) => {
    const row = model.smallerThan(scope.reduce((rest, x, i) => rest - coefficients[i]! * lower[x]!, limit));
    scope.forEach((x, i) => {
      const column = columns.get(x);
      if (column !== undefined) row.addTerm(coefficients[i]!, column);
    });
    return row;
  });
  for (const [x, column] of columns) model.smallerThan(upper[x]! - lower[x]!).addTerm(1, column);

  const solution = model.solve();
  if (!solution.feasible || !solution.bounded || !Number.isFinite(solution.evaluation)) return undefined;
  const { matrix, colByVarIndex } = model.tableau;
  const solved = solution.generateSolutionSet();
  return {
    objective: constant + solution.evaluation,
    values: new Map(variables.map((x) => [x, lower[x]! + (solved[`${x}`] ?? 0)])),
    multipliers: rows.map(({ slack }) => {
      const column = colByVarIndex[slack.index] ?? -1;
      return column < 0 ? 0 : Math.max(0, -matrix[column]!);
    }),
  };
}
