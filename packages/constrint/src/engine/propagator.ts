import type { Consequence, DomainView, Premises } from "./explanation.js";
import type { Store } from "./store.js";

/** How a propagation ended. */
export const Outcome = {
  /** At its own fixpoint: running it again at once would change nothing. */
  stable: 0,
  /** Narrowed something and may narrow more: it is queued again if one of its own narrowings wakes it. */
  changed: 1,
  /** True for all values that are left: it need not run again in this subtree. */
  entailed: 2,
  /** False for all values that are left. */
  failed: 3,
} as const;

export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** The queue's classes, cheapest first: a class runs only when all before it are empty. */
export const Priority = {
  /** Constant time. */
  constant: 0,
  /** Linear in the scope. */
  linear: 1,
  /** Quadratic, or linear in the number of values. */
  quadratic: 2,
  /** Worse, or speculative. */
  expensive: 3,
} as const;

export type Priority = (typeof Priority)[keyof typeof Priority];

/**
 * A constraint's way to narrow domains: the interface that a constraint of one's own implements.
 *
 * Duties: never remove a value that occurs in a solution; decide (entailed or failed) or accept (stable) correctly when all
 * variables of the scope are fixed; keep state that depends on the search in the store's reversible arrays; allocate nothing
 * while propagating. Bounds of auxiliary variables may be infinite, see `domain/integers.ts`.
 */
export interface Propagator {
  /** The constraint's name in messages and statistics. */
  readonly name: string;
  /** The variables, by number; a variable may occur twice. */
  readonly scope: readonly number[];
  readonly priority: Priority;
  /** Which {@link Events} of a variable of the scope wake it. */
  readonly wakes: number;
  /** The same for each variable of the scope on its own, by place, where they differ. */
  readonly wakesEach?: readonly number[];
  /** True where it leaves open which of several things holds: searches that learn do well on such choices. */
  readonly isDisjunctive?: boolean;
  /** Narrows the scope's variables. */
  propagate(store: Store): Outcome;
  /** The plain meaning: whether the constraint holds for these values, in the order of {@link scope}. */
  holds(values: readonly number[]): boolean;
  /**
   * Says without narrowing whether the constraint is true for all values that are left (`entailed`), for none (`failed`), or
   * neither is known (`stable`). A constraint that only has to hold under a condition needs it to make the condition false.
   * Without this method it is known once all variables are fixed.
   */
  decide?(store: Store): Outcome;
  /**
   * Says why it made a literal true, or why it failed: writes literals that were true in `before`, the domains just before that
   * narrowing (or at the failure), and that imply the consequence together with this constraint. The literal asked for may be
   * weaker than the one that was made true.
   *
   * It is asked long after it ran, so that it may look at nothing but its arguments and its own constants. Without this method
   * the explanation is all that `before` knows of the scope's variables.
   */
  explain?(consequence: Consequence, before: DomainView, premises: Premises): void;
}
