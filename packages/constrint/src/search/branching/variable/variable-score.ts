import type { Propagator } from "../../../engine/propagator.js";
import type { Store } from "../../../engine/store.js";

/** Says which variable to decide next: the one with the smallest score. */
export interface VariableScore {
  /** The score of a variable that is not fixed. */
  score(store: Store, x: number): number;
  /** Told of every failure and the propagator that found it. */
  failed?(propagator: Propagator): void;
  /** Told of every decision for a variable that this score chose. */
  decided?(): void;
}
