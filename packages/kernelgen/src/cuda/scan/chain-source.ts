import type { Plan } from "../../plan/plan.js";
import type { Problem } from "../../plan/problem.js";
import { carryNames } from "./carry-names.js";
import { indent, readDirectly, stepCounts, writeSteps } from "./steps-source.js";

/** Where the carries of a chained scan begin in its scratch memory: behind the line of the tickets. */
export const carryOffsetBytes = 128;

/** The kernel's parameters that a chain needs beside the tensors. */
export const chainParameters = (isStaged: boolean): readonly string[] => [
  "uint32_t* tickets",
  "float* carries",
  "int batch",
  ...(isStaged ? ["int block_count"] : []),
];

/** C++ of what the blocks of a chain share, at namespace scope. */
export const chainSupport = `
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

/** A carry as it lies there now, arrived or not. */
KERNELGEN_DEVICE Carry look_at_carry(const float* place) {
  Carry carry;
  KERNELGEN_UNROLL
  for (int part = 0; part < Carry::PARTS; ++part) load_floats_relaxed(place + part * CHANNELS, carry.parts[part]);
  return carry;
}

KERNELGEN_DEVICE bool has_arrived(const Carry& carry) {
  bool arrived = true;
  KERNELGEN_UNROLL
  for (int part = 0; part < Carry::PARTS; ++part) {
    KERNELGEN_UNROLL
    for (int v = 0; v < CHANNELS_PER_THREAD; ++v) arrived = arrived && bits_of(carry.parts[part][v]) != NOT_ARRIVED;
  }
  return arrived;
}

/** Waits for a carry that was looked at. It has this reader alone, who leaves scratch memory as it was for the next launch. */
KERNELGEN_DEVICE void await_carry(float* place, Carry& carry) {
  while (!has_arrived(carry)) {
    spin_pause();
    carry = look_at_carry(place);
  }
  float not_arrived[CHANNELS_PER_THREAD];
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) not_arrived[v] = float_of(NOT_ARRIVED);
  KERNELGEN_UNROLL
  for (int part = 0; part < Carry::PARTS; ++part) store_floats_relaxed(place + part * CHANNELS, not_arrived);
}

/** A chunk of a block's channels in one sequence. */
struct Tile {
  int chunk;
  int sequence;
  int channel;  // the first one of this thread
  int length;
  bool exists;
};

/** The tile of a ticket: the first chunk of all columns, then the next. */
KERNELGEN_DEVICE Tile tile_of(uint32_t ticket, int column_count, int channel_lane, const int* lengths, int steps) {
  const int column = static_cast<int>(ticket % column_count);
  Tile tile;
  tile.chunk = static_cast<int>(ticket / column_count);
  tile.sequence = column / CHANNEL_BLOCKS;
  tile.channel = column % CHANNEL_BLOCKS * CHANNEL_TILE + channel_lane * CHANNELS_PER_THREAD;
  tile.exists = EXACT_TILES || tile.channel < CHANNELS;
  tile.length = lengths == nullptr ? steps : lengths[tile.sequence];
  return tile;
}

KERNELGEN_DEVICE uint32_t take_ticket(uint32_t* tickets) { return atomic_fetch_add(tickets, 1) - NOT_ARRIVED; }

/** A block leaves; the last one makes the counts of tickets and of blocks ready for the next launch. One thread of each block. */
KERNELGEN_DEVICE void leave(uint32_t* tickets, uint32_t block_count) {
  if (atomic_fetch_add(tickets + 1, 1) - NOT_ARRIVED + 1 != block_count) return;
  store_relaxed(tickets, NOT_ARRIVED);
  store_relaxed(tickets + 1, NOT_ARRIVED);
}
`;

/** C++ of where the state before a tile's chunk lies, for the threads of the first warp's lanes along the channels, which will hand it on. */
const carryPlace = `const bool hands_on = thread_index() < CHANNEL_LANES;
const bool is_first = tile.chunk == 0 || !tile.exists;
const int64_t chunk_stride = static_cast<int64_t>(batch) * Carry::PARTS * CHANNELS;
float* place = carries + tile.chunk * chunk_stride + static_cast<int64_t>(tile.sequence) * Carry::PARTS * CHANNELS + tile.channel;
Carry carry{};`;

const lookAtCarry = (problem: Problem): string =>
  `carry = is_first ? first_carry(${carryNames(problem).start}, tile.sequence, tile.channel, tile.exists) : look_at_carry(place - chunk_stride);`;

/** Whether a block looks at the state before a tile's chunk ahead of the loads of its next tile. */
const looksEarly = ({ derived }: Plan): boolean => derived.looksEarly === 1;

/**
 * C++ of one tile of a chain, once its words are in registers: the state before the chunk comes from the block that has the chunk before, and
 * goes on to the next before anything is written.
 *
 * @param turn which of the block's tiles it is, as an expression: spans lie in two buffers in turn
 */
function scanTile(plan: Plan, turn: string): string {
  const { problem } = plan;
  const { end } = carryNames(problem);
  return `const Span before = scan_warp(span, time_lane);
if (time_lane == 0) share_span(shared_span(shared_spans, ${turn}, warp_index(), channel_lane), span);
sync_block();

// The state before the chunk, and at once, for the next one, that after it.
if (hands_on) {
  Span chunk_span = shared_span_of(shared_span(shared_spans, ${turn}, 0, channel_lane));
  KERNELGEN_UNROLL
  for (int warp = 1; warp < WARPS; ++warp) {
    chunk_span = join(chunk_span, shared_span_of(shared_span(shared_spans, ${turn}, warp, channel_lane)));
  }
${looksEarly(plan) ? "" : `  ${lookAtCarry(problem)}\n`}  if (!is_first) await_carry(place - chunk_stride, carry);
  KERNELGEN_UNROLL
  for (int part = 0; part < Start::PARTS; ++part) {
    store_floats(shared_state + part * CHANNEL_TILE + channel_lane * CHANNELS_PER_THREAD, carry.parts[part]);
  }
  advance(chunk_span, carry);
  if (tile.exists && tile.chunk + 1 < chunk_count) {
    send(place, carry);
  } else if (tile.exists && ${end} != nullptr) {
    store_floats(${end} + static_cast<int64_t>(tile.sequence) * CHANNELS + tile.channel, carry.parts[0]);
  }
}

// What the warps before this one do; then the state before this thread's steps, and after each of them.
Span warps_before = no_steps();
for (int warp = 0; warp < warp_index(); ++warp) {
  warps_before = join(warps_before, shared_span_of(shared_span(shared_spans, ${turn}, warp, channel_lane)));
}
sync_block();
Start start;
KERNELGEN_UNROLL
for (int part = 0; part < Start::PARTS; ++part) {
  load_floats(shared_state + part * CHANNEL_TILE + channel_lane * CHANNELS_PER_THREAD, start.parts[part]);
}
advance(warps_before, start);
advance(before, start);
${writeSteps("tile.exists")}`;
}

/** C++ of the body of a kernel whose blocks hand the state on from chunk to chunk. */
export function chainSource(plan: Plan, isStaged: boolean): string {
  const lookEarly = looksEarly(plan) ? `\nif (hands_on) ${lookAtCarry(plan.problem)}` : "";
  const start = `

  // Blocks take tiles in the order in which they start, so that whoever waits for a state waits for a block that runs, and that waits for
  // earlier tiles alone.
  float* shared_state = reinterpret_cast<float*>(shared + SPAN_BYTES + RING_BYTES);
  uint32_t* shared_tickets = reinterpret_cast<uint32_t*>(shared + SPAN_BYTES + RING_BYTES + STATE_BYTES);
  const uint32_t column_count = static_cast<uint32_t>(batch) * CHANNEL_BLOCKS;
  const uint32_t tile_count = column_count * chunk_count;`;
  if (!isStaged) {
    return `${start}
  if (thread_index() == 0) {
    const uint32_t ticket = take_ticket(tickets);
    // With the last ticket all are taken: the count is for the next launch.
    if (ticket + 1 == tile_count) store_relaxed(tickets, NOT_ARRIVED);
    *shared_tickets = ticket;
  }
  sync_block();
  const Tile tile = tile_of(*shared_tickets, column_count, channel_lane, lengths, steps);
  const Column column = column_of(tile.sequence, tile.channel, tile.exists);

  // The steps of this thread, and what they do together.
  const int first_step = first_step_of(tile.chunk, chunk_count, time_thread);
${indent(stepCounts("tile.exists", "tile.length"), "  ")}
${indent(carryPlace + lookEarly, "  ")}
${indent(readDirectly, "  ")}
${indent(scanTile(plan, "0"), "  ")}
}
`;
  }
  return `${start}
  const auto fetch_tile = [&](uint32_t ticket, int stage) {
    const Tile tile = tile_of(ticket < tile_count ? ticket : 0, column_count, channel_lane, lengths, steps);
    const Column column = column_of(tile.sequence, tile.channel, tile.exists);
    const int first_step = first_step_of(tile.chunk, chunk_count, time_thread);
    fetch(column, first_step, tile.exists && ticket < tile_count ? tile.length - first_step : 0, ring, stage);
  };
  // A block keeps the tiles of STAGES tickets on their way, and takes tickets one turn before it starts to load their tiles.
  constexpr int TICKETS = STAGES + 2;
  if (thread_index() == 0) {
    for (int turn = 0; turn <= STAGES; ++turn) shared_tickets[turn] = take_ticket(tickets);
  }
  sync_block();
  KERNELGEN_UNROLL
  for (int stage = 0; stage < STAGES; ++stage) fetch_tile(shared_tickets[stage], stage);
  KERNELGEN_NO_UNROLL
  for (int turn = 0; shared_tickets[turn % TICKETS] < tile_count; ++turn) {
    const Tile tile = tile_of(shared_tickets[turn % TICKETS], column_count, channel_lane, lengths, steps);
    const Column column = column_of(tile.sequence, tile.channel, tile.exists);
    const uint32_t ticket = thread_index() == 0 ? take_ticket(tickets) : 0;

    // The steps of this thread, and what they do together; in their place in the ring, those of a later tile.
    const int first_step = first_step_of(tile.chunk, chunk_count, time_thread);
${indent(stepCounts("tile.exists", "tile.length"), "    ")}
    copy_async_wait<STAGES - 1>();
${indent(carryPlace + lookEarly, "    ")}
    take(ring, turn % STAGES, words);
    fetch_tile(shared_tickets[(turn + STAGES) % TICKETS], turn % STAGES);
    span = is_whole ? column.read<false>(words, step_count, each) : column.read<true>(words, step_count, each);
    if (thread_index() == 0) shared_tickets[(turn + STAGES + 1) % TICKETS] = ticket;
${indent(scanTile(plan, "turn"), "    ")}
  }
  if (thread_index() == 0) leave(tickets, static_cast<uint32_t>(block_count));
}
`;
}
