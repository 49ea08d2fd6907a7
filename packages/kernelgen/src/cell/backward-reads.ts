import { type CellDefinition, type CellState, stateInput } from "./definition.js";
import { type BackwardStep, nextStateInput } from "./saved-values.js";
import { topologicalOrder } from "./scalar.js";

/** The states whose values a backward step reads, beside what is saved. */
export interface BackwardReads {
  /** Those of which it reads the value before the step. */
  readonly previous: readonly CellState[];
  /** Those of which it reads the value after the step. */
  readonly next: readonly CellState[];
}

/** What a backward step reads of the states. */
export function backwardReads(cell: CellDefinition, { gateGradients, previousGradients }: BackwardStep): BackwardReads {
  const inputs = new Set(
    topologicalOrder([...gateGradients, ...previousGradients]).flatMap((node) =>
      node.kind === "input" ? [node.name] : [],
    ),
  );
  return {
    previous: cell.states.filter((state) => inputs.has(stateInput(state))),
    next: cell.states.filter(({ name }) => inputs.has(nextStateInput(name))),
  };
}
