import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { cellSource } from "./cell-source.js";
import { entrySource, unitTileAWorkgroup } from "./entry-source.js";
import { loadMatrix, matrixRows, matrixSource } from "./matrix-source.js";
import { elementType, entryPoint, moduleSource } from "./module-source.js";
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
import { stepSource } from "./step-counter.js";
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
    if (s === 0) return `    ${load(`${output}[output_index(slot, step - 1u)]`)},`;
    return stateOutput === "sequence"
      ? `    other_states[sequence_index(slot, ${s - 1}u, step - 1u)],`
      : `    final_states[state_index(slot, ${s}u)],`;
  });
  const chunkOf = (element: (inner: string) => string): string =>
    ["inner", "inner + 1u", "inner + 2u", "inner + 3u"].map((inner) => `    ${element(inner)},`).join("\n");
  return `// ${output} before this step of one sequence, four units of a head from 4 * chunk: the initial one and that of the step before. What lies
// beyond the head or the batch, which R's zeros or nobody's sums meet, has the last one's value: so there is no branch, and loads need not
// wait for one another.
fn initial_chunk(head: u32, sequence: u32, chunk: u32) -> vec4f {
  let row = min(sequence, BATCH - 1u) * LAYER_DIM + head * HEAD_DIM;
  let inner = 4u * chunk;
  return vec4f(
${chunkOf((inner) => load(store(`initial_states[row + min(${inner}, HEAD_DIM - 1u)]`)))}
  );
}

fn previous_chunk(step: u32, head: u32, sequence: u32, chunk: u32) -> vec4f {
  let step_row = min(sequence, BATCH - 1u) * run.steps + time_of(max(step, 1u) - 1u);
  let row = step_row * run.output_stride + run.output_offset + head * HEAD_DIM;
  let inner = 4u * chunk;
  return vec4f(
${chunkOf((inner) => load(`${output}[row + min(${inner}, HEAD_DIM - 1u)]`))}
  );
}

fn previous_states(slot: Slot, step: u32) -> States {
  if (step == 0u) {
    return States(${cell.states.map((_, s) => `initial_state(slot, ${s}u)`).join(", ")});
  }
  return States(
${previous.join("\n")}
  );
}`;
}

function multiply(counts: SlotCounts): string[] {
  const { unitsPerInvocation, gateVectors } = counts;
  const matrices = unroll(
    [unitsPerInvocation, gateVectors],
    (p, v) => `let ${indexed(counts, "matrix", p!, v!)} = ${loadMatrix(counts, p!, v!, "chunk")};`,
  );
  const sequences = range(counts.batchTile);
  const states = (chunk: string): string[] =>
    sequences.map((s) => `  state_${s} = ${chunk}head, first_sequence + ${s}u, chunk);`);
  const products = multiplyChunk(counts, (p, v) => indexed(counts, "matrix", p, v));
  return [
    ...matrixRows(counts),
    "for (var i = 0u; i < INNER_CHUNKS; i++) {",
    "  let chunk = i * INNER_LANES + inner_lane;",
    ...[
      ...matrices,
      ...sequences.map((s) => `var state_${s}: vec4f;`),
      "if (step == 0u) {",
      ...states("initial_chunk("),
      "} else {",
      ...states("previous_chunk(step, "),
      "}",
      ...products,
    ].map((line) => `  ${line}`),
    "}",
  ];
}

/** Finishes an own slot: inputs, cell, outputs. */
function finishSlot(plan: Plan, counts: SlotCounts, o: number): string[] {
  const slot = `slot_${o}`;
  const inputs = range(counts.gateVectors).map(
    (v) => `${indexed(counts, "load_inputs", v)}(${slot}, step) + ${slotSums(counts, o, v)}`,
  );
  const { before, call } = cellStep(plan, inputs, `previous_states(${slot}, step)`);
  const lines = [
    ...before,
    `let states = ${call};`,
    ...writeStep(plan, slot, "step", "states"),
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
    "if (step + 1u == run.steps) {",
    ...atTheEnd.map((line) => `  ${line}`),
    "}",
  ];
}

/** The module of a plan of the stepwise family. */
export function emitStepwise(plan: Plan, name?: string): readonly [SourceFile] {
  const { problem } = plan;
  const counts = slotCounts(plan);
  const body = `${cellSource(problem)}

${slotSource(plan)}

${matrixSource(plan)}

${previousStatesSource(plan)}

${stepSource(problem)}

// A workgroup computes one step of UNIT_TILE units of a head for BATCH_TILE sequences.
${entrySource(entryPoint(problem), counts, unitTileAWorkgroup)}
  let step = step_of(workgroup, invocation);

  // R h over this lane's part of the inner dimension.
${indented([...sumDeclarations(counts), ...multiply(counts)], 1)}

  // Own slots: inputs, cell, outputs.
${indented([...slotDeclarations(counts), ...publishSums(counts), ...range(counts.ownSlots).flatMap((o) => finishSlot(plan, counts, o))], 1)}
}`;
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body) }];
}
