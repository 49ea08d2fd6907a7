/**
 * How a span holds what a run of steps does: by the product of its decays or by 1 less that product, and whether it also keeps what rounding
 * takes, for sums of so many numbers of either sign that their rounding shows.
 */
export interface SpanForm {
  readonly weight: "decay" | "forget";
  readonly isExact: boolean;
}

/** The floats of a span for each channel; `…rest` is what rounding took from the one before. */
export const spanFields = ({ weight, isExact }: SpanForm): readonly string[] => [
  weight,
  // 1 − the product of decays has all its bits where it is small, and that is where they count.
  ...(isExact && weight === "decay" ? ["decay_rest"] : []),
  "update",
  ...(isExact ? ["rest"] : []),
];

/** The floats of the state before a thread's steps, for each channel: exact ones also keep what rounding took. */
export const startParts = ({ isExact }: SpanForm): number => (isExact ? 2 : 1);

/** C++ of one step of a carry with its rest, `carry.parts[1]`, by the span of a chunk. */
const exactCarry = {
  forget: `    float rest;
    float lost;
    const float change = two_sum(span.update[v], -span.forget[v] * carry.parts[0][v], rest);
    const float next = two_sum(carry.parts[0][v], change, lost);
    carry.parts[0][v] = two_sum(next, rest + lost + span.rest[v] + carry.parts[1][v], carry.parts[1][v]);`,
  decay: `    float rest;
    float lost;
    const float kept = two_product(span.decay[v], carry.parts[0][v], lost);
    const float next = two_sum(kept, span.update[v], rest);
    lost += span.decay_rest[v] * carry.parts[0][v] + span.decay[v] * carry.parts[1][v];
    carry.parts[0][v] = two_sum(next, rest + lost + span.rest[v], carry.parts[1][v]);`,
} as const;

const compensatedCarry = `    const float state = carry.parts[0][v];
    const float change = span.update[v] - span.forget[v] * state + carry.parts[1][v];
    const float next = state + change;
    const float added = next - state;
    carry.parts[0][v] = next;
    carry.parts[1][v] = (state - (next - added)) + (change - added);`;

/** C++ of the state that is carried from chunk to chunk, and of that before a thread's steps. */
function carrySource(form: SpanForm): string {
  const { weight, isExact } = form;
  if (weight === "decay" && !isExact) {
    return `
/** The state between chunks. */
struct Carry {
  static constexpr int PARTS = 1;
  float parts[PARTS][CHANNELS_PER_THREAD];
};

KERNELGEN_DEVICE void advance(const Span& span, Carry& carry) { advance(span, carry.parts[0]); }

/** The state before a thread's steps. */
using Start = Carry;
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
${isExact ? exactCarry[weight] : compensatedCarry}
  }
}

/** The state before a thread's steps. */
${
  isExact
    ? "using Start = Carry;"
    : `struct Start {
  static constexpr int PARTS = ${startParts(form)};
  float parts[PARTS][CHANNELS_PER_THREAD];
};

KERNELGEN_DEVICE void advance(const Span& span, Start& start) { advance(span, start.parts[0]); }`
}
`;
}

const twoSum = `/** The rounded sum; \`rest\` is what rounding took from it (Knuth). */
KERNELGEN_DEVICE float two_sum(float left, float right, float& rest) {
  const float sum = left + right;
  const float added = sum - left;
  rest = (left - (sum - added)) + (right - added);
  return sum;
}

`;

/** C++ of one channel of the run of two spans. */
const joins = {
  decay: `    span.decay[v] = first.decay[v] * second.decay[v];
    span.update[v] = advance(second.decay[v], second.update[v], first.update[v]);`,
  forget: `    span.forget[v] = first.forget[v] + second.forget[v] * (1.0f - first.forget[v]);
    span.update[v] = advance(second.forget[v], second.update[v], first.update[v]);`,
} as const;

const exactJoins = {
  decay: `    float lost;
    span.decay[v] = two_product(first.decay[v], second.decay[v], lost);
    span.decay_rest[v] = lost + first.decay[v] * second.decay_rest[v] + first.decay_rest[v] * second.decay[v];
    float rest;
    const float kept = two_product(second.decay[v], first.update[v], lost);
    span.update[v] = two_sum(second.update[v], kept, rest);
    span.rest[v] = rest + lost + second.decay_rest[v] * first.update[v] + second.decay[v] * first.rest[v] + second.rest[v];`,
  forget: `    span.forget[v] = first.forget[v] + second.forget[v] * (1.0f - first.forget[v]);
    const float forgotten = second.forget[v] * first.update[v];
    const float change = two_sum(second.update[v], -forgotten, span.rest[v]);
    float rest;
    span.update[v] = two_sum(first.update[v], change, rest);
    span.rest[v] += rest + first.rest[v] + second.rest[v];`,
} as const;

/**
 * C++ of spans: what a run of steps does to the state before it, h' = weight·h + update, and how they are joined over the threads of a
 * block.
 *
 * By "forget" a span's weight is 1 − the product of its decays, which keeps 24 bits of it where that product is just below 1:
 *
 *     h' = h + (update − forget·h)        forget(first then second) = first + second·(1 − first)
 *
 * An exact span's update is a sum of two floats (Knuth's two-sum, and the product's rest by a fused multiply-add), and so is its product of decays.
 */
export function spanSource(form: SpanForm): string {
  const { weight, isExact } = form;
  const forgets = weight === "forget";
  const fields = spanFields(form);
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
${fields.map((field) => `    span.${field}[v] = ${field === "decay" ? "1.0f" : "0.0f"};`).join("\n")}
  }
  return span;
}

${isExact ? twoSum : ""}/** The run of two spans, one after the other. */
KERNELGEN_DEVICE Span join(const Span& first, const Span& second) {
  Span span;
  KERNELGEN_UNROLL
  for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
${(isExact ? exactJoins : joins)[weight]}
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
