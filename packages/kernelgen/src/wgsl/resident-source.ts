import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { cellSource } from "./cell-source.js";
import { entrySource, headAWorkgroup } from "./entry-source.js";
import { elementType, matrixSource, moduleSource } from "./module-source.js";
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
import { writesFinalStates } from "./storage-buffers.js";
import { indented, range, unroll } from "./unroll.js";

export const stateTileSource = `// h before each step of the tile's sequences: [STATE_BUFFERS][BATCH_TILE][INNER_PADDED]. What no unit writes stays zero.
var<workgroup> state_tile: array<f32, STATE_FLOATS>;

fn state_tile_index(step: u32, tile_sequence: u32, inner: u32) -> u32 {
  return ((step % STATE_BUFFERS) * BATCH_TILE + tile_sequence) * INNER_PADDED + inner;
}

fn state_chunk(step: u32, tile_sequence: u32, chunk: u32) -> vec4f {
  let first = state_tile_index(step, tile_sequence, 4u * chunk);
  return vec4f(state_tile[first], state_tile[first + 1u], state_tile[first + 2u], state_tile[first + 3u]);
}`;

/** WGSL of the chunks of R that lie in workgroup memory, in the type in which R is stored. */
export function matrixTileSource({ dataType }: Problem): string {
  const { vector, loadVector } = elementType(dataType);
  const columns = ["", " + INVOCATIONS", " + 2u * INVOCATIONS", " + 3u * INVOCATIONS"];
  return `

// The chunks of R in workgroup memory, of each invocation its own: [CHUNKS_IN_WORKGROUP][unit and gate vector][column][INVOCATIONS].
var<workgroup> matrix_tile: array<${vector}, MATRIX_VECTORS>;

fn store_matrix(place: u32, invocation: u32, matrix: mat4x4f) {
  let first = place * 4u * INVOCATIONS + invocation;
${columns.map((column, i) => `  matrix_tile[first${column}] = ${dataType === "fp16" ? `vec4h(matrix[${i}])` : `matrix[${i}]`};`).join("\n")}
}

fn stored_matrix(place: u32, invocation: u32) -> mat4x4f {
  let first = place * 4u * INVOCATIONS + invocation;
  return mat4x4f(
${columns.map((column) => `    ${loadVector(`matrix_tile[first${column}]`)},`).join("\n")}
  );
}`;
}

/** An invocation's chunks of R by where they are kept. */
export interface MatrixPlaces {
  readonly inRegisters: number;
  readonly inWorkgroup: number;
  readonly inStorage: number;
}

export function matrixPlaces({ parameters, derived }: Plan): MatrixPlaces {
  const [inRegisters, inWorkgroup] = [parameters.chunksInRegisters!, parameters.chunksInWorkgroup!];
  return { inRegisters, inWorkgroup, inStorage: derived.innerChunks! - inRegisters - inWorkgroup };
}

const loadMatrix = (counts: SlotCounts, p: number, v: number): string =>
  `${indexed(counts, "load_matrix", v)}(head, ${unitOf(p)}, chunk * INNER_LANES + inner_lane)`;

/** The unit of the head that an invocation's unit p is. */
const unitOf = (p: number): string => `first_unit + ${p}u * UNIT_LANES + unit_lane`;

export function loadStationaryMatrix(counts: SlotCounts, { inRegisters, inWorkgroup }: MatrixPlaces): string[] {
  const { unitsPerInvocation, gateVectors } = counts;
  const lines: string[] = [];
  for (const c of range(inRegisters)) {
    lines.push(
      ...unroll([unitsPerInvocation, gateVectors], (p, v) => {
        const inner = `${c}u * INNER_LANES + inner_lane`;
        return `let ${indexed(counts, "matrix", c, p!, v!)} = ${indexed(counts, "load_matrix", v!)}(head, ${unitOf(p!)}, ${inner});`;
      }),
    );
  }
  if (inWorkgroup > 0) {
    lines.push(
      "for (var chunk = CHUNKS_IN_REGISTERS; chunk < CHUNKS_IN_REGISTERS + CHUNKS_IN_WORKGROUP; chunk++) {",
      `  let place = (chunk - CHUNKS_IN_REGISTERS) * MATRICES_PER_CHUNK;`,
      ...unroll(
        [unitsPerInvocation, gateVectors],
        (p, v) => `  store_matrix(place + ${p! * gateVectors + v!}u, invocation, ${loadMatrix(counts, p!, v!)});`,
      ),
      "}",
    );
  }
  return lines;
}

export function multiply(counts: SlotCounts, { inRegisters, inWorkgroup, inStorage }: MatrixPlaces): string[] {
  const { unitsPerInvocation, gateVectors } = counts;
  const state = (chunk: string) => (s: number) => `state_chunk(step, ${s}u, ${chunk} * INNER_LANES + inner_lane)`;
  const block = (opening: string, lines: readonly string[]): string[] => [
    opening,
    ...lines.map((line) => `  ${line}`),
    "}",
  ];
  const lines = range(inRegisters).flatMap((c) =>
    block(
      "{",
      multiplyChunk(counts, (p, v) => indexed(counts, "matrix", c, p, v), state(`${c}u`)),
    ),
  );
  if (inWorkgroup > 0) {
    lines.push(
      ...block("for (var chunk = CHUNKS_IN_REGISTERS; chunk < CHUNKS_IN_REGISTERS + CHUNKS_IN_WORKGROUP; chunk++) {", [
        `let place = (chunk - CHUNKS_IN_REGISTERS) * MATRICES_PER_CHUNK;`,
        ...unroll(
          [unitsPerInvocation, gateVectors],
          (p, v) =>
            `let ${indexed(counts, "matrix", p!, v!)} = stored_matrix(place + ${p! * gateVectors + v!}u, invocation);`,
        ),
        ...multiplyChunk(counts, (p, v) => indexed(counts, "matrix", p, v), state("chunk")),
      ]),
    );
  }
  if (inStorage > 0) {
    lines.push(
      ...block("for (var chunk = CHUNKS_IN_REGISTERS + CHUNKS_IN_WORKGROUP; chunk < INNER_CHUNKS; chunk++) {", [
        ...unroll(
          [unitsPerInvocation, gateVectors],
          (p, v) => `let ${indexed(counts, "matrix", p!, v!)} = ${loadMatrix(counts, p!, v!)};`,
        ),
        ...multiplyChunk(counts, (p, v) => indexed(counts, "matrix", p, v), state("chunk")),
      ]),
    );
  }
  return lines;
}

/** Finishes an own slot: cell, states, outputs, and h for the next step. */
function finishSlot(plan: Plan, counts: SlotCounts, o: number): string[] {
  const [output] = plan.problem.cell.states;
  const inputs = range(counts.gateVectors).map((v) => `${indexed(counts, "inputs", o, v)} + ${slotSums(counts, o, v)}`);
  const { before, call } = cellStep(plan, inputs, `states_${o}`);
  return [
    `if (slot_${o}.exists) {`,
    ...[
      ...before,
      `states_${o} = ${call};`,
      `state_tile[state_tile_index(step + 1u, slot_${o}.tile_sequence, slot_${o}.tile_unit)] = ${multiplied(plan, `states_${o}.${output!.name}`)};`,
      ...writeStep(plan, `slot_${o}`, "step", `states_${o}`),
    ].map((line) => `  ${line}`),
    "}",
    ...range(counts.gateVectors).map(
      (v) => `${indexed(counts, "inputs", o, v)} = ${indexed(counts, "next_inputs", o, v)};`,
    ),
  ];
}

/** h as it is multiplied: in fp16, rounded as it is stored. */
export function multiplied(plan: Plan, value: string): string {
  const { load, store } = elementType(plan.problem.dataType);
  return load(store(value));
}

function initialiseSlot(plan: Plan, counts: SlotCounts, o: number): string[] {
  const names = plan.problem.cell.states.map(({ name }) => name);
  return [
    `var states_${o}: States;`,
    ...range(counts.gateVectors).map((v) => `var ${indexed(counts, "inputs", o, v)} = vec4f();`),
    `if (slot_${o}.exists) {`,
    `  states_${o} = States(${names.map((_, s) => `initial_state(slot_${o}, ${s}u)`).join(", ")});`,
    `  state_tile[state_tile_index(0u, slot_${o}.tile_sequence, slot_${o}.tile_unit)] = ${multiplied(plan, `states_${o}.${names[0]}`)};`,
    ...range(counts.gateVectors).map(
      (v) => `  ${indexed(counts, "inputs", o, v)} = ${indexed(counts, "load_inputs", v)}(slot_${o}, 0u);`,
    ),
    "}",
  ];
}

/** Loads the inputs of the next step; after the last step the last inputs again, which nothing uses. */
export function prefetch(counts: SlotCounts, o: number): string[] {
  const vectors = range(counts.gateVectors);
  return [
    ...vectors.map((v) => `var ${indexed(counts, "next_inputs", o, v)} = vec4f();`),
    `if (slot_${o}.exists) {`,
    ...vectors.map(
      (v) => `  ${indexed(counts, "next_inputs", o, v)} = ${indexed(counts, "load_inputs", v)}(slot_${o}, next_step);`,
    ),
    "}",
  ];
}

/** The states after the last step, where they are kept. */
export function finalStates(plan: Plan, counts: SlotCounts): string {
  if (!writesFinalStates(plan.problem)) return "";
  const lines = range(counts.ownSlots).flatMap((o) => [
    `if (slot_${o}.exists) {`,
    ...writeFinalStates(plan, `slot_${o}`, `states_${o}`).map((line) => `  ${line}`),
    "}",
  ]);
  return `\n\n  // States after the last step.\n${indented(lines, 1)}`;
}

/** The module of a plan of the resident family. */
export function emitResident(plan: Plan, name?: string): readonly SourceFile[] {
  const { problem } = plan;
  const counts = slotCounts(plan);
  const places = matrixPlaces(plan);
  const slots = range(counts.ownSlots);
  const body = `${cellSource(problem)}

${slotSource(plan)}

${matrixSource(problem)}

${stateTileSource}${places.inWorkgroup > 0 ? matrixTileSource(problem) : ""}

// A workgroup computes all steps of one head for BATCH_TILE sequences.
${entrySource(problem, counts, headAWorkgroup)}

  // R, for all steps.
${indented(loadStationaryMatrix(counts, places), 1)}

  // Own slots: initial states, and the inputs of the first step.
${indented([...slotDeclarations(counts), ...slots.flatMap((o) => initialiseSlot(plan, counts, o))], 1)}
  workgroupBarrier();

  for (var step = 0u; step < run.steps; step++) {
    // Inputs of the next step are on their way while this one is computed.
    let next_step = min(step + 1u, run.steps - 1u);
${indented(
  slots.flatMap((o) => prefetch(counts, o)),
  2,
)}

    // R h over this lane's part of the inner dimension.
${indented([...sumDeclarations(counts), ...multiply(counts, places)], 2)}

    // Own slots: cell, states, outputs, and h for the next step.
${indented([...publishSums(counts), ...slots.flatMap((o) => finishSlot(plan, counts, o))], 2)}
    workgroupBarrier();
  }${finalStates(plan, counts)}
}`;
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body) }];
}
