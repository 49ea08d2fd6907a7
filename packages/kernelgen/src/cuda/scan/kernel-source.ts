import { gatesWith } from "../../cell/definition.js";
import type { Plan } from "../../plan/plan.js";
import type { Pass, Problem } from "../../plan/problem.js";
import { scanTensors } from "../../plan/scan-tensors.js";
import { linearCellOf } from "./column-source.js";

/** Where the carries of a chained scan begin in its scratch memory: behind the line of the tickets. */
export const carryOffsetBytes = 128;

/** The kernel's tensor parameters as C++ declarations, in the order of `scanTensors`. */
export const scanParameters = (problem: Problem): readonly string[] =>
  scanTensors(problem).map(({ name, role, type }) => {
    const element = type === "fp32" ? "float" : "Element";
    return `${role === "input" ? "const " : ""}${element}* ${name}`;
  });

/** Names of what a pass carries from chunk to chunk: where it starts from and where it ends. */
function carryNames(problem: Problem): { readonly start: string; readonly end: string } {
  const h = problem.cell.states[0]!.name;
  return problem.pass === "forward"
    ? { start: `${h}_initial`, end: `${h}_last` }
    : { start: `d_${h}_last`, end: `d_${h}_initial` };
}

/** Statements that make the `Column` of a thread. */
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
  return `  const int64_t row = static_cast<int64_t>(sequence) * steps * CHANNELS;
  Column column;
${members.map((line) => `  ${line}`).join("\n")}${bias}`;
}

/** C++ of what both loops share, at namespace scope. */
function sharedSource(pass: Pass, chained: boolean): string {
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
${
  chained
    ? `
/** What scratch memory holds before and after a launch: where no state has arrived, a NaN that no arithmetic makes. */
constexpr uint32_t NOT_ARRIVED = 0xFFFFFFFFu;

/** Hands a carry on to the block that waits for it. The values themselves tell that they arrived, so nothing has to be ordered. */
KERNELGEN_DEVICE void send(float* place, Carry& carry) {
  KERNELGEN_UNROLL
  for (int part = 0; part < Carry::PARTS; ++part) {
    KERNELGEN_UNROLL
    for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
      if (bits_of(carry.parts[part][v]) == NOT_ARRIVED) carry.parts[part][v] = float_of(NOT_ARRIVED >> 1);
    }
    store_floats_relaxed(place + part * CHANNELS, carry.parts[part]);
  }
}

/** Waits for a carry. It has this reader alone, who leaves scratch memory as it was for the next launch. */
KERNELGEN_DEVICE Carry await_carry(float* place) {
  Carry carry;
  while (true) {
    bool arrived = true;
    KERNELGEN_UNROLL
    for (int part = 0; part < Carry::PARTS; ++part) {
      load_floats_relaxed(place + part * CHANNELS, carry.parts[part]);
      KERNELGEN_UNROLL
      for (int v = 0; v < CHANNELS_PER_THREAD; ++v) arrived = arrived && bits_of(carry.parts[part][v]) != NOT_ARRIVED;
    }
    if (arrived) break;
    spin_pause();
  }
  float not_arrived[CHANNELS_PER_THREAD];
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) not_arrived[v] = float_of(NOT_ARRIVED);
  KERNELGEN_UNROLL
  for (int part = 0; part < Carry::PARTS; ++part) store_floats_relaxed(place + part * CHANNELS, not_arrived);
  return carry;
}
`
    : ""
}`;
}

const ringSource = `
/** A thread's own part of the ring of chunks that are loaded ahead: [STAGES][STEPS_PER_THREAD][WORDS_PER_STEP][THREADS_PER_BLOCK]. */
KERNELGEN_DEVICE Word* ring_word(Word* ring, int stage, int s, int word) {
  return ring + ((stage * STEPS_PER_THREAD + s) * WORDS_PER_STEP + word) * THREADS_PER_BLOCK + thread_index();
}

/** Starts to load a thread's steps of a chunk; what is not there becomes zero. */
KERNELGEN_DEVICE void fetch(const Column& column, int first_step, int step_count, Word* ring, int stage) {
  KERNELGEN_UNROLL
  for (int s = 0; s < STEPS_PER_THREAD; ++s) {
    KERNELGEN_UNROLL
    for (int word = 0; word < WORDS_PER_STEP; ++word) {
      const bool is_there = s < step_count && Column::has_source(first_step, s, word);
      copy_async_word(ring_word(ring, stage, s, word), column.source(first_step, s, word), is_there);
    }
  }
  copy_async_commit();
}

KERNELGEN_DEVICE void take(Word* ring, int stage, Word (&words)[STEPS_PER_THREAD][WORDS_PER_STEP]) {
  KERNELGEN_UNROLL
  for (int s = 0; s < STEPS_PER_THREAD; ++s) {
    KERNELGEN_UNROLL
    for (int word = 0; word < WORDS_PER_STEP; ++word) words[s][word] = *ring_word(ring, stage, s, word);
  }
}
`;

/** Reads and writes without a test of each step where all of a thread's steps are there. */
const readSteps = `const bool is_whole = step_count >= STEPS_PER_THREAD;`;
const writeSteps = `if (is_whole) {
      column.write<false>(words, each, first_step, step_count, row_count, state);
    } else if (exists) {
      column.write<true>(words, each, first_step, step_count, row_count, state);
    }`;

/** The kernel of a pass. */
export function kernelSource(plan: Plan, kernelName: string): string {
  const { problem, parameters } = plan;
  const chained = parameters.chained === 1;
  const staged = parameters.stages! > 0;
  const { start, end } = carryNames(problem);
  const head = `
KERNELGEN_KERNEL void KERNELGEN_LAUNCH_BOUNDS(THREADS_PER_BLOCK, BLOCKS_PER_MULTIPROCESSOR)
${kernelName}(
    ${[...scanParameters(problem), "const int* lengths", ...(chained ? ["uint32_t* tickets", "float* carries", "int batch"] : []), "int steps"].join(",\n    ")}) {
  const int channel_lane = lane_index() % CHANNEL_LANES;
  const int time_lane = lane_index() / CHANNEL_LANES;
  const int time_thread = warp_index() * TIME_LANES + time_lane;
  const int chunk_count = (steps - 1) / CHUNK_STEPS + 1;
  unsigned char* shared = shared_memory();
  [[maybe_unused]] float* shared_spans = reinterpret_cast<float*>(shared);${staged ? "\n  Word* ring = reinterpret_cast<Word*>(shared + SPAN_BYTES);" : ""}`;
  const place = `const int sequence = column_index / CHANNEL_BLOCKS;
  const int channel = column_index % CHANNEL_BLOCKS * CHANNEL_TILE + channel_lane * CHANNELS_PER_THREAD;
  const bool exists = EXACT_TILES || channel < CHANNELS;
  const int length = lengths == nullptr ? steps : lengths[sequence];
${columnDeclaration(problem)}`;
  const readDirectly = `if (is_whole) {
      load_words<false>(column, first_step, step_count, words);
      span = column.read<false>(words, step_count, each);
    } else {
      load_words<true>(column, first_step, step_count, words);
      span = column.read<true>(words, step_count, each);
    }`;
  const body = chained
    ? `
  // Blocks take tiles in the order in which they start, the first chunk of all columns and then the next: whoever waits for a state waits for
  // a block that runs, and that waits for earlier ones alone.
  float* shared_state = reinterpret_cast<float*>(shared + SPAN_BYTES);
  uint32_t* shared_tile = reinterpret_cast<uint32_t*>(shared + SPAN_BYTES + STATE_BYTES);
  const int column_count = batch * CHANNEL_BLOCKS;
  if (thread_index() == 0) {
    const uint32_t ticket = atomic_fetch_add(tickets, 1) - NOT_ARRIVED;
    // With the last ticket all are taken: the count is for the next launch.
    if (ticket + 1 == static_cast<uint32_t>(column_count) * chunk_count) store_relaxed(tickets, NOT_ARRIVED);
    *shared_tile = ticket;
  }
  sync_block();
  const int chunk = static_cast<int>(*shared_tile / column_count);
  const int column_index = static_cast<int>(*shared_tile % column_count);
  ${place}

  // The steps of this thread, and what they do together.
  const int first_step = first_step_of(chunk, chunk_count, time_thread);
  const int step_count = exists ? length - first_step : 0;
  const int row_count = steps - first_step;
  ${readSteps}
  Word words[STEPS_PER_THREAD][WORDS_PER_STEP];
  Span each[STEPS_PER_THREAD];
  Span span;
  ${readDirectly.replaceAll("\n  ", "\n")}
  const Span before = scan_warp(span, time_lane);
  if (time_lane == 0) share_span(shared_span(shared_spans, 0, warp_index(), channel_lane), span);
  sync_block();

  // The state before the chunk, and at once, for the next one, that after it.
  if (thread_index() < CHANNEL_LANES) {
    Span chunk_span = shared_span_of(shared_span(shared_spans, 0, 0, channel_lane));
    KERNELGEN_UNROLL
    for (int warp = 1; warp < WARPS; ++warp) {
      chunk_span = join(chunk_span, shared_span_of(shared_span(shared_spans, 0, warp, channel_lane)));
    }
    const int64_t chunk_stride = static_cast<int64_t>(batch) * Carry::PARTS * CHANNELS;
    float* place = carries + chunk * chunk_stride + static_cast<int64_t>(sequence) * Carry::PARTS * CHANNELS + channel;
    Carry carry = chunk == 0 || !exists ? first_carry(${start}, sequence, channel, exists) : await_carry(place - chunk_stride);
    store_floats(shared_state + channel_lane * CHANNELS_PER_THREAD, carry.parts[0]);
    advance(chunk_span, carry);
    if (exists && chunk + 1 < chunk_count) {
      send(place, carry);
    } else if (exists && ${end} != nullptr) {
      store_floats(${end} + static_cast<int64_t>(sequence) * CHANNELS + channel, carry.parts[0]);
    }
  }

  // What the warps before this one do; then the state before this thread's steps, and after each of them.
  Span warps_before = no_steps();
  for (int warp = 0; warp < warp_index(); ++warp) {
    warps_before = join(warps_before, shared_span_of(shared_span(shared_spans, 0, warp, channel_lane)));
  }
  sync_block();
  float state[CHANNELS_PER_THREAD];
  load_floats(shared_state + channel_lane * CHANNELS_PER_THREAD, state);
  advance(warps_before, state);
  advance(before, state);
  ${writeSteps.replaceAll("\n  ", "\n")}
}
`
    : `
  const int column_index = block_index();
  ${place}
${
  staged
    ? `  const auto fetch_chunk = [&](int chunk) {
    const int first_step = first_step_of(chunk, chunk_count, time_thread);
    fetch(column, first_step, exists && chunk < chunk_count ? length - first_step : 0, ring, chunk % STAGES);
  };
  KERNELGEN_UNROLL
  for (int stage = 0; stage < STAGES; ++stage) fetch_chunk(stage);
`
    : ""
}
  // The state before a chunk, the same in all warps.
  Carry carry = first_carry(${start}, sequence, channel, exists);
  KERNELGEN_NO_UNROLL
  for (int chunk = 0; chunk < chunk_count; ++chunk) {
    // The steps of this thread, and what they do together.
    const int first_step = first_step_of(chunk, chunk_count, time_thread);
    const int step_count = exists ? length - first_step : 0;
    const int row_count = steps - first_step;
    ${readSteps}
    Word words[STEPS_PER_THREAD][WORDS_PER_STEP];
    Span each[STEPS_PER_THREAD];
    Span span;
    ${
      staged
        ? `copy_async_wait<STAGES - 1>();
    take(ring, chunk % STAGES, words);
    fetch_chunk(chunk + STAGES);
    span = is_whole ? column.read<false>(words, step_count, each) : column.read<true>(words, step_count, each);`
        : readDirectly
    }
    const Span before = scan_warp(span, time_lane);

    // The state before this thread's steps, and that before the next chunk.
    Span warps_before = no_steps();
    if constexpr (WARPS > 1) {
      if (time_lane == 0) share_span(shared_span(shared_spans, chunk, warp_index(), channel_lane), span);
      sync_block();
      span = shared_span_of(shared_span(shared_spans, chunk, 0, channel_lane));
      KERNELGEN_UNROLL
      for (int warp = 1; warp < WARPS; ++warp) {
        if (warp == warp_index()) warps_before = span;
        span = join(span, shared_span_of(shared_span(shared_spans, chunk, warp, channel_lane)));
      }
    }
    float state[CHANNELS_PER_THREAD];
    KERNELGEN_UNROLL
    for (int v = 0; v < CHANNELS_PER_THREAD; ++v) state[v] = carry.parts[0][v];
    advance(warps_before, state);
    advance(before, state);
    advance(span, carry);
    ${writeSteps}
  }
  if (thread_index() < CHANNEL_LANES && exists && ${end} != nullptr) {
    store_floats(${end} + static_cast<int64_t>(sequence) * CHANNELS + channel, carry.parts[0]);
  }
}
`;
  const copyWord = staged
    ? `
KERNELGEN_DEVICE void copy_async_word(Word* shared, const Element* global, bool valid) {
  copy_async_${problem.dataType === "fp32" ? 4 * parameters.channelsPerThread! : 2 * parameters.channelsPerThread!}(shared, global, valid);
}
`
    : "";
  return `${copyWord}${sharedSource(problem.pass, chained)}${staged ? ringSource : ""}${head}${body}`;
}
