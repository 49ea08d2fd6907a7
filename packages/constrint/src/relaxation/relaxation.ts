import type { Engine } from "../engine/engine.js";
import type { Propagator } from "../engine/propagator.js";
import type { OrderedVariable } from "../search/branching/static-order.js";
import type { Objective } from "../search/search.js";

/** What a relaxation found at the root of a search. */
export interface Relaxed {
  /** No solution's objective is better than this. */
  readonly bound: number;
  /** Constraints that every solution satisfies and that bound the objective in every subtree, to be posted. */
  readonly constraints: readonly Propagator[];
  /** The variables in the order in which deciding them moves the bound most, the value that the bound favours first. */
  readonly order: readonly OrderedVariable[];
}

/**
 * Bounds an objective by an easier problem that admits at least all solutions.
 *
 * `linearRelaxation` of `constrint/relaxation` is one; it is an option of its own so that a program that does not import it
 * does not carry a linear programming library.
 */
export interface Relaxation {
  /**
   * Asked once, with the engine at the root level and at its fixpoint; it only reads the engine. Undefined when it bounds
   * the objective no better than propagation does.
   */
  relax(engine: Engine, objective: Objective): Relaxed | undefined;
}
