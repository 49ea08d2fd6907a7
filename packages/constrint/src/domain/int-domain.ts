import { SolverError } from "../error.js";
import { isExact, MAX_INTEGER } from "./integers.js";

/**
 * A finite set of integers as a model declares it: all of min … max, or the listed values.
 *
 * Plain frozen data; the solver copies it into its own arrays and narrows those.
 */
export interface IntDomain {
  /** The smallest value, ≥ −(2^53 − 1). */
  readonly min: number;
  /** The largest value, ≤ 2^53 − 1. */
  readonly max: number;
  /** The values in ascending order without duplicates, or undefined for all of min … max. */
  readonly values?: readonly number[];
}

/**
 * The domain min … max, both inclusive.
 *
 * @throws SolverError `not-an-integer` for a bound that is not an exact integer, `invalid-domain` for min > max.
 */
export function interval(min: number, max: number): IntDomain {
  requireExact(min, "lower bound");
  requireExact(max, "upper bound");
  if (min > max) throw new SolverError("invalid-domain", `domain: lower bound ${min} exceeds upper bound ${max}`);
  return Object.freeze({ min: min + 0, max: max + 0 });
}

/**
 * The domain that holds exactly these values, in any order.
 *
 * @throws SolverError `not-an-integer` for a value that is not an exact integer, `invalid-domain` for an empty list.
 */
export function valueSet(values: readonly number[]): IntDomain {
  if (!Array.isArray(values)) {
    throw new SolverError("invalid-domain", "domain: neither two bounds nor a list of values");
  }
  for (const value of values) requireExact(value, "value");
  const sorted = [...new Set(values.map((value) => value + 0))].sort((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  if (min === undefined || max === undefined)
    throw new SolverError("invalid-domain", "domain: the list of values is empty");
  if (max - min + 1 === sorted.length) return interval(min, max);
  return Object.freeze({ min, max, values: Object.freeze(sorted) });
}

/** The values that two domains have in common, or undefined when there is none. */
export function intersection(a: IntDomain, b: IntDomain): IntDomain | undefined {
  const min = Math.max(a.min, b.min);
  const max = Math.min(a.max, b.max);
  if (a.values === undefined && b.values === undefined) return min > max ? undefined : interval(min, max);
  const others = new Set(a.values === undefined ? undefined : b.values);
  const listed = (a.values ?? b.values)!;
  const common = listed.filter((value) => value >= min && value <= max && (others.size === 0 || others.has(value)));
  return common.length === 0 ? undefined : valueSet(common);
}

/** How many values a domain holds. */
export function domainSize(domain: IntDomain): number {
  return domain.values?.length ?? domain.max - domain.min + 1;
}

/** Whether a domain holds a value. */
export function domainHas(domain: IntDomain, value: number): boolean {
  if (!isExact(value) || value < domain.min || value > domain.max) return false;
  return domain.values?.includes(value) ?? true;
}

function requireExact(value: number, what: string): void {
  if (!isExact(value)) {
    throw new SolverError("not-an-integer", `domain: ${what} ${value} is not an integer within ±${MAX_INTEGER}`);
  }
}
