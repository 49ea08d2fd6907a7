import { KernelgenError } from "../errors.js";
import { cifg } from "./cifg.js";
import type { CellDefinition } from "./definition.js";
import { elman } from "./elman.js";
import { gru } from "./gru.js";
import { lstm } from "./lstm.js";
import { slstm } from "./slstm.js";

/** Every cell that this package knows, by name. */
export const cells: ReadonlyMap<string, CellDefinition> = new Map(
  [elman, gru, lstm, cifg, slstm].map((cell) => [cell.name, cell]),
);

/** The cell of that name. Throws `KernelgenError` "unknown-cell" with the names that exist. */
export function findCell(name: string): CellDefinition {
  const cell = cells.get(name.toLowerCase());
  if (cell === undefined) {
    throw new KernelgenError("unknown-cell", `unknown cell "${name}"; known cells: ${[...cells.keys()].join(", ")}`);
  }
  return cell;
}
