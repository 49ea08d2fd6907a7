import { gateInput, gatesWith, stateInput } from "../../cell/definition.js";
import { isLinear, type LinearCell, linearGraph } from "../../cell/linear.js";
import { renderScalars } from "../../cell/render.js";
import { adjointInput, stepGradient } from "../../cell/step-gradient.js";
import type { SourceFile } from "../../plan/family.js";
import { gradientName } from "../../plan/gradient-name.js";
import { kernelName } from "../../plan/kernel-name.js";
import type { Plan } from "../../plan/plan.js";
import type { Problem } from "../../plan/problem.js";
import { dialect, nonlinearities } from "../cell-source.js";
import { elementType, entryPoint, moduleSource } from "../module-source.js";
import { shuffleDeclaration, shuffleParameters, shuffleSource } from "../shuffle-source.js";
import { scanBuffers } from "./buffers.js";

/** The module of a scan's plan: one entry point, whose dispatches `run.step` tells apart. */
export function emitScan(plan: Plan, name?: string): readonly SourceFile[] {
  const { problem, parameters } = plan;
  const { cell, pass } = problem;
  if (!isLinear(cell)) throw new TypeError(`${cell.name} is no linear recurrence`);
  const isForward = pass === "forward";
  const shuffles = (parameters.shuffleLanes ?? 1) > 1;
  const each = (statement: (s: number) => string, indent: string): string =>
    Array.from({ length: parameters.stepsPerInvocation! }, (_, s) => statement(s))
      .filter((line) => line !== "")
      .map((line) => indent + line)
      .join("\n");
  const { start, end } = isForward
    ? { start: "initial_states", end: "final_states" }
    : { start: "state_gradients", end: "state_gradients" };
  const body = `${nonlinearities}${shuffles ? shuffleSource : ""}

${spanSource(cell)}

// The row of a sequence that has a position of the scan${isForward ? "" : ", which goes from the last step of the walk to the first"}. Rows beyond the length are those of steps that are not there.
fn row_of(sequence: u32, length: u32, position: u32) -> u32 {
  return sequence * run.steps + select(position, length - 1u - position, run.reversed == ${isForward ? "1u" : "0u"});
}

${isForward ? forwardSource(problem, cell) : backwardSource(problem, cell)}

// The span of a step, read even where there is none, of the nearest one.
fn read_step(sequence: u32, length: u32, position: u32, channel: u32) -> Span {
  let step = step_span(row_of(sequence, length, min(position, max(length, 1u) - 1u)), min(channel, CHANNELS - 1u));
  if (channel < CHANNELS && position < length) { return step; }
  return NO_STEPS;
}

// Writes what follows from the state before a step; gives the state after it.
fn write_step(sequence: u32, length: u32, position: u32, channel: u32, step: Span, before: f32) -> f32 {
  if (channel >= CHANNELS || position >= run.steps) { return before; }
  if (position < length) { return finish_step(sequence, length, position, channel, step, before); }
  skip_step(sequence * run.steps + position, channel);
  return before;
}

var<workgroup> spans: array<Span, INVOCATIONS>;

// Where chunk_spans [chunks,B,2,CHANNELS] has what a chunk does to the state, and then, in the first of these, the state before it.
fn span_place(chunk: u32, sequence: u32, sequences: u32, channel: u32) -> u32 {
  return (chunk * sequences + sequence) * 2u * CHANNELS + channel;
}

// The dispatches of several chunks; one chunk has the last alone.
const REDUCE = 0u;  // what each chunk does
const CARRY = 1u;  // the state before each chunk
const FINISH = 2u;  // ${isForward ? "the states of all steps" : "the gradients of all steps"}

// A workgroup walks over one chunk of one sequence, in tiles of TILE_STEPS steps; an invocation has one channel and STEPS_PER_INVOCATION
// adjacent steps of each tile.
@compute @workgroup_size(INVOCATIONS)
fn ${entryPoint(problem)}(
  @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) invocation: u32${shuffles ? shuffleParameters : ""}
) {
  let channel_lane = invocation % CHANNEL_LANES;
  let time_lane = invocation / CHANNEL_LANES;
  let channel = workgroup.x * CHANNEL_LANES + channel_lane;
  let exists = channel < CHANNELS;
  let sequence = workgroup.z;
  let length = run.steps - u32(padding[sequence]);
  let chunks = (run.steps - 1u) / CHUNK_STEPS + 1u;
  let phase = select(run.step, FINISH, chunks == 1u);${shuffles ? `\n  ${shuffleDeclaration}` : ""}

  if (phase == CARRY) {
    // The first lane of each channel in the first workgroups goes through the chunks.
    if (workgroup.y == 0u && time_lane == 0u && exists) {
      var state_value = ${start}[sequence * CHANNELS + channel];
      for (var chunk = 0u; chunk < chunks; chunk++) {
        let place = span_place(chunk, sequence, workgroups.z, channel);
        let span = Span(chunk_spans[place], chunk_spans[place + CHANNELS]);
        chunk_spans[place] = state_value;
        if (chunk + 1u < chunks) { state_value = advance(span, state_value); }
      }
    }
    return;
  }

  let chunk_first = workgroup.y * CHUNK_STEPS;
  let place = span_place(workgroup.y, sequence, workgroups.z, channel);
  var chunk_span = NO_STEPS;
  var carry = 0.0;
  if (phase == FINISH && exists) {
    if (chunks == 1u) { carry = ${start}[sequence * CHANNELS + channel]; } else { carry = chunk_spans[place]; }
  }
  for (var tile = 0u; tile < TILES_PER_CHUNK; tile++) {
    let first = chunk_first + tile * TILE_STEPS + time_lane * STEPS_PER_INVOCATION;
    // Written out, and without a condition around what is read, so that all reads of a tile are on their way at once.
${each((s) => `let step${s} = read_step(sequence, length, first + ${s}u, channel);`, "    ")}
    var all = step0;
${each((s) => (s === 0 ? "" : `all = join(all, step${s});`), "    ")}
    var before = NO_STEPS;
    var tile_span = NO_STEPS;
${joinLanes(shuffles)}
    if (phase == FINISH) {
      var state_value = advance(before, carry);
${each((s) => `state_value = write_step(sequence, length, first + ${s}u, channel, step${s}, state_value);`, "      ")}
      carry = advance(tile_span, carry);
    } else {
      chunk_span = join(chunk_span, tile_span);
    }
    // No lane may write its span of the next tile before all have read those of this one.
    workgroupBarrier();
  }
  if (!exists || time_lane != 0u) { return; }
  if (phase == FINISH) {
    if (workgroup.y + 1u == chunks) { ${end}[sequence * CHANNELS + channel] = carry; }
  } else {
    chunk_spans[place] = chunk_span.weight;
    chunk_spans[place + CHANNELS] = chunk_span.update;
  }
}`;
  const what = isForward ? "Forward pass" : "Backward pass";
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body, what, scanBuffers(problem)) }];
}

/** WGSL of what runs of steps do to the state, and how they are joined. */
function spanSource(cell: LinearCell): string {
  const forgets = linearGraph(cell).forget !== undefined;
  return `// What a run of steps does to the state before it: ${forgets ? "h' = h + (update - weight * h), the weight being 1 less the product of the decays" : "h' = weight * h + update"}.
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
}`;
}

/** Lines that declare the pre-activations u0, u1, … of a channel in a row. */
function preActivations({ cell, dataType }: Problem): string {
  const { load } = elementType(dataType);
  const biased = gatesWith(cell, "bias");
  return cell.gates
    .map((gate, g) => {
      const bias = biased.includes(gate) ? ` + ${load(`bias[${biased.indexOf(gate)}u * CHANNELS + channel]`)}` : "";
      return `  let u${g} = ${load(`wx[(row * GATE_COUNT + ${g}u) * CHANNELS + channel]`)}${bias};`;
    })
    .join("\n");
}

const gateNames = ({ gates }: LinearCell): string => gates.map((gate) => gate.name).join(", ");
const gateInputs = ({ gates }: LinearCell): Readonly<Record<string, string>> =>
  Object.fromEntries(gates.map((gate, g) => [gateInput(gate), `u${g}`]));
const lines = (statements: readonly string[]): string => statements.map((line) => `  ${line}\n`).join("");

function forwardSource(problem: Problem, cell: LinearCell): string {
  const { decay, forget, update } = linearGraph(cell);
  const { statements, results } = renderScalars([forget ?? decay, update], gateInputs(cell), dialect);
  const { store } = elementType(problem.dataType);
  const state = cell.states[0]!.name;
  const output = (row: string): string => `${state}[${row} * run.output_stride + run.output_offset + channel]`;
  return `// One step of one channel, from the pre-activations of the gates ${gateNames(cell)}.
fn step_span(row: u32, channel: u32) -> Span {
${preActivations(problem)}
${lines(statements)}  return Span(${results.join(", ")});
}

// Writes the state after a step, and gives it.
fn finish_step(sequence: u32, length: u32, position: u32, channel: u32, step: Span, before: f32) -> f32 {
  let after = advance(step, before);
  ${output("row_of(sequence, length, position)")} = ${store("after")};
  return after;
}

// Zero, where a sequence has no such step.
fn skip_step(row: u32, channel: u32) {
  ${output("row")} = ${store("0.0")};
}`;
}

function backwardSource(problem: Problem, cell: LinearCell): string {
  const { decay, forget } = linearGraph(cell);
  const state = cell.states[0]!;
  const { load } = elementType(problem.dataType);
  const weight = renderScalars([forget ?? decay], gateInputs(cell), dialect);
  const inputs = { ...gateInputs(cell), [stateInput(state)]: "previous", [adjointInput(state)]: "adjoint" };
  const gradients = renderScalars(stepGradient(cell).gateGradients, inputs, dialect);
  const place = (row: string): string => `${row} * run.output_stride + run.output_offset + channel`;
  const given = `${gradientName(state.name)}[${place("row")}]`;
  const gradient = (g: number): string => `d_u[(row * GATE_COUNT + ${g}u) * CHANNELS + channel]`;
  const decayed = (value: string): string => `advance(Span(step.weight, 0.0), ${value})`;
  return `// What a step does to the gradient of the state that comes from the steps after it.
fn step_span(row: u32, channel: u32) -> Span {
${preActivations(problem)}
${lines(weight.statements)}  let step = Span(${weight.results[0]}, 0.0);
  return Span(step.weight, ${decayed(given)});
}

// Writes the gradients of a step's pre-activations, given the gradient that comes from the steps after it; gives that of the state before.
fn finish_step(sequence: u32, length: u32, position: u32, channel: u32, step: Span, following: f32) -> f32 {
  let row = row_of(sequence, length, position);
${preActivations(problem)}
  var previous = initial_states[sequence * CHANNELS + channel];
  if (position + 1u < length) { previous = ${load(`${state.name}[${place("row_of(sequence, length, position + 1u)")}]`)}; }
  let adjoint = ${given} + following;
${lines([...gradients.statements, ...gradients.results.map((result, g) => `${gradient(g)} = ${result};`)])}  return ${decayed("adjoint")};
}

// Zeros, where a sequence has no such step.
fn skip_step(row: u32, channel: u32) {
${lines(cell.gates.map((_, g) => `${gradient(g)} = 0.0;`))}}`;
}

/** Lines that join the spans of the lanes: \`before\` of those earlier in time, \`tile_span\` of all. */
function joinLanes(shuffles: boolean): string {
  const throughMemory = (indent: string, group: string, count: string): string =>
    [
      "workgroupBarrier();",
      `for (var group = 0u; group < ${count}; group++) {`,
      `  if (group == ${group}) { before = ${shuffles && count === "TIME_GROUPS" ? "join(tile_span, before)" : "tile_span"}; }`,
      "  tile_span = join(tile_span, spans[group * CHANNEL_LANES + channel_lane]);",
      "}",
    ]
      .map((line) => `${indent}${line}`)
      .join("\n");
  const timeLanes = "INVOCATIONS / CHANNEL_LANES";
  if (!shuffles) return `    spans[invocation] = all;\n${throughMemory("    ", "time_lane", timeLanes)}`;
  return `    if (shuffles) {
      for (var distance = CHANNEL_LANES; distance < SHUFFLE_LANES; distance *= 2u) {
        let other = Span(subgroupShuffleXor(all.weight, distance), subgroupShuffleXor(all.update, distance));
        if ((invocation & distance) != 0u) {
          before = join(other, before);
          all = join(other, all);
        } else {
          all = join(all, other);
        }
      }
      if (invocation % SHUFFLE_LANES < CHANNEL_LANES) { spans[invocation / SHUFFLE_LANES * CHANNEL_LANES + channel_lane] = all; }
${throughMemory("      ", "invocation / SHUFFLE_LANES", "TIME_GROUPS")}
    } else {
      spans[invocation] = all;
${throughMemory("      ", "time_lane", timeLanes)}
    }`;
}
