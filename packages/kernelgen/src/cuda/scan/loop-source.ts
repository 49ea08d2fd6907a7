import type { Problem } from "../../plan/problem.js";
import { carryNames } from "./carry-names.js";
import { indent, readDirectly, stepCounts, writeSteps } from "./steps-source.js";

/** C++ of the body of a kernel whose blocks loop over the chunks of their channels. */
export function loopSource(problem: Problem, isStaged: boolean): string {
  const { start, end } = carryNames(problem);
  const fetchFirst = `  const auto fetch_chunk = [&](int chunk) {
    const int first_step = first_step_of(chunk, chunk_count, time_thread);
    fetch(column, first_step, exists && chunk < chunk_count ? length - first_step : 0, ring, chunk % STAGES);
  };
  KERNELGEN_UNROLL
  for (int stage = 0; stage < STAGES; ++stage) fetch_chunk(stage);
`;
  const readAhead = `copy_async_wait<STAGES - 1>();
take(ring, chunk % STAGES, words);
fetch_chunk(chunk + STAGES);
span = is_whole ? column.read<false>(words, step_count, each) : column.read<true>(words, step_count, each);`;
  return `
  const int sequence = block_index() / CHANNEL_BLOCKS;
  const int channel = block_index() % CHANNEL_BLOCKS * CHANNEL_TILE + channel_lane * CHANNELS_PER_THREAD;
  const bool exists = EXACT_TILES || channel < CHANNELS;
  const int length = lengths == nullptr ? steps : lengths[sequence];
  const Column column = column_of(sequence, channel, exists);
${isStaged ? fetchFirst : ""}
  // The state before a chunk, the same in all warps.
  Carry carry = first_carry(${start}, sequence, channel, exists);
  KERNELGEN_NO_UNROLL
  for (int chunk = 0; chunk < chunk_count; ++chunk) {
    // The steps of this thread, and what they do together.
    const int first_step = first_step_of(chunk, chunk_count, time_thread);
${indent(stepCounts("exists", "length"), "    ")}
${indent(isStaged ? readAhead : readDirectly, "    ")}
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
    Start start;
    KERNELGEN_UNROLL
    for (int part = 0; part < Start::PARTS; ++part) {
      KERNELGEN_UNROLL
      for (int v = 0; v < CHANNELS_PER_THREAD; ++v) start.parts[part][v] = carry.parts[part][v];
    }
    advance(warps_before, start);
    advance(before, start);
    advance(span, carry);
${indent(writeSteps("exists"), "    ")}
  }
  if (thread_index() < CHANNEL_LANES && exists && ${end} != nullptr) {
    store_floats(${end} + static_cast<int64_t>(sequence) * CHANNELS + channel, carry.parts[0]);
  }
}
`;
}
