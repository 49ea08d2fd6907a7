import { KernelgenError } from "../errors.js";
import type { Problem } from "./problem.js";

/** An identifier of C++, WGSL, TypeScript and a file's name alike: two adjacent underscores are reserved in C++, one at the end would make two. */
const identifier = /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$/;
const longestName = 64;

/**
 * Checks a name that a user gives to a kernel and that goes into its source and its files' names.
 *
 * Throws `KernelgenError` "invalid-name" unless it has 1 to 64 letters, digits and single inner underscores, a letter first.
 */
export const checkKernelName = (name: string): string => checkIdentifier("kernel name", name);

/** The same for another name that goes into source; `what` it is begins the message. */
export function checkIdentifier(what: string, name: string): string {
  if (typeof name !== "string" || name.length > longestName || !identifier.test(name)) {
    throw new KernelgenError(
      "invalid-name",
      `${what} ${JSON.stringify(name)}: must be 1 to ${longestName} letters, digits and single inner underscores, a letter first`,
    );
  }
  return name;
}

/** What the source of a problem's kernel is called: `NAME_forward` or `NAME_backward`, NAME being the cell's unless the user gives one. */
export const kernelName = ({ cell, pass }: Problem, name: string = cell.name): string => `${name}_${pass}`;
