import { backwardReads } from "../cell/backward-reads.js";
import { gatePlaces, stateInput } from "../cell/definition.js";
import { renderScalars } from "../cell/render.js";
import { nextStateInput } from "../cell/saved-values.js";
import { adjointInput } from "../cell/step-gradient.js";
import type { Plan } from "../plan/plan.js";
import type { Problem } from "../plan/problem.js";
import { backwardStep } from "../plan/saved-values.js";
import { gradientName } from "../plan/tensors.js";
import { dialect, nonlinearities } from "./cell-source.js";
import { multiplyAddSource } from "./matrix-source.js";
import { elementType, hasAlignedRows } from "./module-source.js";
import { shuffleSource } from "./shuffle-source.js";
import { type SlotCounts, slotCounts, slotPlaces } from "./slot-source.js";
import { range } from "./unroll.js";

/** How the sums and slots of a backward plan are counted: one sum for each unit, all through workgroup memory. */
export const backwardCounts = (plan: Plan): SlotCounts => ({ ...slotCounts(plan), gateVectors: 1, splitsInner: true });

/** The gates with a recurrent product, in R's order, by their places among all gates. */
function recurrentGates({ cell }: Problem): readonly number[] {
  return gatePlaces(cell).flatMap(({ recurrent }, gate) => (recurrent === undefined ? [] : [gate]));
}

/** Vectors of four gates that have a recurrent product. */
export const recurrentVectors = (problem: Problem): number => Math.ceil(recurrentGates(problem).length / 4);

/** WGSL of the backward of one step of one unit: `cell_backward(previous, next, saved, adjoints)`. */
function cellBackwardSource(problem: Problem): string {
  const { cell } = problem;
  const step = backwardStep(problem);
  const inputs = Object.fromEntries([
    ...cell.states.flatMap((state) => [
      [stateInput(state), `previous.${state.name}`],
      [nextStateInput(state.name), `next.${state.name}`],
      [adjointInput(state), `adjoints.${state.name}`],
    ]),
    ...step.saved.map(({ name }, index) => [name, `saved_values[${index}]`]),
  ]);
  const { statements, results } = renderScalars([...step.gateGradients, ...step.previousGradients], inputs, dialect);
  const gateCount = cell.gates.length;
  return `struct States {
${cell.states.map(({ name }) => `  ${name}: f32,`).join("\n")}
}

const GATE_COUNT = ${gateCount}u;
const STATE_COUNT = ${cell.states.length}u;

// The gradients of a step of one unit: of its gates' pre-activations, and of the previous states, the product with R apart.
struct StepGradient {
  gates: array<f32, GATE_COUNT>,
  previous: States,
}

// Values of a step that the forward pass saved: ${step.saved.map(({ name }) => name.replace("saved_", "")).join(", ") || "none"}.
const SAVED_COUNT = ${Math.max(1, step.saved.length)}u;

${nonlinearities}

// The backward of one step of one unit, from the states before and after it and the gradients of the latter. Gates: ${cell.gates.map(({ name }) => name).join(", ")}.
fn cell_backward(previous: States, next: States, saved_values: array<f32, SAVED_COUNT>, adjoints: States) -> StepGradient {
${statements.map((statement) => `  ${statement}`).join("\n")}
  return StepGradient(
    array<f32, GATE_COUNT>(${results.slice(0, gateCount).join(", ")}),
    States(${results.slice(gateCount).join(", ")}),
  );
}`;
}

/** WGSL that reads what a slot's step needs; steps are the forward pass's. */
function slotReadsSource(problem: Problem): string {
  const { cell, dataType } = problem;
  const { load } = elementType(dataType);
  const step = backwardStep(problem);
  const { previous, next } = backwardReads(cell, step);
  const valueAt = (s: number, at: string): string =>
    s === 0
      ? load(`${cell.states[0]!.name}[output_index(slot, ${at})]`)
      : `other_states[sequence_index(slot, ${s - 1}u, ${at})]`;
  const states = (read: readonly (typeof cell.states)[number][], value: (s: number) => string): string =>
    cell.states.map((state, s) => (read.includes(state) ? value(s) : "0.0")).join(", ");
  const initial = states(previous, (s) => `initial_states[state_index(slot, ${s}u)]`);
  const before = states(previous, (s) => valueAt(s, "step - 1u"));
  return `// The states of a slot before and after a step; as zero where the backward step does not read them.
fn previous_states(slot: Slot, step: u32) -> States {
${previous.length > 0 ? `  if (step == 0u) { return States(${initial}); }\n` : ""}  return States(${before});
}

fn next_states(slot: Slot, step: u32) -> States {
  return States(${states(next, (s) => valueAt(s, "step"))});
}

fn saved_values(slot: Slot, step: u32) -> array<f32, SAVED_COUNT> {
  return array<f32, SAVED_COUNT>(${step.saved.length === 0 ? "0.0" : step.saved.map((_, index) => load(`saved[sequence_index(slot, ${index}u, step)]`)).join(", ")});
}

// The backward of a step of a slot, \`adjoints\` being what later steps give; adds the gradient of the output.
fn slot_backward(slot: Slot, step: u32, adjoints: States) -> StepGradient {
  var all = adjoints;
  all.${cell.states[0]!.name} += ${gradientName(cell.states[0]!.name)}[output_index(slot, step)];
  return cell_backward(previous_states(slot, step), next_states(slot, step), saved_values(slot, step), all);
}

// Writes du of a slot's gates to d_u [B,T,G,N,D].
fn write_gate_gradients(slot: Slot, step: u32, gates: array<f32, GATE_COUNT>) {
  let row = (slot.sequence * run.steps + time_of(step)) * GATE_COUNT;
${range(cell.gates.length)
  .map((gate) => `  d_u[(row + ${gate}u) * LAYER_DIM + slot.layer_unit] = gates[${gate}];`)
  .join("\n")}
}`;
}

/** WGSL of R transposed: four units by the four gates of a chunk, which is a unit's gates with a recurrent product, four at a time. */
function transposedMatrixSource(problem: Problem): string {
  const gates = recurrentGates(problem);
  const vectors = recurrentVectors(problem);
  const { load, loadVector } = elementType(problem.dataType);
  const row = "((gate * HEAD_COUNT + head) * HEAD_DIM + unit)";
  const four = hasAlignedRows(problem)
    ? `  return ${loadVector(`recurrent[${row} * (HEAD_DIM / 4u) + min(output, HEAD_DIM / 4u - 1u)]`)};`
    : `  let first = ${row} * HEAD_DIM;
  let inner = 4u * output;
  return vec4f(
${["inner", "inner + 1u", "inner + 2u", "inner + 3u"].map((inner) => `    ${load(`recurrent[first + min(${inner}, HEAD_DIM - 1u)]`)},`).join("\n")}
  );`;
  const columns = range(4).map((i) => {
    const gate = vectors === 1 ? `${i}u` : `4u * vector + ${i}u`;
    const isGate = vectors === 1 ? (i < gates.length ? "inside" : "false") : `inside && ${gate} < ${gates.length}u`;
    return `    select(vec4f(), transposed_row(min(${gate}, ${gates.length - 1}u), head, unit, output), ${isGate}),`;
  });
  return `// R from one unit's gate, as R counts gates, to the four units from 4 * output.
fn transposed_row(gate: u32, head: u32, unit: u32, output: u32) -> vec4f {
${four}
}

// A column per gate of the chunk, a row per unit of the output; as zero beyond the last chunk.
fn load_matrix(head: u32, output: u32, chunk: u32) -> mat4x4f {
  let inside = chunk < HEAD_DIM * GATE_VECTORS;
  let unit = min(chunk / GATE_VECTORS, HEAD_DIM - 1u);
  let vector = chunk % GATE_VECTORS;
  return mat4x4f(
${columns.join("\n")}
  );
}

${multiplyAddSource}`;
}

/** WGSL of a vector of four gates' gradients of a unit, as R counts gates; \`gate(g)\` is that of gate g among all. */
export function gateVector(problem: Problem, vector: number, gate: (g: number) => string): string {
  const gates = recurrentGates(problem);
  const components = range(4).map((i) => {
    const g = gates[4 * vector + i];
    return g === undefined ? "0.0" : gate(g);
  });
  return `vec4f(${components.join(", ")})`;
}

const sumsSource = `// Sums over a part of the inner dimension: [sequence][output of the invocation][PARTIAL_LANES][unit lane], four units each.
var<workgroup> partial: array<vec4f, PARTIAL_VECTORS>;

fn partial_index(row: u32, partial_lane: u32, unit_lane: u32) -> u32 {
  return (row * PARTIAL_LANES + partial_lane) * PARTIAL_STRIDE + unit_lane;
}

// The product of R transposed and du for the unit of a slot.
fn add_partial_sums(slot: Slot) -> f32 {
  let output = slot.tile_unit / 4u;
  let row = slot.tile_sequence * UNITS_PER_INVOCATION + output / UNIT_LANES;
  var sum = 0.0;
  for (var partial_lane = 0u; partial_lane < PARTIAL_LANES; partial_lane++) {
    sum += partial[partial_index(row, partial_lane, output % UNIT_LANES)][slot.tile_unit % 4u];
  }
  return sum;
}`;

/** WGSL that both backward families share. */
export function backwardSource(plan: Plan): string {
  const { problem } = plan;
  return `${cellBackwardSource(problem)}

// Vectors of four gates that have a recurrent product.
const GATE_VECTORS = ${recurrentVectors(problem)}u;

${slotPlaces(plan)}

${slotReadsSource(problem)}

${transposedMatrixSource(problem)}

${sumsSource}${backwardCounts(plan).shuffleLanes > 1 ? shuffleSource : ""}`;
}
