import type { Store } from "../../engine/store.js";

/** How a decision splits a variable's domain at a value; the right side is the left side's negation. */
export const Split = {
  /** x = value, else x ≠ value. Inner values only where the store keeps the values one by one. */
  equal: 0,
  /** x ≤ value, else x > value. */
  atMost: 1,
  /** x ≥ value, else x < value. */
  atLeast: 2,
} as const;

export type Split = (typeof Split)[keyof typeof Split];

/** The choice at a node of the search tree. */
export interface Decision {
  variable: number;
  value: number;
  split: Split;
}

/** Applies a decision's left side. */
export function applyLeft(store: Store, variable: number, value: number, split: Split): boolean {
  if (split === Split.equal) return store.assign(variable, value);
  return split === Split.atMost ? store.setMax(variable, value) : store.setMin(variable, value);
}

/** Applies a decision's right side. */
export function applyRight(store: Store, variable: number, value: number, split: Split): boolean {
  if (split === Split.equal) return store.remove(variable, value);
  return split === Split.atMost ? store.setMin(variable, value + 1) : store.setMax(variable, value - 1);
}

/** Whether a decision's left side is true for all values that are left. */
export function isTrue(store: Store, variable: number, value: number, split: Split): boolean {
  switch (split) {
    case Split.equal:
      return store.min(variable) === value && store.max(variable) === value;
    case Split.atMost:
      return store.max(variable) <= value;
    case Split.atLeast:
      return store.min(variable) >= value;
  }
}

/** Whether a decision's left side is false for all values that are left. */
export function isFalse(store: Store, variable: number, value: number, split: Split): boolean {
  switch (split) {
    case Split.equal:
      return !store.has(variable, value);
    case Split.atMost:
      return store.min(variable) > value;
    case Split.atLeast:
      return store.max(variable) < value;
  }
}

/**
 * Decides for x = value first, where value is in x's domain and not its only one.
 *
 * Splitting off a bound is assigning it: the other side keeps the rest. An inner value of a domain that is not kept value by
 * value cannot be taken out alone; such a domain is split after the value instead.
 */
export function decideValue(store: Store, x: number, value: number, decision: Decision): void {
  decision.variable = x;
  decision.value = value;
  if (value === store.min(x)) decision.split = Split.atMost;
  else if (value === store.max(x)) decision.split = Split.atLeast;
  else decision.split = store.isExplicit(x) ? Split.equal : Split.atMost;
}
