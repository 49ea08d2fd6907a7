import { gatesWith } from "../../cell/definition.js";
import type { Plan } from "../../plan/plan.js";
import type { Pass, Problem } from "../../plan/problem.js";
import { scanTensors } from "../../plan/scan-tensors.js";
import { chainParameters, chainSource, chainSupport } from "./chain-source.js";
import { linearCellOf } from "./column-source.js";
import { loopSource } from "./loop-source.js";
import { ringSource } from "./ring-source.js";

/** The kernel's tensor parameters as C++ declarations, in the order of `scanTensors`. */
export const scanParameters = (problem: Problem): readonly string[] =>
  scanTensors(problem).map(({ name, role, type }) => {
    const element = type === "fp32" ? "float" : "Element";
    return `${role === "input" ? "const " : ""}${element}* ${name}`;
  });

/** C++ of `column_of`, which makes the `Column` of a thread. */
function columnDeclaration(problem: Problem): string {
  const cell = linearCellOf(problem);
  const h = cell.states[0]!.name;
  const members =
    problem.pass === "forward"
      ? [`column.wx = wx + row * GATE_COUNT + channel;`, `column.${h} = ${h} + row + channel;`]
      : [
          "column.wx = wx + row * GATE_COUNT + channel;",
          `column.${h} = ${h} + row + channel;`,
          `column.d_${h} = d_${h} + row + channel;`,
          "column.d_wx = d_wx + row * GATE_COUNT + channel;",
          `load_state(${h}_initial, sequence, channel, exists, column.${h}_initial);`,
        ];
  const bias =
    gatesWith(cell, "bias").length > 0
      ? `
    KERNELGEN_UNROLL
    for (int gate = 0; gate < BIAS_GATE_COUNT; ++gate) {
      unpack(exists ? load_word(bias + gate * CHANNELS + channel) : Word{}, column.bias[gate]);
    }`
      : "";
  return `  const auto column_of = [&](int sequence, int channel, [[maybe_unused]] bool exists) {
    const int64_t row = static_cast<int64_t>(sequence) * steps * CHANNELS;
    Column column;
${members.map((line) => `    ${line}`).join("\n")}${bias}
    return column;
  };`;
}

/** C++ of what both loops share, at namespace scope. */
function sharedSource(pass: Pass): string {
  const order =
    pass === "forward"
      ? "chunk * CHUNK_STEPS + time_thread * STEPS_PER_THREAD"
      : "(chunk_count - chunk) * CHUNK_STEPS - (time_thread + 1) * STEPS_PER_THREAD";
  return `
/** The first of a thread's steps in a chunk; chunks and the threads of a chunk are counted in the order of the scan${pass === "backward" ? ", from the last step to the first" : ""}. */
KERNELGEN_DEVICE int first_step_of(int chunk, [[maybe_unused]] int chunk_count, int time_thread) {
  return ${order};
}

/** The carry that a sequence starts from: a state of floats [B, CHANNELS], or zero if there is none. */
KERNELGEN_DEVICE Carry first_carry(const float* states, int sequence, int channel, bool exists) {
  Carry carry{};
  if (exists && states != nullptr) load_floats(states + static_cast<int64_t>(sequence) * CHANNELS + channel, carry.parts[0]);
  return carry;
}

/** A state of one sequence as floats [B, CHANNELS]; zero if there is none. */
KERNELGEN_DEVICE void load_state(const float* states, int sequence, int channel, bool exists, float (&state)[CHANNELS_PER_THREAD]) {
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) state[v] = 0.0f;
  if (exists && states != nullptr) load_floats(states + static_cast<int64_t>(sequence) * CHANNELS + channel, state);
}

/** Reads a thread's steps of a chunk from global memory. */
template <bool CHECKED>
KERNELGEN_DEVICE void load_words(const Column& column, int first_step, int step_count, Word (&words)[STEPS_PER_THREAD][WORDS_PER_STEP]) {
  KERNELGEN_UNROLL
  for (int s = 0; s < STEPS_PER_THREAD; ++s) {
    KERNELGEN_UNROLL
    for (int word = 0; word < WORDS_PER_STEP; ++word) {
      const bool is_there = (!CHECKED || s < step_count) && Column::has_source(first_step, s, word);
      words[s][word] = is_there ? load_word(column.source(first_step, s, word)) : Word{};
    }
  }
}
`;
}

/** The kernel of a pass. */
export function kernelSource(plan: Plan, kernelName: string): string {
  const { problem, parameters } = plan;
  const isChained = parameters.chained === 1;
  const isStaged = parameters.stages! > 0;
  const head = `
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, BLOCKS_PER_MULTIPROCESSOR)
${kernelName}(
    ${[...scanParameters(problem), "const int* lengths", ...(isChained ? chainParameters(isStaged) : []), "int steps"].join(",\n    ")}) {
  const int channel_lane = lane_index() % CHANNEL_LANES;
  const int time_lane = lane_index() / CHANNEL_LANES;
  const int time_thread = warp_index() * TIME_LANES + time_lane;
  const int chunk_count = (steps - 1) / CHUNK_STEPS + 1;
  unsigned char* shared = shared_memory();
  [[maybe_unused]] float* shared_spans = reinterpret_cast<float*>(shared);${isStaged ? "\n  Word* ring = reinterpret_cast<Word*>(shared + SPAN_BYTES);" : ""}
${columnDeclaration(problem)}`;
  return [
    sharedSource(problem.pass),
    isStaged ? ringSource(problem, parameters.channelsPerThread!) : "",
    isChained ? chainSupport : "",
    head,
    isChained ? chainSource(plan, isStaged) : loopSource(problem, isStaged),
  ].join("");
}
