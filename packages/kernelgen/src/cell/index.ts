import { KernelgenError } from "../errors.js";
import { cifg } from "./cifg.js";
import type { CellDefinition } from "./definition.js";
import { elman } from "./elman.js";
import { gru } from "./gru.js";
import type { LinearCell } from "./linear.js";
import { linearRecurrence } from "./linear-recurrence.js";
import { lstm } from "./lstm.js";
import { mingru, mingruPlain } from "./mingru.js";
import { minlstm, minlstmPlain } from "./minlstm.js";
import { slstm } from "./slstm.js";

const byName = <Cell extends CellDefinition>(...definitions: readonly Cell[]): ReadonlyMap<string, Cell> =>
  new Map(definitions.map((cell) => [cell.name, cell]));

/** The cells whose gates look at the previous state through R, by name. */
export const cells = byName<CellDefinition>(elman, gru, lstm, cifg, slstm);

/** The cells that are linear recurrences, which the scan families run, by name. */
export const linearCells = byName<LinearCell>(mingru, mingruPlain, minlstm, minlstmPlain, linearRecurrence);

/** The names of all cells. */
export const cellNames: readonly string[] = [...cells.keys(), ...linearCells.keys()];

/** The cell of that name. Throws `KernelgenError` "unknown-cell" with the names that exist. */
export function findCell(name: string): CellDefinition {
  const key = name.toLowerCase();
  const cell = cells.get(key) ?? linearCells.get(key);
  if (cell === undefined) {
    throw new KernelgenError("unknown-cell", `unknown cell "${name}"; known cells: ${cellNames.join(", ")}`);
  }
  return cell;
}
