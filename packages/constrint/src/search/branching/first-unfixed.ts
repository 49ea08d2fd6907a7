import type { Store } from "../../engine/store.js";

/** Finds the first variable of a list that is not fixed, without looking again at those known to be fixed. */
export class FirstUnfixed {
  private readonly variables: Int32Array;
  /** The state's cell that counts the leading variables known to be fixed. */
  private readonly fixedCell: number;

  constructor(store: Store, variables: readonly number[]) {
    this.variables = new Int32Array(variables);
    this.fixedCell = store.state.allocate(1, 0);
  }

  /** The position in the list, or −1 when all are fixed. */
  find(store: Store): number {
    const { variables, fixedCell } = this;
    const start = store.state.cells[fixedCell]!;
    let position = start;
    while (position < variables.length && store.isFixed(variables[position]!)) position++;
    if (position !== start) store.state.set(fixedCell, position);
    return position === variables.length ? -1 : position;
  }
}
