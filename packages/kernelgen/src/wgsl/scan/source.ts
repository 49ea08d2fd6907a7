import { gateInput, gatesWith, stateInput } from "../../cell/definition.js";
import { isLinear, type LinearCell, linearGraph } from "../../cell/linear.js";
import { renderScalars, type ScalarDialect } from "../../cell/render.js";
import { type Scalar, topologicalOrder } from "../../cell/scalar.js";
import { adjointInput, stepGradient } from "../../cell/step-gradient.js";
import type { DataType } from "../../plan/data-type.js";
import type { SourceFile } from "../../plan/family.js";
import { gradientName } from "../../plan/gradient-name.js";
import { kernelName } from "../../plan/kernel-name.js";
import type { Plan } from "../../plan/plan.js";
import type { Problem } from "../../plan/problem.js";
import { withStateH } from "../../plan/scan-tensors.js";
import { dialect as commonDialect, nonlinearities } from "../cell-source.js";
import { elementType, entryPoint, moduleSource } from "../module-source.js";
import { shuffleDeclaration, shuffleParameters, shuffleSource } from "../shuffle-source.js";
import { chunksAtOnce, scanBuffers } from "./buffers.js";

/** Scalar graphs in a scan: an error of a decay is added up over as many steps as the state remembers. */
const dialect: ScalarDialect = { ...commonDialect, logSigmoid: (operand) => `log_sigmoid_relative(${operand})` };

/** log(1 / (1 + e^-x)) to the last bits of a softplus of −x that is far below 1, which log(1 + e) has not; atanh by its series, q being at most 1/3. */
export const logSigmoidSource = `fn log_sigmoid_relative(x: f32) -> f32 {
  let e = exp(-abs(x));
  let q = e / (2.0 + e);
  let s = q * q;
  let series = 1.0 + s * (1.0 / 3.0 + s * (0.2 + s * (1.0 / 7.0 + s * (1.0 / 9.0 + s * (1.0 / 11.0 + s / 13.0)))));
  return min(x, 0.0) - 2.0 * q * series;
}`;

/** The module of a scan's plan: one entry point, whose dispatches `run.step` tells apart. The state is called h there, whatever the cell calls it. */
export function emitScan(given: Plan, name?: string): readonly [SourceFile] {
  const plan = withStateH(given);
  const { problem, parameters } = plan;
  const { cell, pass } = problem;
  if (!isLinear(cell)) throw new TypeError(`${cell.name} is no linear recurrence`);
  const word = wordOf(problem.dataType, parameters.channelsPerInvocation!);
  const isForward = pass === "forward";
  const shuffles = (parameters.shuffleLanes ?? 1) > 1;
  const each = (statement: (s: number) => string, indent: string): string =>
    Array.from({ length: parameters.stepsPerInvocation! }, (_, s) => statement(s))
      .filter((line) => line !== "")
      .map((line) => indent + line)
      .join("\n");
  const atOnce = (statement: (c: number) => string): string =>
    Array.from({ length: chunksAtOnce }, (_, c) => `        ${statement(c)}`).join("\n");
  const { start, end } = isForward
    ? { start: "initial_states", end: "final_states" }
    : { start: "state_gradients", end: "state_gradients" };
  const body = `${nonlinearities}${hasLogSigmoid(cell) ? `\n\n${logSigmoidSource}` : ""}${shuffles ? shuffleSource : ""}

${spanSource(cell, word)}

// The row of a sequence that has a position of the scan${isForward ? "" : ", which goes from the last step of the walk to the first"}. Rows beyond the length are those of steps that are not there.
fn row_of(sequence: u32, length: u32, position: u32) -> u32 {
  return sequence * run.steps + select(position, length - 1u - position, run.reversed == ${isForward ? "1u" : "0u"});
}

${isForward ? forwardSource(problem, cell, word) : backwardSource(problem, cell, word)}

// The span of a step, read even where there is none, of the nearest one.
fn read_step(sequence: u32, length: u32, position: u32, word: u32) -> Span {
  let step = step_span(row_of(sequence, length, min(position, max(length, 1u) - 1u)), min(word, ROW_WORDS - 1u));
  if (word < ROW_WORDS && position < length) { return step; }
  return NO_STEPS;
}

// Writes what follows from the state before a step; gives the state after it.
fn write_step(sequence: u32, length: u32, position: u32, word: u32, step: Span, before: Word) -> Word {
  if (word >= ROW_WORDS || position >= run.steps) { return before; }
  if (position < length) { return finish_step(sequence, length, position, word, step, before); }
  skip_step(sequence * run.steps + position, word);
  return before;
}

var<workgroup> spans: array<Span, INVOCATIONS>;

// Where chunk_spans [chunks,B,2,ROW_WORDS] has what a chunk does to the state, and then, in the first of these, the state before it.
fn span_place(chunk: u32, sequence: u32, sequences: u32, word: u32) -> u32 {
  return (chunk * sequences + sequence) * 2u * ROW_WORDS + word;
}

// The dispatches of several chunks; one chunk has the last alone.
const REDUCE = 0u;  // what each chunk does
const CARRY = 1u;  // the state before each chunk
const FINISH = 2u;  // ${isForward ? "the states of all steps" : "the gradients of all steps"}

// A workgroup walks over one chunk of one sequence, in tiles of TILE_STEPS steps; an invocation has one word and STEPS_PER_INVOCATION adjacent
// steps of each tile.
@compute @workgroup_size(INVOCATIONS)
fn ${entryPoint(problem)}(
  @builtin(workgroup_id) workgroup: vec3u, @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) invocation: u32${shuffles ? shuffleParameters : ""}
) {
  let channel_lane = invocation % CHANNEL_LANES;
  let time_lane = invocation / CHANNEL_LANES;
  let word = workgroup.x * CHANNEL_LANES + channel_lane;
  let exists = word < ROW_WORDS;
  let sequence = workgroup.z;
  let length = run.steps - u32(padding[sequence]);
  let chunks = (run.steps - 1u) / CHUNK_STEPS + 1u;
  let phase = select(run.step, FINISH, chunks == 1u);${shuffles ? `\n  ${shuffleDeclaration}` : ""}

  if (phase == CARRY) {
    // The first lane of each word in the first workgroups goes through the chunks.
    if (workgroup.y == 0u && time_lane == 0u && exists) {
      var state_value = ${start}[sequence * ROW_WORDS + word];
      // Several chunks are read at once, since what is written between reads would keep each waiting for the one before.
      for (var first = 0u; first < chunks; first += ${chunksAtOnce}u) {
${atOnce((c) => `let place${c} = span_place(min(first + ${c}u, chunks - 1u), sequence, workgroups.z, word);`)}
${atOnce((c) => `let span${c} = Span(chunk_spans[place${c}], chunk_spans[place${c} + ROW_WORDS]);`)}
${atOnce((c) => `if (first + ${c}u < chunks) { chunk_spans[place${c}] = state_value; }\n        state_value = advance(span${c}, state_value);`)}
      }
    }
    return;
  }

  let chunk_first = workgroup.y * CHUNK_STEPS;
  let place = span_place(workgroup.y, sequence, workgroups.z, word);
  var chunk_span = NO_STEPS;
  var carry = Word();
  if (phase == FINISH && exists) {
    if (chunks == 1u) { carry = ${start}[sequence * ROW_WORDS + word]; } else { carry = chunk_spans[place]; }
  }
  let chunk_end = min(chunk_first + CHUNK_STEPS, run.steps);
  for (var tile_first = chunk_first; tile_first < chunk_end; tile_first += TILE_STEPS) {
    let first = tile_first + time_lane * STEPS_PER_INVOCATION;
    // Written out, and without a condition around what is read, so that all reads of a tile are on their way at once.
${each((s) => `let step${s} = read_step(sequence, length, first + ${s}u, word);`, "    ")}
    var all = step0;
${each((s) => (s === 0 ? "" : `all = join(all, step${s});`), "    ")}
    var before = NO_STEPS;
    var tile_span = NO_STEPS;
${joinLanes(shuffles)}
    if (phase == FINISH) {
      var state_value = advance(before, carry);
${each((s) => `state_value = write_step(sequence, length, first + ${s}u, word, step${s}, state_value);`, "      ")}
      carry = advance(tile_span, carry);
    } else {
      chunk_span = join(chunk_span, tile_span);
    }
    // No lane may write its span of the next tile before all have read those of this one.
    workgroupBarrier();
  }
  if (!exists || time_lane != 0u) { return; }
  if (phase == FINISH) {
    if (workgroup.y + 1u == chunks) { ${end}[sequence * ROW_WORDS + word] = carry; }
  } else {
    chunk_spans[place] = chunk_span.weight;
    chunk_spans[place + ROW_WORDS] = chunk_span.update;
  }
}`;
  const what = isForward ? "Forward pass" : "Backward pass";
  const buffers = scanBuffers(problem).map((buffer) =>
    buffer.name === "padding" ? buffer : { ...buffer, vectorElements: word.components.length },
  );
  return [{ name: `${kernelName(problem, name)}.wgsl`, text: moduleSource(plan, body, what, buffers) }];
}

const hasLogSigmoid = (cell: LinearCell): boolean => {
  const { decay, forget, update } = linearGraph(cell);
  const roots: readonly Scalar[] = [decay, update, ...(forget === undefined ? [] : [forget])];
  return topologicalOrder(roots).some(({ kind }) => kind === "logSigmoid");
};

/** How WGSL writes the adjacent channels of an invocation, which it reads, computes and writes at once: `Word`. */
interface WordType {
  /** The type in which it is computed. */
  readonly type: string;
  /** What to append to a word for each of its channels. */
  readonly components: readonly string[];
  /** A stored word as it is computed. */
  load(expression: string): string;
  store(expression: string): string;
}

function wordOf(dataType: DataType, channelCount: number): WordType {
  const single = elementType(dataType);
  if (channelCount === 1) return { type: "f32", components: [""], load: single.load, store: single.store };
  const isHalf = dataType === "fp16";
  return {
    type: `vec${channelCount}f`,
    components: [".x", ".y", ".z", ".w"].slice(0, channelCount),
    load: (expression) => (isHalf ? `Word(${expression})` : expression),
    store: (expression) => (isHalf ? `vec${channelCount}h(${expression})` : expression),
  };
}

/** WGSL of what runs of steps do to the state, and how they are joined. */
function spanSource(cell: LinearCell, word: WordType): string {
  const forgets = linearGraph(cell).forget !== undefined;
  return `// Adjacent channels, which an invocation reads, computes and writes at once; ROW_WORDS of them make the channels of a step.
alias Word = ${word.type};

// What a run of steps does to the state before it: ${forgets ? "h' = h + (update - weight * h), the weight being 1 less the product of the decays" : "h' = weight * h + update"}.
struct Span {
  weight: Word,
  update: Word,
}

const NO_STEPS = Span(Word(${forgets ? "0.0" : "1.0"}), Word());

fn advance(span: Span, before: Word) -> Word {
  return ${forgets ? "before + (span.update - span.weight * before)" : "span.weight * before + span.update"};
}

// The run of two spans, one after the other.
fn join(first: Span, second: Span) -> Span {
  return Span(${forgets ? "first.weight + second.weight * (1.0 - first.weight)" : "first.weight * second.weight"}, advance(second, first.update));
}`;
}

/** Lines that declare the pre-activations u0, u1, … of a word in a row. */
function preActivations({ cell }: Problem, word: WordType): string {
  const biased = gatesWith(cell, "bias");
  return cell.gates
    .map((gate, g) => {
      const bias = biased.includes(gate) ? ` + ${word.load(`bias[${biased.indexOf(gate)}u * ROW_WORDS + word]`)}` : "";
      return `  let u${g} = ${word.load(`wx[(row * GATE_COUNT + ${g}u) * ROW_WORDS + word]`)}${bias};`;
    })
    .join("\n");
}

const gateNames = ({ gates }: LinearCell): string => gates.map((gate) => gate.name).join(", ");
const gateInputs = ({ gates }: LinearCell): Readonly<Record<string, string>> =>
  Object.fromEntries(gates.map((gate, g) => [gateInput(gate), `u${g}`]));
const gateParameters = ({ gates }: LinearCell): string => gates.map((_, g) => `u${g}: f32`).join(", ");
const lines = (statements: readonly string[]): string => statements.map((line) => `  ${line}\n`).join("");
/** Lines that call a function of single channels for each channel of words: c0, c1, … */
const callEach = (word: WordType, name: string, words: readonly string[]): string =>
  lines(
    word.components.map((component, v) => `let c${v} = ${name}(${words.map((each) => each + component).join(", ")});`),
  );
/** The word of what the calls gave. */
const wordFrom = (word: WordType, part: string): string =>
  `Word(${word.components.map((_, v) => `c${v}${part}`).join(", ")})`;
/** Where a word of a row lies in a tensor [B,T,N,D] that two directions may share. */
const sharedPlace = (row: string, word: WordType): string => {
  const inWords = word.components.length > 1 ? " / CHANNELS_PER_INVOCATION" : "";
  return `${row} * (run.output_stride${inWords}) + run.output_offset${inWords} + word`;
};

function forwardSource(problem: Problem, cell: LinearCell, word: WordType): string {
  const { decay, forget, update } = linearGraph(cell);
  const { statements, results } = renderScalars([forget ?? decay, update], gateInputs(cell), dialect);
  const state = cell.states[0]!.name;
  const output = (row: string): string => `${state}[${sharedPlace(row, word)}]`;
  return `// Weight and update of a step of one channel, from the pre-activations of the gates ${gateNames(cell)}.
fn coefficients(${gateParameters(cell)}) -> vec2f {
${lines(statements)}  return vec2f(${results.join(", ")});
}

fn step_span(row: u32, word: u32) -> Span {
${preActivations(problem, word)}
${callEach(
  word,
  "coefficients",
  cell.gates.map((_, g) => `u${g}`),
)}  return Span(${wordFrom(word, ".x")}, ${wordFrom(word, ".y")});
}

// Writes the state after a step, and gives it.
fn finish_step(sequence: u32, length: u32, position: u32, word: u32, step: Span, before: Word) -> Word {
  let after = advance(step, before);
  ${output("row_of(sequence, length, position)")} = ${word.store("after")};
  return after;
}

// Zero, where a sequence has no such step.
fn skip_step(row: u32, word: u32) {
  ${output("row")} = ${word.store("Word()")};
}`;
}

function backwardSource(problem: Problem, cell: LinearCell, word: WordType): string {
  const { decay, forget } = linearGraph(cell);
  const state = cell.states[0]!;
  const weight = renderScalars([forget ?? decay], gateInputs(cell), dialect);
  const inputs = { ...gateInputs(cell), [stateInput(state)]: "previous", [adjointInput(state)]: "adjoint" };
  const gradients = renderScalars(stepGradient(cell).gateGradients, inputs, dialect);
  const given = `${gradientName(state.name)}[${sharedPlace("row", word)}]`;
  const gradient = (g: number): string => `d_u[(row * GATE_COUNT + ${g}u) * ROW_WORDS + word]`;
  const decayed = (value: string): string => `advance(Span(step.weight, Word()), ${value})`;
  const gates = cell.gates.map((_, g) => `u${g}`);
  return `// Weight of a step of one channel, from the pre-activations of the gates ${gateNames(cell)}.
fn weight_of(${gateParameters(cell)}) -> f32 {
${lines(weight.statements)}  return ${weight.results[0]};
}

// What a step does to the gradient of the state that comes from the steps after it.
fn step_span(row: u32, word: u32) -> Span {
${preActivations(problem, word)}
${callEach(word, "weight_of", gates)}  let step = Span(${wordFrom(word, "")}, Word());
  return Span(step.weight, ${decayed(given)});
}

// The gradients of the pre-activations of one channel, given the state before the step and the adjoint of the state after it.
fn gradients(${gateParameters(cell)}, previous: f32, adjoint: f32) -> array<f32, GATE_COUNT> {
${lines(gradients.statements)}  return array<f32, GATE_COUNT>(${gradients.results.join(", ")});
}

// Writes the gradients of a step's pre-activations, given the gradient that comes from the steps after it; gives that of the state before.
fn finish_step(sequence: u32, length: u32, position: u32, word: u32, step: Span, following: Word) -> Word {
  let row = row_of(sequence, length, position);
${preActivations(problem, word)}
  var previous = initial_states[sequence * ROW_WORDS + word];
  if (position + 1u < length) { previous = ${word.load(`${state.name}[${sharedPlace("row_of(sequence, length, position + 1u)", word)}]`)}; }
  let adjoint = ${given} + following;
${callEach(word, "gradients", [...gates, "previous", "adjoint"])}${lines(gates.map((_, g) => `${gradient(g)} = ${wordFrom(word, `[${g}]`)};`))}  return ${decayed("adjoint")};
}

// Zeros, where a sequence has no such step.
fn skip_step(row: u32, word: u32) {
${lines(gates.map((_, g) => `${gradient(g)} = Word();`))}}`;
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
