import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { cellSource } from "./cell-source.js";
import { entryPoint, matrixSource, moduleSource } from "./module-source.js";
import {
  indexed,
  multiplyChunk,
  publishSums,
  type SlotCounts,
  slotCounts,
  slotDeclarations,
  slotSource,
  slotSums,
  sumDeclarations,
} from "./slot-source.js";
import { indented, range, unroll } from "./unroll.js";

/** WGSL that reads the states before this step: the initial ones, or what the dispatch before wrote. */
function previousStatesSource(plan: Plan): string {
  const { cell, stateOutput } = plan.problem;
  const output = cell.states[0]!.name;
  const previous = cell.states.map(({ name }, index) => {
    const kept =
      index === 0 || stateOutput === "sequence"
        ? "state_index(slot, run.steps, run.step - 1u)"
        : "state_index(slot, 1u, 0u)";
    return `    ${name}[${kept}],`;
  });
  return `// ${output} of one unit before this step, as zero outside of the head and the batch.
fn previous_output(head: u32, sequence: u32, inner: u32) -> f32 {
  if (inner >= HEAD_DIM || sequence >= BATCH) { return 0.0; }
  let unit = head * HEAD_DIM + inner;
  if (run.step == 0u) { return initial_states[sequence * LAYER_DIM + unit]; }
  return ${output}[(sequence * run.steps + run.step - 1u) * LAYER_DIM + unit];
}

fn previous_chunk(head: u32, sequence: u32, chunk: u32) -> vec4f {
  let inner = 4u * chunk;
  return vec4f(
    previous_output(head, sequence, inner),
    previous_output(head, sequence, inner + 1u),
    previous_output(head, sequence, inner + 2u),
    previous_output(head, sequence, inner + 3u),
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
  const products = multiplyChunk(
    counts,
    (p, v) => indexed(counts, "matrix", p, v),
    (s) => `previous_chunk(head, first_sequence + ${s}u, chunk)`,
  );
  return [
    "for (var i = 0u; i < INNER_CHUNKS; i++) {",
    "  let chunk = i * INNER_LANES + inner_lane;",
    ...[...matrices, ...products].map((line) => `  ${line}`),
    "}",
  ];
}

/** Finishes an own slot: inputs, cell, outputs. */
function finishSlot(plan: Plan, counts: SlotCounts, o: number): string[] {
  const { cell, stateOutput } = plan.problem;
  const inputs = range(counts.gateVectors).map(
    (v) => `${indexed(counts, "load_inputs", v)}(slot_${o}, run.step) + ${slotSums(counts, o, v)}`,
  );
  const index = (state: number): string =>
    state === 0 || stateOutput === "sequence"
      ? `state_index(slot_${o}, run.steps, run.step)`
      : `state_index(slot_${o}, 1u, 0u)`;
  return [
    `if (slot_${o}.exists) {`,
    `  let states = cell_step(${inputs.join(", ")}, previous_states(slot_${o}));`,
    ...cell.states.map(({ name }, state) => `  ${name}[${index(state)}] = states.${name};`),
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
@compute @workgroup_size(INVOCATIONS)
fn ${entryPoint(problem)}(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) invocation: u32) {
  let head = workgroup.z;
  let first_unit = workgroup.x * UNIT_TILE;
  let first_sequence = workgroup.y * BATCH_TILE;
  let inner_lane = invocation % INNER_LANES;
  let unit_lane = invocation / INNER_LANES;

  // R h over this lane's part of the inner dimension.
${indented([...sumDeclarations(counts), ...multiply(counts)], 1)}

  // Own slots: inputs, cell, outputs.
${indented([...slotDeclarations(counts), ...publishSums(counts), ...range(counts.ownSlots).flatMap((o) => finishSlot(plan, counts, o))], 1)}
}`;
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body) }];
}
