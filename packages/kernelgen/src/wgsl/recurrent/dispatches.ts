import type { RecurrenceModule } from "./program.js";

/** The dispatches of a scan over several chunks: what each chunk does, the state before each, all steps. */
const dispatchesOfChunks = 3;

/** How a recurrence runs over a part of a sequence: so many dispatches, one after the other, of so many workgroups. */
export interface RecurrenceDispatches {
  readonly count: number;
  readonly workgroups: readonly [x: number, y: number, z: number];
}

/** Chunks of so many steps, of a scan. */
export const chunkCount = ({ chunkSteps = 1 }: RecurrenceModule, steps: number): number =>
  Math.ceil(steps / chunkSteps);

/** @param dispatchedSteps dispatches of a module that has one for each step */
export function recurrenceDispatches(
  module: RecurrenceModule,
  steps: number,
  dispatchedSteps: number,
): RecurrenceDispatches {
  const [x, y, z] = module.workgroups;
  switch (module.dispatch) {
    case "sequence":
      return { count: 1, workgroups: [x, y, z] };
    case "step":
      return { count: dispatchedSteps, workgroups: [x, y, z] };
    case "chunks": {
      const chunks = chunkCount(module, steps);
      return { count: chunks === 1 ? 1 : dispatchesOfChunks, workgroups: [x, chunks, z] };
    }
  }
}
