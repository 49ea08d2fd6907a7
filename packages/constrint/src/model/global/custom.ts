import type { Propagator } from "../../engine/propagator.js";
import { SolverError } from "../../error.js";
import { type IntExpr, type Operand, toExpressions } from "../expression.js";
import { GlobalNode } from "./global-node.js";

/** What a constraint of one's own means, and how it narrows domains. */
export interface CustomDefinition {
  /** The constraint's name in messages. */
  readonly name: string;
  /** Whether it holds for these values, one for each operand; the same answer for the same values. */
  holds(values: readonly number[]): boolean;
  /**
   * Makes what narrows the variables with these numbers, one for each operand, of which some may be equal. Without it, `holds` is
   * asked for each value of the last operand that is open.
   */
  propagator?(scope: readonly number[]): Propagator;
}

/** A constraint that the user defines. */
export class Custom extends GlobalNode {
  readonly kind = "custom";

  /** @internal Use {@link custom}. */
  constructor(
    readonly operands: readonly IntExpr[],
    readonly definition: CustomDefinition,
  ) {
    super();
    if (typeof definition.holds !== "function") {
      throw new SolverError("invalid-expression", `custom constraint ${definition.name}: holds is not a function`);
    }
    Object.freeze(operands);
    Object.freeze(this);
  }
}

/**
 * A constraint of one's own on these operands.
 *
 * ```ts
 * m.add(custom([x, y], { name: "anagrams", holds: ([a, b]) => digits(a) === digits(b) }));
 * ```
 *
 * A {@link CustomDefinition.propagator} makes it prune: an object with a scope, a priority, the events that wake it, and a method
 * that narrows the variables of a store, see {@link Propagator}. It has no text in the ConstrINT language, and no negation.
 *
 * @throws SolverError `invalid-expression` for a definition without `holds`.
 */
export function custom(operands: readonly Operand[], definition: CustomDefinition): Custom {
  return new Custom(toExpressions(operands), definition);
}
