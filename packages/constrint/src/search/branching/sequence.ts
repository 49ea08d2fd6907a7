import type { Propagator } from "../../engine/propagator.js";
import type { Store } from "../../engine/store.js";
import type { Branching } from "./branching.js";
import type { Decision } from "./decision.js";

/** Several branchings one after the other: each decides as soon as those before it have nothing left to decide. */
export class Sequence implements Branching {
  /** The state's cell that counts the leading parts known to be done. */
  private readonly doneCell: number;

  constructor(
    store: Store,
    private readonly parts: readonly Branching[],
  ) {
    this.doneCell = store.state.allocate(1, 0);
  }

  decide(store: Store, decision: Decision): boolean {
    const { parts, doneCell } = this;
    const start = store.state.cells[doneCell]!;
    for (let i = start; i < parts.length; i++) {
      if (!parts[i]!.decide(store, decision)) continue;
      if (i !== start) store.state.set(doneCell, i);
      return true;
    }
    return false;
  }

  failed(propagator: Propagator): void {
    for (const part of this.parts) part.failed?.(propagator);
  }
}
