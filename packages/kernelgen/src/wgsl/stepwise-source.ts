import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { cellSource } from "./cell-source.js";
import { entrySource, unitTileAWorkgroup } from "./entry-source.js";
import { elementType, entryPoint, matrixSource, moduleSource } from "./module-source.js";
import {
  cellStep,
  indexed,
  multiplyChunk,
  publishSums,
  type SlotCounts,
  slotCounts,
  slotDeclarations,
  slotSource,
  slotSums,
  sumDeclarations,
  writeFinalStates,
  writeStep,
} from "./slot-source.js";
import { indented, range, unroll } from "./unroll.js";

/**
 * WGSL that reads the states before this step: the initial ones, or what the dispatch before wrote. An invocation reads the other states of
 * its own slots alone, so that where their last step alone is kept they can be written in place.
 */
function previousStatesSource(plan: Plan): string {
  const { cell, stateOutput, dataType } = plan.problem;
  const { load, store } = elementType(dataType);
  const output = cell.states[0]!.name;
  const previous = cell.states.map((_, s) => {
    if (s === 0) return `    ${load(`${output}[output_index(slot, run.step - 1u)]`)},`;
    return stateOutput === "sequence"
      ? `    other_states[sequence_index(slot, ${s - 1}u, run.step - 1u)],`
      : `    final_states[state_index(slot, ${s}u)],`;
  });
  const chunkOf = (element: (inner: string) => string): string =>
    ["inner", "inner + 1u", "inner + 2u", "inner + 3u"].map((inner) => `    ${element(inner)},`).join("\n");
  return `// Where ${output} before this step begins, of a head of one sequence: among the initial states, or in the step before. A sequence beyond the
// batch, whose sums nothing uses, has the last one's.
fn initial_row(head: u32, sequence: u32) -> u32 {
  return min(sequence, BATCH - 1u) * LAYER_DIM + head * HEAD_DIM;
}

fn previous_row(head: u32, sequence: u32) -> u32 {
  let step_row = min(sequence, BATCH - 1u) * run.steps + time_of(max(run.step, 1u) - 1u);
  return step_row * run.output_stride + run.output_offset + head * HEAD_DIM;
}

// Four units from 4 * chunk. What lies beyond the head, which R's zeros meet, has the last one's value: so there is no branch, and loads need
// not wait for one another.
fn initial_chunk(row: u32, chunk: u32) -> vec4f {
  let inner = 4u * chunk;
  return vec4f(
${chunkOf((inner) => load(store(`initial_states[row + min(${inner}, HEAD_DIM - 1u)]`)))}
  );
}

fn previous_chunk(row: u32, chunk: u32) -> vec4f {
  let inner = 4u * chunk;
  return vec4f(
${chunkOf((inner) => load(`${output}[row + min(${inner}, HEAD_DIM - 1u)]`))}
  );
}

fn previous_states(slot: Slot) -> States {
  if (run.step == 0u) {
    return States(${cell.states.map((_, s) => `initial_state(slot, ${s}u)`).join(", ")});
  }
  return States(
${previous.join("\n")}
  );
}`;
}

function multiply(counts: SlotCounts): string[] {
  const { unitsPerInvocation, gateVectors } = counts;
  const matrices = unroll([unitsPerInvocation, gateVectors], (p, v) => {
    const unit = `first_unit + ${p}u * UNIT_LANES + unit_lane`;
    return `let ${indexed(counts, "matrix", p!, v!)} = ${indexed(counts, "load_matrix", v!)}(head, ${unit}, chunk);`;
  });
  const sequences = range(counts.batchTile);
  // A loop for the first step and one for the others: without a branch inside, and with what does not change with the chunk before it.
  const loop = (from: "initial" | "previous"): string[] =>
    [
      ...sequences.map((s) => `let row_${s} = ${from}_row(head, first_sequence + ${s}u);`),
      "for (var i = 0u; i < INNER_CHUNKS; i++) {",
      "  let chunk = i * INNER_LANES + inner_lane;",
      ...[
        ...matrices,
        ...multiplyChunk(
          counts,
          (p, v) => indexed(counts, "matrix", p, v),
          (s) => `${from}_chunk(row_${s}, chunk)`,
        ),
      ].map((line) => `  ${line}`),
      "}",
    ].map((line) => `  ${line}`);
  return ["if (run.step == 0u) {", ...loop("initial"), "} else {", ...loop("previous"), "}"];
}

/** Finishes an own slot: inputs, cell, outputs. */
function finishSlot(plan: Plan, counts: SlotCounts, o: number): string[] {
  const slot = `slot_${o}`;
  const inputs = range(counts.gateVectors).map(
    (v) => `${indexed(counts, "load_inputs", v)}(${slot}, run.step) + ${slotSums(counts, o, v)}`,
  );
  const { before, call } = cellStep(plan, inputs, `previous_states(${slot})`);
  const lines = [
    ...before,
    `let states = ${call};`,
    ...writeStep(plan, slot, "run.step", "states"),
    ...finalStates(plan, slot),
  ];
  return [`if (${slot}.exists) {`, ...lines.map((line) => `  ${line}`), "}"];
}

/** The states after the last step. Where the other states have no sequence, every step leaves them there for the next. */
function finalStates(plan: Plan, slot: string): string[] {
  const [output, ...others] = writeFinalStates(plan, slot, "states");
  if (output === undefined) return [];
  const keepsSequences = plan.problem.stateOutput === "sequence";
  const atTheEnd = keepsSequences ? [output, ...others] : [output];
  return [
    ...(keepsSequences ? [] : others),
    "if (run.step + 1u == run.steps) {",
    ...atTheEnd.map((line) => `  ${line}`),
    "}",
  ];
}

/** The module of a plan of the stepwise family. */
export function emitStepwise(plan: Plan, name?: string): readonly SourceFile[] {
  const { problem } = plan;
  const counts = slotCounts(plan);
  const body = `${cellSource(problem)}

${slotSource(plan)}

${matrixSource(problem)}

${previousStatesSource(plan)}

// A workgroup computes one step of UNIT_TILE units of a head for BATCH_TILE sequences.
${entrySource(entryPoint(problem), counts, unitTileAWorkgroup)}

  // R h over this lane's part of the inner dimension.
${indented([...sumDeclarations(counts), ...multiply(counts)], 1)}

  // Own slots: inputs, cell, outputs.
${indented([...slotDeclarations(counts), ...publishSums(counts), ...range(counts.ownSlots).flatMap((o) => finishSlot(plan, counts, o))], 1)}
}`;
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body) }];
}
