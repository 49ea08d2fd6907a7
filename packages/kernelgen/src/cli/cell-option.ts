import { resolve } from "node:path";
import type { CellDefinition } from "../cell/definition.js";
import { KernelgenError } from "../errors.js";

/** What `--cell` also takes. */
export const cellFileText = "or the path of a .ts or .js file that exports a cell of your own by default";

/**
 * A cell as it is typed: the name of a known one, as it is, or what the file of that path exports by default.
 *
 * Throws `KernelgenError` "invalid-config" for a file that cannot be run or exports no cell.
 */
export async function cellFrom(text: string): Promise<string | CellDefinition> {
  if (!/\.[cm]?[jt]s$/.test(text)) return text;
  const { loadDefinitionFile } = await import("../bundler/definition-file.js");
  const { value } = await loadDefinitionFile(resolve(text));
  if (typeof (value as Partial<CellDefinition> | undefined)?.step === "function") return value as CellDefinition;
  throw new KernelgenError(
    "invalid-config",
    `${text}: exports no cell; it should end in: export default linearCell({ … })`,
  );
}
