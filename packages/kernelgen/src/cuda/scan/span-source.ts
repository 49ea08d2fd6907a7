/** C++ of the state that is carried from chunk to chunk. */
function carrySource(forgets: boolean): string {
  if (!forgets) {
    return `
/** The state between chunks. */
struct Carry {
  static constexpr int PARTS = 1;
  float parts[PARTS][CHANNELS_PER_THREAD];
};

KERNELGEN_DEVICE void advance(const Span& span, Carry& carry) { advance(span, carry.parts[0]); }
`;
  }
  return `
/**
 * The state between chunks as a float, and what rounding took from it: over thousands of chunks a slow gate adds what is less than the last
 * bit of the state.
 */
struct Carry {
  static constexpr int PARTS = 2;
  float parts[PARTS][CHANNELS_PER_THREAD];
};

KERNELGEN_DEVICE void advance(const Span& span, Carry& carry) {
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
    const float state = carry.parts[0][v];
    const float change = span.update[v] - span.forget[v] * state + carry.parts[1][v];
    const float next = state + change;
    const float added = next - state;
    carry.parts[0][v] = next;
    carry.parts[1][v] = (state - (next - added)) + (change - added);
  }
}
`;
}

/**
 * C++ of spans: what a run of steps does to the state before it, h' = weight·h + update, and how they are joined over the threads of a
 * block.
 *
 * With `forgets` a span's weight is 1 − the product of its decays, which keeps 24 bits of it where that product is just below 1:
 *
 *     h' = h + (update − forget·h)        forget(first then second) = first + second·(1 − first)
 */
export function spanSource(forgets: boolean): string {
  const weight = forgets ? "forget" : "decay";
  return `
/** What a run of steps does to the state before it, channel by channel: ${forgets ? "h' = h + (update - forget * h), forget being 1 less the product of the decays" : "h' = decay * h + update"}. */
struct Span {
  float ${weight}[CHANNELS_PER_THREAD];
  float update[CHANNELS_PER_THREAD];
};

KERNELGEN_DEVICE float advance(float ${weight}, float update, float state) {
  return ${forgets ? "state + (update - forget * state)" : "decay * state + update"};
}

/** No step at all. */
KERNELGEN_DEVICE Span no_steps() {
  Span span;
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
    span.${weight}[v] = ${forgets ? "0.0f" : "1.0f"};
    span.update[v] = 0.0f;
  }
  return span;
}

/** The run of two spans, one after the other. */
KERNELGEN_DEVICE Span join(const Span& first, const Span& second) {
  Span span;
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
    span.${weight}[v] = ${forgets ? "first.forget[v] + second.forget[v] * (1.0f - first.forget[v])" : "first.decay[v] * second.decay[v]"};
    span.update[v] = advance(second.${weight}[v], second.update[v], first.update[v]);
  }
  return span;
}

KERNELGEN_DEVICE void advance(const Span& span, float (&state)[CHANNELS_PER_THREAD]) {
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) state[v] = advance(span.${weight}[v], span.update[v], state[v]);
}

${carrySource(forgets)}
/** Replaces this thread's span by its whole warp's, and returns that of the threads of the warp that come before this one in time. */
KERNELGEN_DEVICE Span scan_warp(Span& span, int time_lane) {
  Span before = no_steps();
  KERNELGEN_UNROLL
  for (int distance = 1; distance < TIME_LANES; distance *= 2) {
    const bool is_later = (time_lane & distance) != 0;
    Span other;
    KERNELGEN_UNROLL
    for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
      other.${weight}[v] = shuffle_xor(span.${weight}[v], distance * CHANNEL_LANES);
      other.update[v] = shuffle_xor(span.update[v], distance * CHANNEL_LANES);
    }
    if (is_later) before = join(other, before);
    span = is_later ? join(other, span) : join(span, other);
  }
  return before;
}

/** Where the span of a warp lies in shared memory: [WARPS][2][CHANNEL_TILE], weights before updates, for two chunks in turn. */
KERNELGEN_DEVICE float* shared_span(float* shared_spans, int turn, int warp, int channel_lane) {
  return shared_spans + ((turn % 2 * WARPS + warp) * 2) * CHANNEL_TILE + channel_lane * CHANNELS_PER_THREAD;
}

KERNELGEN_DEVICE void share_span(float* place, const Span& span) {
  store_floats(place, span.${weight});
  store_floats(place + CHANNEL_TILE, span.update);
}

KERNELGEN_DEVICE Span shared_span_of(const float* place) {
  Span span;
  load_floats(place, span.${weight});
  load_floats(place + CHANNEL_TILE, span.update);
  return span;
}
`;
}
