import type { Constraint } from "../../model/constraint.js";
import type { AllDifferentConsistency } from "../../model/global/all-different.js";
import { not } from "../../model/logic.js";
import type { Parameter } from "../parameter.js";

/** A constraint that FlatZinc knows by name. @internal */
export interface Builtin {
  readonly parameters: readonly Parameter<unknown>[];
  /** The constraint for arguments that the parameters have read, with what the constraint's annotations ask for. */
  readonly constrain: (args: readonly unknown[], consistency?: AllDifferentConsistency) => Constraint;
  /** The constraint that holds exactly where `constrain`'s does not, for its reified form. */
  readonly negate: (args: readonly unknown[]) => Constraint;
}

/** Builtins by name. @internal */
export type BuiltinTable = Readonly<Record<string, Builtin>>;

type Arguments<P extends readonly Parameter<unknown>[]> = {
  [I in keyof P]: P[I] extends Parameter<infer T> ? T : never;
};

/**
 * A builtin with these parameters; `constrain` is called with one argument for each. A constraint that has no negation in the
 * model needs `negate`, which says the opposite in other words.
 *
 * @internal
 */
export function builtin<const P extends readonly Parameter<unknown>[]>(
  parameters: P,
  constrain: (...args: Arguments<P>) => Constraint,
  negate: (...args: Arguments<P>) => Constraint = (...args) => not(constrain(...args)),
): Builtin {
  return {
    parameters,
    constrain: (args) => constrain(...(args as unknown as Arguments<P>)),
    negate: (args) => negate(...(args as unknown as Arguments<P>)),
  };
}

/**
 * A builtin that has one parameter and several strengths of propagation.
 *
 * @internal
 */
export function builtinWithConsistency<T>(
  parameter: Parameter<T>,
  constrain: (argument: T, consistency: AllDifferentConsistency | undefined) => Constraint,
  negate: (argument: T) => Constraint,
): Builtin {
  return {
    parameters: [parameter],
    constrain: ([argument], consistency) => constrain(argument as T, consistency),
    negate: ([argument]) => negate(argument as T),
  };
}

/** Arguments that have the right types but do not fit together; the caller adds the place. @internal */
export class ArgumentMismatch extends Error {}
