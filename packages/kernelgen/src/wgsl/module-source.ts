import { gatePlaces } from "../cell/definition.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { headerComment, planConstants } from "../plan/source-text.js";
import { type StorageBuffer, storageBuffers } from "./storage-buffers.js";
import { range } from "./unroll.js";

/** The kernel's entry point. A module has one kernel, so it needs no name of the user's. */
export const entryPoint = (problem: Problem): string => kernelName(problem);

/** True if R can be read as vectors of four inner indices. */
const hasAlignedRows = (problem: Problem): boolean => problem.headDim % 4 === 0;

function binding(problem: Problem, { name, role, dimensions }: StorageBuffer, index: number): string {
  const access = role === "input" ? "read" : "read_write";
  const element = name === "recurrent" && hasAlignedRows(problem) ? "vec4f" : "f32";
  return `@group(0) @binding(${index}) var<storage, ${access}> ${name}: array<${element}>;  // [${dimensions}]`;
}

/** The bindings of a kernel: the problem's storage buffers in their order, then the uniform `run`. */
function bindings(problem: Problem): string {
  const buffers = storageBuffers(problem);
  return `// Tensors, dense, last dimension contiguous.
${buffers.map((buffer, index) => binding(problem, buffer, index)).join("\n")}

struct Run {
  // Steps of every sequence.
  steps: u32,
  // The step of this dispatch, where a dispatch computes one.
  step: u32,
}
@group(0) @binding(${buffers.length}) var<uniform> run: Run;`;
}

/** A whole module: header, constants, bindings, and the body whose constants come from the plan. */
export function moduleSource(plan: Plan, body: string): string {
  return `${headerComment(plan, `Forward pass of a recurrent layer, family ${plan.family}`)}

${planConstants(plan, body, (name, value) => `const ${name} = ${value}u;`)}

${bindings(plan.problem)}

${body}
`;
}

/** WGSL that reads R by chunks of four inner indices; what lies outside R is zero. */
export function matrixSource(problem: Problem): string {
  const row = "(gate * HEAD_COUNT + head) * HEAD_DIM + unit";
  const chunk = hasAlignedRows(problem)
    ? `fn recurrent_chunk(gate: u32, head: u32, unit: u32, chunk: u32) -> vec4f {
  if (unit >= HEAD_DIM || chunk >= HEAD_DIM / 4u) { return vec4f(); }
  return recurrent[(${row}) * (HEAD_DIM / 4u) + chunk];
}`
    : `fn recurrent_element(row: u32, inner: u32) -> f32 {
  if (inner >= HEAD_DIM) { return 0.0; }
  return recurrent[row * HEAD_DIM + inner];
}

fn recurrent_chunk(gate: u32, head: u32, unit: u32, chunk: u32) -> vec4f {
  if (unit >= HEAD_DIM) { return vec4f(); }
  let row = ${row};
  let inner = chunk * 4u;
  return vec4f(
    recurrent_element(row, inner),
    recurrent_element(row, inner + 1u),
    recurrent_element(row, inner + 2u),
    recurrent_element(row, inner + 3u),
  );
}`;
  const places = gatePlaces(problem.cell);
  const vectorCount = Math.ceil(places.length / 4);
  const loads = range(vectorCount).map((vector) => {
    const rows = range(4).map((component) => {
      const place = places[4 * vector + component]?.recurrent;
      return place === undefined ? "vec4f()" : `recurrent_chunk(${place}u, head, unit, chunk)`;
    });
    return `fn load_matrix${vectorCount > 1 ? `_${vector}` : ""}(head: u32, unit: u32, chunk: u32) -> mat4x4f {
  return transpose(mat4x4f(
${rows.map((row) => `    ${row},`).join("\n")}
  ));
}`;
  });
  return `// R of one unit, four inner indices from 4 * chunk, as zero outside of R. Gates are counted as R counts them.
${chunk}

// R of one unit for four gates of the cell and the four inner indices of a chunk: a column per inner index, a row per gate.
${loads.join("\n\n")}

// sums + matrix * state, one inner index after the other, so that a driver can make each a fused multiply-add.
fn multiply_add(matrix: mat4x4f, state: vec4f, sums: vec4f) -> vec4f {
  return sums + matrix[0] * state.x + matrix[1] * state.y + matrix[2] * state.z + matrix[3] * state.w;
}`;
}
