import type { LiteralKind } from "./literal.js";

/** The domains at one moment of the search, to read. The store is the view of the present. */
export interface DomainView {
  min(x: number): number;
  max(x: number): number;
  isFixed(x: number): boolean;
  has(x: number, value: number): boolean;
}

/** What a propagator is asked to explain: a literal that it made true, or that it failed. */
export interface Consequence {
  /** The kind of literal, never `equal` (that is both bounds, asked for one by one); undefined for a failure. */
  readonly kind: Exclude<LiteralKind, 2> | undefined;
  readonly variable: number;
  readonly value: number;
}

/**
 * Where a propagator writes the reasons of a consequence: literals that, together with the constraint, imply it.
 *
 * Each must have been true in the view that came with the question; the fewer and the weaker they are, the more a search
 * learns from them.
 */
export interface Premises {
  /** x ≥ value. */
  atLeast(x: number, value: number): void;
  /** x ≤ value. */
  atMost(x: number, value: number): void;
  /** x = value. */
  equal(x: number, value: number): void;
  /** x ≠ value. */
  notEqual(x: number, value: number): void;
  /** All that the view knows of x: both bounds and every value that is missing between them. */
  domain(x: number): void;
}
