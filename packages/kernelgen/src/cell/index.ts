import { KernelgenError } from "../errors.js";
import type { CellDefinition } from "./definition.js";
import { lstm } from "./lstm.js";

/** Every cell that this package knows, by name. */
export const cells: ReadonlyMap<string, CellDefinition> = new Map([lstm].map((cell) => [cell.name, cell]));

/** The cell of that name. Throws `KernelgenError` "unknown-cell" with the names that exist. */
export function findCell(name: string): CellDefinition {
  const cell = cells.get(name.toLowerCase());
  if (cell === undefined) {
    throw new KernelgenError("unknown-cell", `unknown cell "${name}"; known cells: ${[...cells.keys()].join(", ")}`);
  }
  return cell;
}
