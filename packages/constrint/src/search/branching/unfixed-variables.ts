import type { Store } from "../../engine/store.js";
import type { VariableScore } from "./variable/variable-score.js";

/**
 * The variables of a list that are not fixed yet: a sparse set, of which only the size is reversible.
 *
 * Fixed variables are taken out when they are met, by a swap to behind the end. A level's swaps permute only what was inside at
 * its start, so that restoring the size restores the set. Cost: one look at each variable that is left.
 */
export class UnfixedVariables {
  /** Positions in the list; the first `size` are those left. */
  private readonly positions: Int32Array;
  private readonly variables: Int32Array;
  private readonly sizeCell: number;

  constructor(store: Store, variables: readonly number[]) {
    this.variables = new Int32Array(variables);
    this.positions = Int32Array.from(variables, (_, position) => position);
    this.sizeCell = store.state.allocate(1, variables.length);
  }

  /** The variable with the smallest score, of several the first in the list, or −1 when all are fixed. */
  best(store: Store, variableScore: VariableScore): number {
    const { positions, variables, sizeCell } = this;
    const before = store.state.cells[sizeCell]!;
    let size = before;
    let bestPosition = -1;
    let bestScore = Infinity;
    for (let i = 0; i < size; ) {
      const position = positions[i]!;
      const x = variables[position]!;
      if (store.isFixed(x)) {
        size--;
        positions[i] = positions[size]!;
        positions[size] = position;
        continue;
      }
      const score = variableScore.score(store, x);
      if (bestPosition < 0 || score < bestScore || (score === bestScore && position < bestPosition)) {
        bestPosition = position;
        bestScore = score;
      }
      i++;
    }
    if (size !== before) store.state.set(sizeCell, size);
    return bestPosition < 0 ? -1 : variables[bestPosition]!;
  }
}
