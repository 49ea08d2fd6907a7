import { gatePlaces } from "../cell/definition.js";
import type { Plan } from "../plan/plan.js";
import { savedValues } from "../plan/saved-values.js";
import { elementType } from "./module-source.js";
import { publishShuffledSums, shuffleSource } from "./shuffle-source.js";
import { writesFinalStates } from "./storage-buffers.js";
import { range, unroll } from "./unroll.js";

/** How the unrolled names of a plan's sums and slots are counted. */
export interface SlotCounts {
  readonly unitsPerInvocation: number;
  readonly batchTile: number;
  readonly ownSlots: number;
  /** Vectors of four gates. */
  readonly gateVectors: number;
  readonly splitsInner: boolean;
  /** Inner lanes that add up their sums by shuffles; 1 without. */
  readonly shuffleLanes: number;
}

export function slotCounts(plan: Plan): SlotCounts {
  const { unitsPerInvocation, batchTile, innerLanes } = plan.parameters as Readonly<Record<string, number>>;
  return {
    unitsPerInvocation: unitsPerInvocation!,
    batchTile: batchTile!,
    ownSlots: plan.derived.ownSlots!,
    gateVectors: Math.ceil(plan.problem.cell.gates.length / 4),
    splitsInner: innerLanes! > 1,
    shuffleLanes: plan.parameters.shuffleLanes ?? 1,
  };
}

/** A variable's name with its indices; the last index counts gate vectors, and is left out where a cell has one. */
export function indexed(counts: SlotCounts, name: string, ...indices: readonly number[]): string {
  return [name, ...(counts.gateVectors === 1 ? indices.slice(0, -1) : indices)].join("_");
}

/** The variable of an invocation's sums for its unit p, the workgroup's sequence s and the gate vector v. */
const sumName = (counts: SlotCounts, p: number, s: number, v: number): string => indexed(counts, "sums", p, s, v);

/** Declarations of the sums. */
export function sumDeclarations(counts: SlotCounts): string[] {
  const { unitsPerInvocation, batchTile, gateVectors } = counts;
  return unroll(
    [unitsPerInvocation, batchTile, gateVectors],
    (p, s, v) => `var ${sumName(counts, p!, s!, v!)} = vec4f();`,
  );
}

/**
 * Multiplies one chunk: R as `matrix(p, v)` by h of sequence s, which is `state(s)` or, if that is left out, in scope as `state_s`, into all
 * sums.
 */
export function multiplyChunk(
  counts: SlotCounts,
  matrix: (p: number, v: number) => string,
  state?: (s: number) => string,
): string[] {
  const { unitsPerInvocation, batchTile, gateVectors } = counts;
  return range(batchTile).flatMap((s) => [
    ...(state === undefined ? [] : [`let state_${s} = ${state(s)};`]),
    ...unroll([unitsPerInvocation, gateVectors], (p, v) => {
      const sums = sumName(counts, p!, s, v!);
      return `${sums} = multiply_add(${matrix(p!, v!)}, state_${s}, ${sums});`;
    }),
  ]);
}

/** Declarations of an invocation's own slots. `head`, `first_unit` and `first_sequence` must be in scope. */
export const slotDeclarations = ({ ownSlots }: SlotCounts): string[] =>
  range(ownSlots).map((o) => `let slot_${o} = own_slot(${o}u, invocation, head, first_unit, first_sequence);`);

/** Writes all sums where their slots' owners find them, and waits. Nothing is needed where an invocation owns what it sums. */
export function publishSums(counts: SlotCounts): string[] {
  const { unitsPerInvocation, batchTile, gateVectors, splitsInner, shuffleLanes } = counts;
  if (!splitsInner) return [];
  const rows = unitsPerInvocation * batchTile;
  const sums = unroll([batchTile, unitsPerInvocation, gateVectors], (s, p, v) => sumName(counts, p!, s!, v!));
  // The place of each sum among the workgroup's rows.
  const places = unroll([batchTile, unitsPerInvocation, gateVectors], (s, p, v) =>
    String(v! * rows + s! * unitsPerInvocation + p!),
  ).map((row) => `partial[partial_index(${row}u, ${shuffleLanes > 1 ? "partial_lane" : "inner_lane"}, unit_lane)]`);
  if (shuffleLanes > 1) return publishShuffledSums(sums, places);
  return [...places.map((place, index) => `${place} = ${sums[index]};`), "workgroupBarrier();"];
}

/** The whole sums of own slot o for the gate vector v. Without a split the slots are an invocation's own sums, in order. */
export function slotSums(counts: SlotCounts, o: number, v: number): string {
  const { unitsPerInvocation, splitsInner } = counts;
  return splitsInner
    ? `add_partial_sums(${v}u, slot_${o})`
    : sumName(counts, o % unitsPerInvocation, Math.floor(o / unitsPerInvocation), v);
}

const exchangeSource = `

// Sums over a part of the inner dimension: [gate vector][sequence][unit of the invocation][PARTIAL_LANES][unit lane].
var<workgroup> partial: array<vec4f, PARTIAL_VECTORS>;

fn partial_index(row: u32, partial_lane: u32, unit_lane: u32) -> u32 {
  return (row * PARTIAL_LANES + partial_lane) * PARTIAL_STRIDE + unit_lane;
}

fn add_partial_sums(gate_vector: u32, slot: Slot) -> vec4f {
  let row = (gate_vector * BATCH_TILE + slot.tile_sequence) * UNITS_PER_INVOCATION + slot.tile_unit / UNIT_LANES;
  let unit_lane = slot.tile_unit % UNIT_LANES;
  var sums = partial[partial_index(row, 0u, unit_lane)];
  for (var partial_lane = 1u; partial_lane < PARTIAL_LANES; partial_lane++) {
    sums += partial[partial_index(row, partial_lane, unit_lane)];
  }
  return sums;
}`;

/** WGSL that finds the row of a step among the rows of its sequence. */
function timeSource(phases: number): string {
  if (phases === 1) {
    return `// A step's place in a sequence.
fn time_of(step: u32) -> u32 {
  return select(step, run.steps - 1u - step, run.reversed == 1u);
}`;
  }
  return `// Steps of the kernel that share an input.
const PHASES = ${phases}u;

// A step's place in a sequence; the phases of an input stay in their order.
fn time_of(step: u32) -> u32 {
  let input = step / PHASES;
  return select(input, run.steps / PHASES - 1u - input, run.reversed == 1u) * PHASES + step % PHASES;
}`;
}

/** WGSL of slots in a forward pass: where they lie, their inputs, and their sums. */
export function slotSource(plan: Plan, counts: SlotCounts = slotCounts(plan)): string {
  const phases = plan.problem.cell.phases ?? 1;
  const { load } = elementType(plan.problem.dataType);
  const places = gatePlaces(plan.problem.cell);
  const inputs = range(counts.gateVectors).map((v) => {
    const components = range(4).map((i) => {
      const { input, bias } = places[4 * v + i] ?? {};
      const terms = [
        ...(input === undefined ? [] : [`gate_input(slot, step, ${input}u)`]),
        ...(bias === undefined ? [] : [`gate_bias(slot, ${bias}u)`]),
      ];
      return terms.length > 0 ? terms.join(" + ") : "0.0";
    });
    return `fn ${indexed(counts, "load_inputs", v)}(slot: Slot, step: u32) -> vec4f {
  return vec4f(
${components.map((component) => `    ${component},`).join("\n")}
  );
}`;
  });
  return `${slotPlaces(plan)}

// The initial value of state s of a slot; initial_states is [S,B,1,N,D].
fn initial_state(slot: Slot, s: u32) -> f32 {
  return initial_states[state_index(slot, s)];
}

// The input of one gate, as wx [B,T,G,N,D] counts gates.
fn gate_input(slot: Slot, step: u32, gate: u32) -> f32 {
  let row = ${phases === 1 ? "slot.sequence * run.steps + time_of(step)" : "(slot.sequence * run.steps + time_of(step)) / PHASES"};
  return ${load("wx[(row * INPUT_GATE_COUNT + gate) * LAYER_DIM + slot.layer_unit]")};
}

// The bias of one gate, as bias [G,N,D] counts gates.
fn gate_bias(slot: Slot, gate: u32) -> f32 {
  return ${load("bias[gate * LAYER_DIM + slot.layer_unit]")};
}

${inputs.join("\n\n")}${counts.splitsInner ? exchangeSource : ""}${counts.shuffleLanes > 1 ? shuffleSource : ""}`;
}

/** WGSL of where slots lie: in the workgroup's tile, and in the tensors. */
export function slotPlaces(plan: Plan): string {
  return `const LAYER_DIM = HEAD_COUNT * HEAD_DIM;

// One unit of one sequence, whose states one invocation keeps and whose step it finishes.
struct Slot {
  // Its place in the tile of the workgroup.
  tile_unit: u32,
  tile_sequence: u32,
  // Its place in the tensors: the unit in [N,D], and the sequence.
  layer_unit: u32,
  sequence: u32,
  // False where the tile reaches over the head or the batch.
  exists: bool,
}

// The slot that an invocation owns in a round of dealing the slots to invocations.
fn own_slot(round: u32, invocation: u32, head: u32, first_unit: u32, first_sequence: u32) -> Slot {
  let index = round * INVOCATIONS + invocation;
  let tile_unit = index % UNIT_TILE;
  let tile_sequence = index / UNIT_TILE;
  let unit = first_unit + tile_unit;
  let sequence = first_sequence + tile_sequence;
  let exists = tile_sequence < BATCH_TILE && unit < HEAD_DIM && sequence < BATCH;
  return Slot(tile_unit, tile_sequence, head * HEAD_DIM + unit, sequence, exists);
}

${timeSource(plan.problem.cell.phases ?? 1)}

// The index of a slot in the output: [B,T,output_stride], of which this kernel's units begin at output_offset.
fn output_index(slot: Slot, step: u32) -> u32 {
  return (slot.sequence * run.steps + time_of(step)) * run.output_stride + run.output_offset + slot.layer_unit;
}

// The index of a slot in [count,B,T,N,D].
fn sequence_index(slot: Slot, index: u32, step: u32) -> u32 {
  return ((index * BATCH + slot.sequence) * run.steps + time_of(step)) * LAYER_DIM + slot.layer_unit;
}

// The index of a slot in [S,B,1,N,D], for state s.
fn state_index(slot: Slot, s: u32) -> u32 {
  return (s * BATCH + slot.sequence) * LAYER_DIM + slot.layer_unit;
}`;
}

/** WGSL that steps a slot's cell, `states` being its previous ones: the call, and in training where the saved values go. */
export function cellStep(plan: Plan, gates: readonly string[], states: string): { before: string[]; call: string } {
  const saves = (savedValues(plan.problem)?.saved ?? []).length > 0;
  return {
    before: saves ? ["var saved_values: array<f32, SAVED_COUNT>;"] : [],
    call: `cell_step(${[...gates, states, ...(saves ? ["&saved_values"] : [])].join(", ")})`,
  };
}

/**
 * Lines that write a step of a slot to the tensors that keep every step: the output, the sequences of the other states, and in training
 * the saved values.
 */
export function writeStep(plan: Plan, slot: string, step: string, states: string): string[] {
  const { cell, stateOutput, dataType } = plan.problem;
  const { store } = elementType(dataType);
  const [output, ...others] = cell.states.map(({ name }) => name);
  const saved = savedValues(plan.problem)?.saved ?? [];
  return [
    `${output}[output_index(${slot}, ${step})] = ${store(`${states}.${output}`)};`,
    ...(stateOutput === "sequence" ? others : []).map(
      (name, index) => `other_states[sequence_index(${slot}, ${index}u, ${step})] = ${states}.${name};`,
    ),
    ...saved.map(
      (_, index) => `saved[sequence_index(${slot}, ${index}u, ${step})] = ${store(`saved_values[${index}]`)};`,
    ),
  ];
}

/** Lines that write all states of a slot to `final_states`; none where they are not kept. */
export function writeFinalStates(plan: Plan, slot: string, states: string): string[] {
  if (!writesFinalStates(plan.problem)) return [];
  return plan.problem.cell.states.map(
    ({ name }, s) => `final_states[state_index(${slot}, ${s}u)] = ${states}.${name};`,
  );
}
