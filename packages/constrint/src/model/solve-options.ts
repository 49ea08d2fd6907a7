import { SolverError } from "../error.js";
import type { Relaxation } from "../relaxation/relaxation.js";
import { checkLimits, type Limits } from "../search/limits.js";
import { checkProgressOptions, type ProgressOptions } from "../search/progress.js";
import { checkRestarts, type RestartOptions } from "../search/restarts.js";
import type { BranchingPhase } from "./branching.js";
import type { CustomBranching } from "./custom-branching.js";
import type { IntVar } from "./expression.js";
import type { Solution } from "./results.js";

/** A variable and which of its values is tried first; made by {@link smallest} and {@link largest}. */
export interface VariableOrder {
  readonly variable: IntVar;
  readonly first: "smallest" | "largest";
}

/** Decide this variable from its smallest value upward. */
export function smallest(variable: IntVar): VariableOrder {
  return Object.freeze({ variable, first: "smallest" });
}

/** Decide this variable from its largest value downward. */
export function largest(variable: IntVar): VariableOrder {
  return Object.freeze({ variable, first: "largest" });
}

/** The failures of each search in its first turn under the engine `auto`. */
export interface FirstTurn {
  readonly depthFirst: number;
  readonly learning: number;
}

/** A failure that is learned from takes several times as long. */
export const FIRST_TURN: FirstTurn = { depthFirst: 30_000, learning: 1000 };
/** Where disjunctions are to be decided, learning is worth its time. */
export const FIRST_TURN_WITH_DISJUNCTIONS: FirstTurn = { depthFirst: 1000, learning: 1000 };

/** How a search goes through the assignments. */
export type SearchEngine = "auto" | "depth-first" | "learning";

/** Every {@link SearchEngine}. */
export const SEARCH_ENGINES: readonly SearchEngine[] = ["auto", "depth-first", "learning"];

/** How comparisons of arithmetic expressions are propagated. */
export type Arithmetic = "auxiliary" | "graph";

/** Every {@link Arithmetic}. */
const ARITHMETICS: readonly Arithmetic[] = ["auxiliary", "graph"];

/** How to search. */
export interface SolveOptions extends Limits, ProgressOptions {
  /**
   * `auto`, which stands for no engine given: depth-first search to begin with, and if it has not finished after
   * {@link FIRST_TURN} failures ({@link FIRST_TURN_WITH_DISJUNCTIONS} where there are disjunctions to decide), learning search by
   * turns with it, each turn with twice as many failures as the one before. Enumerations, a
   * given {@link order} and limits on nodes or failures keep to depth-first search.
   *
   * `depth-first` goes through the decisions in their order and back, without memory: made for enumeration, for products, and
   * the only one whose first solution is the best in the order. `learning` explains every conflict and never runs into it
   * again: made for scheduling and other problems whose conflicts have few causes.
   */
  readonly engine?: SearchEngine | undefined;
  /**
   * `auxiliary`, unless told: every product, quotient, largest or smallest in an expression gets a variable of its own and a propagator that
   * defines it. `graph`: one propagator evaluates the expressions of all comparisons and of the objective together, forward and
   * back, without auxiliary variables. Made for models of few variables and many formulas over them that are solved once: they begin several
   * times faster, each node of the search takes less time, and may see less. Learning search works as with `auxiliary`.
   */
  readonly arithmetic?: Arithmetic | undefined;
  /**
   * The variables to decide first, in this order; then those of {@link branching}, and then the others in the order of
   * declaration, smallest value first, or largest where that makes the objective better. The first solution is the best in
   * the lexicographic sense of this order.
   */
  readonly order?: readonly VariableOrder[] | undefined;
  /** How to decide variables by what the search sees, one phase after the other. */
  readonly branching?: readonly (BranchingPhase | CustomBranching)[] | undefined;
  /**
   * When to begin again at the root, with nogoods that keep the search from what it has seen; never unless told. Worthwhile with
   * a {@link branching} that learns, such as `dom-wdeg`, or that is random. The search stays complete.
   */
  readonly restarts?: RestartOptions | undefined;
  /** What random choices start from, an integer: the same seed gives the same search. 0 unless told. */
  readonly seed?: number | undefined;
}

/** How to enumerate. */
export interface EnumerateOptions extends SolveOptions {
  /** The most solutions to produce. */
  readonly limit?: number | undefined;
}

/** How to optimise. */
export interface OptimizeOptions extends SolveOptions {
  /**
   * How to bound the objective beyond propagation: `linearRelaxation` of `constrint/relaxation`. By default the asynchronous
   * questions load it when the objective and the constraints on it are linear sums, and the others use none; false: never. Where
   * it bounds better than propagation, it also orders its variables: after {@link order}, before {@link branching}.
   */
  readonly relaxation?: Relaxation | false | undefined;
  /**
   * Called with each solution that is better than all before it, the last of which is the best, and its objective. Aborting
   * {@link Limits.signal} from it ends the search at this solution.
   */
  readonly onImprovement?: ((solution: Solution, objective: number) => void) | undefined;
}

/** How far the search for a conflicting subset is. */
export interface ExplainProgress {
  /** How many subsets have been checked. */
  readonly checks: number;
  /** How many constraints may still belong to the conflicting subset. */
  readonly undecided: number;
}

/** How to look for a conflicting subset; the limits are for all its checks together. */
export interface ExplainOptions extends Omit<SolveOptions, keyof ProgressOptions> {
  /** Called after each check; aborting {@link Limits.signal} from it ends the search at the subset found so far. */
  readonly onProgress?: ((progress: ExplainProgress) => void) | undefined;
}

/**
 * The most solutions to produce.
 *
 * @throws SolverError `invalid-option` for a limit that is not a number ≥ 0.
 * @internal
 */
export function solutionLimit(options: EnumerateOptions): number {
  const limit = options.limit ?? Infinity;
  if (!(limit >= 0)) throw new SolverError("invalid-option", `limit: ${limit} is not a number ≥ 0`);
  return limit;
}

/**
 * @throws SolverError `invalid-option` for an engine, limits, restarts, a seed or an interval that are not what they must be.
 * @internal
 */
export function checkSolveOptions(options: SolveOptions): void {
  checkLimits(options);
  checkProgressOptions(options);
  const { engine, arithmetic, restarts, seed } = options;
  if (engine !== undefined && !SEARCH_ENGINES.includes(engine)) {
    throw new SolverError("invalid-option", `engine: ${String(engine)} is not one of ${SEARCH_ENGINES.join(", ")}`);
  }
  if (arithmetic !== undefined && !ARITHMETICS.includes(arithmetic)) {
    throw new SolverError(
      "invalid-option",
      `arithmetic: ${String(arithmetic)} is not one of ${ARITHMETICS.join(", ")}`,
    );
  }
  if (restarts !== undefined) checkRestarts(restarts);
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw new SolverError("invalid-option", `seed: ${seed} is not an integer within ±(2^53 − 1)`);
  }
}
