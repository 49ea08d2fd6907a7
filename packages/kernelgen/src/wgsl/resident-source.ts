import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { cellSource } from "./cell-source.js";
import { entrySource, headAWorkgroup } from "./entry-source.js";
import { loadMatrix, matrixRows, matrixSource } from "./matrix-source.js";
import { elementType, entryPoint, moduleSource } from "./module-source.js";
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
import { finalStates, finishSlots, initialiseSlots, multiplied, prefetch, type SlotSteps } from "./slot-steps.js";
import { indented, range, unroll } from "./unroll.js";

export const stateTileSource = `// h before each step of the tile's sequences: [STATE_BUFFERS][BATCH_TILE][INNER_PADDED]. What no unit writes stays zero.
var<workgroup> state_tile: array<f32, STATE_FLOATS>;

fn state_tile_index(step: u32, tile_sequence: u32, inner: u32) -> u32 {
  return ((step % STATE_BUFFERS) * BATCH_TILE + tile_sequence) * INNER_PADDED + inner;
}

// Four units from 4 * chunk, of the sequence whose h begins at the row.
fn state_chunk(row: u32, chunk: u32) -> vec4f {
  let first = row + 4u * chunk;
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

/** What is multiplied in every step, in WGSL: R of an invocation's unit p and the sums' vector v, and what meets it of the workgroup's sequence s. */
export interface ChunkSource {
  matrix(p: number, v: number, chunk: string): string;
  operand(s: number, chunk: string): string;
}

/** R times h of the tile. The rows of R and `state_row` must be in scope. */
export const forwardChunks = (counts: SlotCounts): ChunkSource => ({
  matrix: (p, v, chunk) => loadMatrix(counts, p, v, chunk),
  operand: (s, chunk) => `state_chunk(state_row + ${s}u * INNER_PADDED, ${chunk})`,
});

/** Where h of a step begins in the tile, once for all chunks. */
export const stateRow = "let state_row = state_tile_index(step, 0u, 0u);";

/** The chunk of R that is an invocation's so many-th, in WGSL. */
const chunkOfLane = (chunk: string): string => `${chunk} * INNER_LANES + inner_lane`;

export function loadStationaryMatrix(
  counts: SlotCounts,
  { inRegisters, inWorkgroup }: MatrixPlaces,
  { matrix }: ChunkSource,
): string[] {
  const { unitsPerInvocation, gateVectors } = counts;
  const lines: string[] = [];
  for (const c of range(inRegisters)) {
    lines.push(
      ...unroll(
        [unitsPerInvocation, gateVectors],
        (p, v) => `let ${indexed(counts, "matrix", c, p!, v!)} = ${matrix(p!, v!, chunkOfLane(`${c}u`))};`,
      ),
    );
  }
  if (inWorkgroup > 0) {
    lines.push(
      "for (var chunk = CHUNKS_IN_REGISTERS; chunk < CHUNKS_IN_REGISTERS + CHUNKS_IN_WORKGROUP; chunk++) {",
      `  let place = (chunk - CHUNKS_IN_REGISTERS) * MATRICES_PER_CHUNK;`,
      ...unroll(
        [unitsPerInvocation, gateVectors],
        (p, v) =>
          `  store_matrix(place + ${p! * gateVectors + v!}u, invocation, ${matrix(p!, v!, chunkOfLane("chunk"))});`,
      ),
      "}",
    );
  }
  return lines;
}

export function multiply(
  counts: SlotCounts,
  { inRegisters, inWorkgroup, inStorage }: MatrixPlaces,
  { matrix, operand }: ChunkSource,
): string[] {
  const { unitsPerInvocation, gateVectors } = counts;
  const state = (chunk: string) => (s: number) => operand(s, chunkOfLane(chunk));
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
          (p, v) => `let ${indexed(counts, "matrix", p!, v!)} = ${matrix(p!, v!, chunkOfLane("chunk"))};`,
        ),
        ...multiplyChunk(counts, (p, v) => indexed(counts, "matrix", p, v), state("chunk")),
      ]),
    );
  }
  return lines;
}

/** The own slots of a workgroup that holds a head: h goes to the tile that all of it multiplies. */
const slotsOf = (plan: Plan, counts: SlotCounts): SlotSteps => {
  const keep = (slot: string, step: string, value: string): string =>
    `state_tile[state_tile_index(${step}, ${slot}.tile_sequence, ${slot}.tile_unit)] = ${multiplied(plan, value)};`;
  return {
    sums: (o, v) => slotSums(counts, o, v),
    keepInitial: (slot, value) => keep(slot, "0u", value),
    keep: (slot, value) => keep(slot, "step + 1u", value),
  };
};

/** The module of a plan of the resident family. */
export function emitResident(plan: Plan, name?: string): readonly [SourceFile] {
  const { problem } = plan;
  const counts = slotCounts(plan);
  const places = matrixPlaces(plan);
  const slots = slotsOf(plan, counts);
  const chunks = forwardChunks(counts);
  const body = `${cellSource(problem)}

${slotSource(plan)}

${matrixSource(plan)}

${stateTileSource}${places.inWorkgroup > 0 ? matrixTileSource(problem) : ""}

// A workgroup computes all steps of one head for BATCH_TILE sequences.
${entrySource(entryPoint(problem), counts, headAWorkgroup)}

  // R, for all steps.
${indented([...matrixRows(counts), ...loadStationaryMatrix(counts, places, chunks)], 1)}

  // Own slots: initial states, and the inputs of the first step.
${indented([...slotDeclarations(counts), ...initialiseSlots(plan, counts, slots)], 1)}
  workgroupBarrier();

  for (var step = 0u; step < run.steps; step++) {
    // Inputs of the next step are on their way while this one is computed.
    let next_step = min(step + 1u, run.steps - 1u);
${indented(prefetch(counts), 2)}

    // R h over this lane's part of the inner dimension.
${indented([...sumDeclarations(counts), stateRow, ...multiply(counts, places, chunks)], 2)}

    // Own slots: cell, states, outputs, and h for the next step.
${indented([...publishSums(counts), ...finishSlots(plan, counts, slots)], 2)}
    workgroupBarrier();
  }${finalStates(plan, counts)}
}`;
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body) }];
}
