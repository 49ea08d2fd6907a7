/** C++ of the state that is carried from chunk to chunk. */
function carrySource(form: SpanForm): string {
  if (form === "decay") {
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
${
  form === "exact"
    ? `    float rest;
    float lost;
    const float change = two_sum(span.update[v], -span.forget[v] * carry.parts[0][v], rest);
    const float next = two_sum(carry.parts[0][v], change, lost);
    carry.parts[0][v] = two_sum(next, rest + lost + span.rest[v] + carry.parts[1][v], carry.parts[1][v]);`
    : `    const float state = carry.parts[0][v];
    const float change = span.update[v] - span.forget[v] * state + carry.parts[1][v];
    const float next = state + change;
    const float added = next - state;
    carry.parts[0][v] = next;
    carry.parts[1][v] = (state - (next - added)) + (change - added);`
}
  }
}
`;
}

/**
 * How a span holds what a run of steps does: by the product of its decays, by 1 less that product, or so that it also keeps what rounding takes
 * from its update, for sums of so many numbers of either sign that their rounding shows.
 */
export type SpanForm = "decay" | "forget" | "exact";

/**
 * C++ of spans: what a run of steps does to the state before it, h' = weight·h + update, and how they are joined over the threads of a
 * block.
 *
 * In the form "forget" a span's weight is 1 − the product of its decays, which keeps 24 bits of it where that product is just below 1:
 *
 *     h' = h + (update − forget·h)        forget(first then second) = first + second·(1 − first)
 *
 * and in the form "exact" its update is a sum of two floats (Knuth's two-sum).
 */
export function spanSource(form: SpanForm): string {
  const forgets = form !== "decay";
  const weight = forgets ? "forget" : "decay";
  const isExact = form === "exact";
  const fields = [weight, "update", ...(isExact ? ["rest"] : [])];
  return `
/** What a run of steps does to the state before it, channel by channel: ${forgets ? "h' = h + (update - forget * h), forget being 1 less the product of the decays" : "h' = decay * h + update"}. */
struct Span {
${fields.map((field) => `  float ${field}[CHANNELS_PER_THREAD];`).join("\n")}
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
    span.update[v] = 0.0f;${isExact ? "\n    span.rest[v] = 0.0f;" : ""}
  }
  return span;
}

${
  isExact
    ? `/** The rounded sum; \`rest\` is what rounding took from it. */
KERNELGEN_DEVICE float two_sum(float left, float right, float& rest) {
  const float sum = left + right;
  const float added = sum - left;
  rest = (left - (sum - added)) + (right - added);
  return sum;
}

`
    : ""
}/** The run of two spans, one after the other. */
KERNELGEN_DEVICE Span join(const Span& first, const Span& second) {
  Span span;
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
    span.${weight}[v] = ${forgets ? "first.forget[v] + second.forget[v] * (1.0f - first.forget[v])" : "first.decay[v] * second.decay[v]"};
    ${
      isExact
        ? `const float forgotten = second.forget[v] * first.update[v];
    const float change = two_sum(second.update[v], -forgotten, span.rest[v]);
    float rest;
    span.update[v] = two_sum(first.update[v], change, rest);
    span.rest[v] += rest + first.rest[v] + second.rest[v];`
        : `span.update[v] = advance(second.${weight}[v], second.update[v], first.update[v]);`
    }
  }
  return span;
}

KERNELGEN_DEVICE void advance(const Span& span, float (&state)[CHANNELS_PER_THREAD]) {
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) state[v] = advance(span.${weight}[v], span.update[v], state[v]);
}

${carrySource(form)}
/** Replaces this thread's span by its whole warp's, and returns that of the threads of the warp that come before this one in time. */
KERNELGEN_DEVICE Span scan_warp(Span& span, int time_lane) {
  Span before = no_steps();
  KERNELGEN_UNROLL
  for (int distance = 1; distance < TIME_LANES; distance *= 2) {
    const bool is_later = (time_lane & distance) != 0;
    Span other;
    KERNELGEN_UNROLL
    for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
${fields.map((field) => `      other.${field}[v] = shuffle_xor(span.${field}[v], distance * CHANNEL_LANES);`).join("\n")}
    }
    if (is_later) before = join(other, before);
    span = is_later ? join(other, span) : join(span, other);
  }
  return before;
}

/** Where the span of a warp lies in shared memory: [WARPS][FLOATS_OF_SPAN][CHANNEL_TILE], for two chunks in turn. */
KERNELGEN_DEVICE float* shared_span(float* shared_spans, int turn, int warp, int channel_lane) {
  return shared_spans + (turn % 2 * WARPS + warp) * FLOATS_OF_SPAN * CHANNEL_TILE + channel_lane * CHANNELS_PER_THREAD;
}

KERNELGEN_DEVICE void share_span(float* place, const Span& span) {
${fields.map((field, index) => `  store_floats(place + ${index} * CHANNEL_TILE, span.${field});`).join("\n")}
}

KERNELGEN_DEVICE Span shared_span_of(const float* place) {
  Span span;
${fields.map((field, index) => `  load_floats(place + ${index} * CHANNEL_TILE, span.${field});`).join("\n")}
  return span;
}
`;
}
