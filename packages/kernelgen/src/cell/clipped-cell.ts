import type { CellDefinition } from "./definition.js";
import { clip, constant, labelled, type Scalar, topologicalOrder } from "./scalar.js";
import { substitute } from "./substitute.js";

/**
 * A cell whose states are held between −limit and limit as each step computes them, before anything else reads them: of an LSTM
 *
 *     c' = clip(f·c + i·z)      h' = clip(o·tanh(c'))
 *
 * as cuDNN's `cudnnRNNSetClip` and the `cell_clip` of TensorFlow's LSTM hold c. States that are a scale of others, or scaled by one
 * (`CellState.isScaled`), are left as they are. No gradient passes where a state is held at a limit.
 */
export function clippedCell(cell: CellDefinition, limit: Scalar): CellDefinition {
  return {
    ...cell,
    step(gates, previous) {
      const next = cell.step(gates, previous);
      const clipped = new Map<Scalar, Scalar>();
      // A state that others are made of comes before them.
      for (const node of topologicalOrder(Object.values(next))) {
        const state = cell.states.find(({ name }) => next[name] === node);
        if (state === undefined || state.isScaled) continue;
        const [value] = substitute([node], clipped);
        clipped.set(node, labelled(`${state.name}_clipped`, clip(value!, limit)));
      }
      return Object.fromEntries(
        Object.entries(next).map(([name, node]) => [name, substitute([node], clipped)[0]!] as const),
      );
    },
  };
}

const known = new WeakMap<CellDefinition, Map<number, CellDefinition>>();

/** `clippedCell` at a number; the same object for the same cell and number, so that what is derived from it is derived once. */
export function cellClippedAt(cell: CellDefinition, limit: number): CellDefinition {
  const ofCell = known.get(cell) ?? new Map<number, CellDefinition>();
  known.set(cell, ofCell);
  const made = ofCell.get(limit) ?? clippedCell(cell, constant(limit));
  ofCell.set(limit, made);
  return made;
}
