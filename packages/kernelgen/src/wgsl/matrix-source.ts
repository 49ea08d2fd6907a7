import { gatePlaces } from "../cell/definition.js";
import type { Plan } from "../plan/plan.js";
import { elementType, hasAlignedRows } from "./module-source.js";
import { indexed, type SlotCounts } from "./slot-source.js";
import { range } from "./unroll.js";

/** WGSL that multiplies a chunk. */
export const multiplyAddSource = `// sums + matrix * state, one inner index after the other, so that a driver can make each a fused multiply-add.
fn multiply_add(matrix: mat4x4f, state: vec4f, sums: vec4f) -> vec4f {
  return sums + matrix[0] * state.x + matrix[1] * state.y + matrix[2] * state.z + matrix[3] * state.w;
}`;

/** Whether the inner lanes' chunks reach beyond the last inner index. */
const reachesBeyondRows = ({ problem, parameters, derived }: Plan): boolean =>
  4 * derived.innerChunks! * parameters.innerLanes! > problem.headDim;

/** WGSL of a chunk of one gate's row of R: without a check where no lane can reach beyond the row. */
function chunkSource(plan: Plan): string {
  const { load, loadVector } = elementType(plan.problem.dataType);
  if (!hasAlignedRows(plan.problem)) {
    return `fn recurrent_element(row: u32, inner: u32) -> f32 {
  let value = ${load("recurrent[row + min(inner, ROW_LENGTH - 1u)]")};
  return select(0.0, value, inner < ROW_LENGTH);
}

fn recurrent_chunk(row: u32, chunk: u32) -> vec4f {
  let inner = chunk * 4u;
  return vec4f(
    recurrent_element(row, inner),
    recurrent_element(row, inner + 1u),
    recurrent_element(row, inner + 2u),
    recurrent_element(row, inner + 3u),
  );
}`;
  }
  const body = reachesBeyondRows(plan)
    ? `  let values = ${loadVector("recurrent[row + min(chunk, ROW_LENGTH - 1u)]")};
  return select(vec4f(), values, chunk < ROW_LENGTH);`
    : `  return ${loadVector("recurrent[row + chunk]")};`;
  return `fn recurrent_chunk(row: u32, chunk: u32) -> vec4f {
${body}
}`;
}

/** WGSL that reads R by chunks of four inner indices; what lies outside R is zero. */
export function matrixSource(plan: Plan): string {
  const { problem } = plan;
  const aligned = hasAlignedRows(problem);
  const places = gatePlaces(problem.cell);
  const vectorCount = Math.ceil(places.length / 4);
  const loads = range(vectorCount).map((vector) => {
    const rows = range(4).map((component) => {
      const place = places[4 * vector + component]?.recurrent;
      return place === undefined ? "vec4f()" : `recurrent_chunk(${place}u * GATE_LENGTH + row, chunk)`;
    });
    return `fn load_matrix${vectorCount > 1 ? `_${vector}` : ""}(row: u32, chunk: u32) -> mat4x4f {
  return transpose(mat4x4f(
${rows.map((row) => `    ${row},`).join("\n")}
  ));
}`;
  });
  return `// R [G,N,D,D] in ${aligned ? "vectors of four elements" : "elements"}: of one unit, and of one gate.
const ROW_LENGTH = ${aligned ? "HEAD_DIM / 4u" : "HEAD_DIM"};
const GATE_LENGTH = HEAD_COUNT * HEAD_DIM * ROW_LENGTH;

// Where a unit's row of the first gate begins; a unit beyond the last one, whose sums nothing uses, has the last one's.
fn recurrent_row(head: u32, unit: u32) -> u32 {
  return (head * HEAD_DIM + min(unit, HEAD_DIM - 1u)) * ROW_LENGTH;
}

// Four inner indices of a row from 4 * chunk, as zero beyond the last one. Free of branches, so that loads need not wait for one another.
${chunkSource(plan)}

// R of one unit for four gates of the cell and the four inner indices of a chunk: a column per inner index, a row per gate. Gates are counted
// as R counts them.
${loads.join("\n\n")}

${multiplyAddSource}`;
}

/** Declarations of where the rows of an invocation's units begin, once for all chunks. `head`, `first_unit` and `unit_lane` must be in scope. */
export const matrixRows = ({ unitsPerInvocation }: SlotCounts): string[] =>
  range(unitsPerInvocation).map(
    (p) => `let row_${p} = recurrent_row(head, first_unit + ${p}u * UNIT_LANES + unit_lane);`,
  );

/** R of an invocation's unit p and the gate vector v at a chunk, in WGSL. */
export const loadMatrix = (counts: SlotCounts, p: number, v: number, chunk: string): string =>
  `${indexed(counts, "load_matrix", v)}(row_${p}, ${chunk})`;
