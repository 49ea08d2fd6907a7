import { gateInput, gatesWith } from "../cell/definition.js";
import { isLinear, linearGraph } from "../cell/linear.js";
import { renderScalars } from "../cell/render.js";
import type { SourceFile } from "../plan/family.js";
import { kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { dialect, nonlinearities } from "./cell-source.js";
import { entryPoint, moduleSource } from "./module-source.js";

/** The module of a scan's plan: one entry point, whose dispatches `run.step` tells apart. */
export function emitScan(plan: Plan, name?: string): readonly SourceFile[] {
  const { problem } = plan;
  const { cell } = problem;
  if (!isLinear(cell)) throw new TypeError(`${cell.name} is no linear recurrence`);
  const { decay, forget, update } = linearGraph(cell);
  const forgets = forget !== undefined;
  const state = cell.states[0]!.name;
  const inputs = Object.fromEntries(cell.gates.map((gate, g) => [gateInput(gate), `u${g}`]));
  const { statements, results } = renderScalars([forget ?? decay, update], inputs, dialect);
  const biased = gatesWith(cell, "bias");
  const preActivations = cell.gates.map((gate, g) => {
    const bias = biased.includes(gate) ? ` + bias[${biased.indexOf(gate)}u * CHANNELS + channel]` : "";
    return `  let u${g} = wx[(row * GATE_COUNT + ${g}u) * CHANNELS + channel]${bias};`;
  });
  const body = `${nonlinearities}

// What a run of steps does to the state before it: ${forgets ? "h' = h + (update - weight * h), the weight being 1 less the product of the decays" : "h' = weight * h + update"}.
struct Span {
  weight: f32,
  update: f32,
}

const NO_STEPS = Span(${forgets ? "0.0" : "1.0"}, 0.0);

fn advance(span: Span, before: f32) -> f32 {
  return ${forgets ? "before + (span.update - span.weight * before)" : "span.weight * before + span.update"};
}

// The run of two spans, one after the other.
fn join(first: Span, second: Span) -> Span {
  return Span(${forgets ? "first.weight + second.weight * (1.0 - first.weight)" : "first.weight * second.weight"}, advance(second, first.update));
}

// One step of one channel, from the pre-activations of the gates ${cell.gates.map((gate) => gate.name).join(", ")}.
fn step_span(row: u32, channel: u32) -> Span {
${preActivations.join("\n")}
${statements.map((statement) => `  ${statement}`).join("\n")}
  return Span(${results.join(", ")});
}

var<workgroup> spans: array<Span, INVOCATIONS>;

// The dispatches of several chunks; one chunk has the last alone.
const REDUCE = 0u;  // what each chunk does, to two of its rows of the output
const CARRY = 1u;  // the state before each chunk, to the first of these rows
const FINISH = 2u;  // the states of all steps

// A workgroup walks over one chunk of one sequence, in tiles of TILE_STEPS steps; an invocation has one channel and STEPS_PER_INVOCATION
// adjacent steps of each tile.
@compute @workgroup_size(INVOCATIONS)
fn ${entryPoint(problem)}(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) invocation: u32) {
  let channel_lane = invocation % CHANNEL_LANES;
  let time_lane = invocation / CHANNEL_LANES;
  let channel = workgroup.x * CHANNEL_LANES + channel_lane;
  let exists = channel < CHANNELS;
  let sequence = workgroup.z;
  let first_row = sequence * run.steps;
  let phase = select(run.step, FINISH, CHUNKS == 1u);

  if (phase == CARRY) {
    // The first lane of each channel in the first workgroups goes through the chunks.
    if (workgroup.y == 0u && time_lane == 0u && exists) {
      var state_value = ${state}_initial[sequence * CHANNELS + channel];
      for (var chunk = 0u; chunk < CHUNKS; chunk++) {
        let place = (first_row + chunk * CHUNK_STEPS) * CHANNELS + channel;
        var span = NO_STEPS;
        if (chunk + 1u < CHUNKS) { span = Span(${state}[place], ${state}[place + CHANNELS]); }
        ${state}[place] = state_value;
        state_value = advance(span, state_value);
      }
    }
    return;
  }

  let chunk_first = workgroup.y * CHUNK_STEPS;
  let place = (first_row + chunk_first) * CHANNELS + channel;
  var chunk_span = NO_STEPS;
  var carry = 0.0;
  if (phase == FINISH && exists) {
    if (CHUNKS == 1u) { carry = ${state}_initial[sequence * CHANNELS + channel]; } else { carry = ${state}[place]; }
  }
  for (var tile = 0u; tile < TILES_PER_CHUNK; tile++) {
    let first_step = chunk_first + tile * TILE_STEPS + time_lane * STEPS_PER_INVOCATION;
    var steps: array<Span, STEPS_PER_INVOCATION>;
    var all = NO_STEPS;
    for (var s = 0u; s < STEPS_PER_INVOCATION; s++) {
      steps[s] = NO_STEPS;
      if (exists && first_step + s < run.steps) { steps[s] = step_span(first_row + first_step + s, channel); }
      all = join(all, steps[s]);
    }
    spans[invocation] = all;
    workgroupBarrier();
    var before = NO_STEPS;
    var tile_span = NO_STEPS;
    for (var lane = 0u; lane < TIME_LANES; lane++) {
      if (lane == time_lane) { before = tile_span; }
      tile_span = join(tile_span, spans[lane * CHANNEL_LANES + channel_lane]);
    }
    if (phase == FINISH) {
      var state_value = advance(before, carry);
      for (var s = 0u; s < STEPS_PER_INVOCATION; s++) {
        state_value = advance(steps[s], state_value);
        if (exists && first_step + s < run.steps) { ${state}[(first_row + first_step + s) * CHANNELS + channel] = state_value; }
      }
      carry = advance(tile_span, carry);
    } else {
      chunk_span = join(chunk_span, tile_span);
    }
    // No lane may write its span of the next tile before all have read those of this one.
    workgroupBarrier();
  }
  if (!exists || time_lane != 0u) { return; }
  if (phase == FINISH) {
    if (workgroup.y + 1u == CHUNKS) { ${state}_last[sequence * CHANNELS + channel] = carry; }
  } else if (workgroup.y + 1u < CHUNKS) {
    // All rows of a chunk but the last are there.
    ${state}[place] = chunk_span.weight;
    ${state}[place + CHANNELS] = chunk_span.update;
  }
}`;
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body) }];
}
