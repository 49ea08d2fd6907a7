import type { Statistics } from "../search/statistics.js";
import type { NamedConstraint } from "./constraint.js";

/** A value for every variable of the model, by name: a plain frozen record. */
export type Solution = Readonly<Record<string, number>>;

/**
 * The answer to whether a model has a solution. `unknown`: a limit was hit before either was known. Why a model is
 * `unsatisfiable` is what `Model.explainUnsatisfiable` answers.
 */
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

/** What the search for a conflicting subset did, all its checks together. */
export interface ConflictStatistics extends Pick<Statistics, "nodes" | "failures" | "propagations" | "seconds"> {
  /** How many subsets of the constraints were checked for a solution. */
  readonly checks: number;
}

/** The answer to why a model has no solution. */
export interface ConflictResult {
  /** `satisfied`: it has one; `unknown`: a limit was hit before either was known. */
  readonly status: "unsatisfiable" | "satisfied" | "unknown";
  /**
   * If unsatisfiable: constraints of the model, as they were added and in that order, that have no solution together within
   * the domains of the variables. Empty otherwise.
   */
  readonly constraints: readonly NamedConstraint[];
  /**
   * Whether the constraints are proved to have a solution as soon as any one of them is left out. False where a limit was hit:
   * then some of them may not be needed.
   */
  readonly minimal: boolean;
  /** If satisfied. */
  readonly solution?: Solution;
  readonly statistics: ConflictStatistics;
}
