import type { Statistics } from "../search/statistics.js";

/** A value for every variable of the model, by name: a plain frozen record. */
export type Solution = Readonly<Record<string, number>>;

/** The answer to whether a model has a solution. `unknown`: a limit was hit before either was known. */
export interface SolveResult {
  readonly status: "satisfied" | "unsatisfiable" | "unknown";
  readonly solution?: Solution;
  readonly statistics: Statistics;
}

/** The answer to an optimisation. `satisfied`: a limit was hit; the best solution so far may not be the best there is. */
export interface OptimizeResult {
  readonly status: "optimal" | "satisfied" | "unsatisfiable" | "unknown";
  readonly solution?: Solution;
  /** The objective's value for the solution. */
  readonly objective?: number;
  readonly statistics: Statistics;
}

/** The end of an enumeration. `complete`: these were all solutions; `limit`: there may be more. */
export interface Enumeration {
  readonly status: "complete" | "limit";
  /** How many solutions were produced. */
  readonly count: number;
  readonly statistics: Statistics;
}
