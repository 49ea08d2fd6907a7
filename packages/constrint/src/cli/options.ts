import { UsageError } from "./command-error.js";

/** The value of an option that takes a number ≥ 0. */
export function checkedNumber(name: string, value: number | undefined): number | undefined {
  if (value === undefined || value >= 0) return value;
  throw new UsageError(`${name}: expected one number ≥ 0`);
}

/** The value of an option that takes an integer ≥ 0. */
export function checkedInteger(name: string, value: number | undefined): number | undefined {
  const number = checkedNumber(name, value);
  if (number === undefined || Number.isInteger(number)) return number;
  throw new UsageError(`${name}: ${number} is not an integer`);
}
