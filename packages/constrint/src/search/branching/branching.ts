import type { Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import type { Decision } from "./decision.js";

/** Chooses how to go on below a node. */
export interface Branching {
  /** Fills in a decision that splits a domain in two non-empty parts, or returns false when nothing is left to decide. */
  decide(store: Store, decision: Decision): boolean;
  /** Told of every failure and the propagator that found it, for choices that learn from them. */
  failed?(propagator: Propagator): void;
}
