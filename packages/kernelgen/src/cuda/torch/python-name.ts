import { KernelgenError } from "../../errors.js";

const longestName = 64;
const identifier = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
/** Words of Python 3.13 that are written like a package's name, and packages that this one must not hide. */
const taken: ReadonlySet<string> = new Set(
  (
    "and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match " +
    "nonlocal not or pass raise return try type while with yield torch setup numpy sys os"
  ).split(" "),
);

/**
 * Checks a name that a user gives to a Python package, and that also becomes the namespace of its operators.
 *
 * Throws `KernelgenError` "invalid-name" unless it has 1 to 64 lower-case letters, digits and single inner underscores, a letter first, and
 * is no word of Python.
 */
export function checkPackageName(name: string): string {
  if (name.length > longestName || !identifier.test(name)) {
    throw new KernelgenError(
      "invalid-name",
      `package name ${JSON.stringify(name)}: must be 1 to ${longestName} lower-case letters, digits and single inner underscores, a letter first`,
    );
  }
  if (taken.has(name)) {
    throw new KernelgenError(
      "invalid-name",
      `package name "${name}": is a word of Python or the name of another module`,
    );
  }
  return name;
}
