import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { cellSource } from "./cell-source.js";
import { entrySource, unitTileAWorkgroup } from "./entry-source.js";
import { exchangeSource } from "./exchange.js";
import { matrixRows, matrixSource } from "./matrix-source.js";
import { entryPoint, moduleSource } from "./module-source.js";
import {
  forwardChunks,
  loadStationaryMatrix,
  matrixPlaces,
  matrixTileSource,
  multiply,
  stateRow,
  stateTileSource,
} from "./resident-source.js";
import {
  publishSums,
  type SlotCounts,
  slotCounts,
  slotDeclarations,
  slotSource,
  slotSums,
  sumDeclarations,
} from "./slot-source.js";
import { finalStates, finishSlots, initialiseSlots, multiplied, prefetch, type SlotSteps } from "./slot-steps.js";
import { storageBuffers } from "./storage-buffers.js";
import { indented } from "./unroll.js";

const fillTileSource = (
  plan: Plan,
): string => `// Fills the tile with h before a step: the initial one, or what all workgroups of the head sent in the step before.
fn fill_state_tile(step: u32, head: u32, first_sequence: u32, invocation: u32) {
  for (var i = invocation; i < BATCH_TILE * HEAD_DIM; i += INVOCATIONS) {
    let tile_sequence = i / HEAD_DIM;
    let sequence = first_sequence + tile_sequence;
    if (sequence < BATCH) {
      let layer_unit = head * HEAD_DIM + i % HEAD_DIM;
      var value: f32;
      if (step == 0u) {
        value = ${multiplied(plan, "initial_states[sequence * LAYER_DIM + layer_unit]")};
      } else {
        value = receive(step - 1u, sequence, layer_unit);
      }
      state_tile[state_tile_index(step, tile_sequence, i % HEAD_DIM)] = value;
    }
  }
}`;

/** The own slots of a workgroup that holds some units of a head: h goes to all workgroups of it. */
const slotsOf = (plan: Plan, counts: SlotCounts): SlotSteps => ({
  sums: (o, v) => slotSums(counts, o, v),
  keep: (slot, value) => `send(${slot}, step, ${multiplied(plan, value)});`,
});

/** The module of a plan of the grid family. */
export function emitGrid(plan: Plan, name?: string): readonly [SourceFile] {
  const { problem } = plan;
  const counts = slotCounts(plan);
  const places = matrixPlaces(plan);
  const slots = slotsOf(plan, counts);
  const chunks = forwardChunks(counts);
  const body = `${cellSource(problem)}

${slotSource(plan)}

${matrixSource(plan)}

${stateTileSource}${places.inWorkgroup > 0 ? matrixTileSource(problem) : ""}

${exchangeSource(storageBuffers(problem).length + 1)}

${fillTileSource(plan)}

// A workgroup computes all steps of UNIT_TILE units of a head for BATCH_TILE sequences, in step with those of the other units.
${entrySource(entryPoint(problem), counts, unitTileAWorkgroup)}

  // R, for all steps.
${indented([...matrixRows(counts), ...loadStationaryMatrix(counts, places, chunks)], 1)}

  // Own slots: initial states, and the inputs of the first step.
${indented([...slotDeclarations(counts), ...initialiseSlots(plan, counts, slots)], 1)}

  for (var step = 0u; step < run.steps; step++) {
    // Inputs of the next step are on their way while this one is computed.
    let next_step = min(step + 1u, run.steps - 1u);
${indented(prefetch(counts), 2)}
    fill_state_tile(step, head, first_sequence, invocation);
    workgroupBarrier();

    // R h over this lane's part of the inner dimension.
${indented([...sumDeclarations(counts), stateRow, ...multiply(counts, places, chunks)], 2)}

    // Own slots: cell, states, h for the other workgroups, outputs.
${indented([...publishSums(counts), ...finishSlots(plan, counts, slots)], 2)}
    // A workgroup must have sent all before any of it waits: its subgroups need not run at the same time either.
    workgroupBarrier();
  }${finalStates(plan, counts)}
}`;
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body) }];
}
