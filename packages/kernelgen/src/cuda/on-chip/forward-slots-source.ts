import type { Problem } from "../../plan/problem.js";
import { slotBiasSource } from "../gate-source.js";
import type { OperandPath } from "../product/operand-path.js";
import { ownSlotPlace, readPlace } from "./own-slot-source.js";

/** The initial h takes the way of every other. */
const sendInitial = `
    if (exists[i]) {
      float values[UNITS_PER_THREAD];
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) values[unit] = states[i][unit][0];
      const Packed sent_words[] = {sent_initial(pack(values))};
      exchange.send(-1, i, units[i], sequences[i], sent_words);
    }`;

/**
 * C++ of a thread's slots in a forward kernel: where they are, the states that they start with, and `prefetch`, which loads what a step reads, for
 * the first steps.
 *
 * @param stepCount the number of steps that the block computes
 * @param operand how a warp gets h; as fragments the initial h has to be sent as well
 * @param bringsToL2 whether inputs are brought to L2 before they are loaded
 */
export function forwardSlotsSource(
  { cell, lengths }: Problem,
  stepCount: string,
  operand: OperandPath,
  bringsToL2: boolean,
): string {
  const slotBias = slotBiasSource(cell);
  const initials = cell.states
    .map(({ name }, index) => {
      const value = `load_streaming(${name}_initial + initial + unit)`;
      return `        states[i][unit][${index}] = ${index === 0 ? `to_float(${value})` : value};`;
    })
    .join("\n");
  return `  // This thread's slots: where they are, their other states, and their first inputs.
  bool exists[OWN_SLOTS];  // all lanes of a warp agree
  bool valid[OWN_SLOTS];
  int units[OWN_SLOTS];      // within the block
  int sequences[OWN_SLOTS];  // within the block${lengths ? "\n  int own_lengths[OWN_SLOTS];  // steps of the sequences" : ""}
  int64_t inputs[OWN_SLOTS];
  int64_t outputs[OWN_SLOTS];
  [[maybe_unused]] int64_t last_outputs[OWN_SLOTS];
  float states[OWN_SLOTS][UNITS_PER_THREAD][STATE_COUNT] = {};
  Packed prefetched[PREFETCH_STEPS][OWN_SLOTS][INPUT_GATE_COUNT];${slotBias.declaration}
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
${ownSlotPlace}
${lengths ? "    own_lengths[i] = length_of(lengths, sequence, steps);\n" : ""}    const int64_t initial = (static_cast<int64_t>(sequence) * HEAD_COUNT + head) * HEAD_DIM + unit;
    // A slot beyond the head or the batch reads the last that is there: loads that all slots make need no branch.
${readPlace}
    inputs[i] = (static_cast<int64_t>(read_sequence) * steps * INPUT_GATE_COUNT * HEAD_COUNT + head) * HEAD_DIM + read_unit;
    outputs[i] = (static_cast<int64_t>(sequence) * steps * HEAD_COUNT + head) * HEAD_DIM + unit;
    last_outputs[i] = initial;
    if (valid[i]) {
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) {
${initials}${slotBias.load}
      }
    }${operand === "fragments" ? sendInitial : ""}
  }
  const auto prefetch = [&]([[maybe_unused]] int step, Packed (&words)[OWN_SLOTS][INPUT_GATE_COUNT]) {
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      KERNELGEN_UNROLL
      for (int gate = 0; gate < INPUT_GATE_COUNT; ++gate) {
        const Packed* source = reinterpret_cast<const Packed*>(wx + inputs[i] + gate * HEAD_COUNT * HEAD_DIM);
        words[i][gate] = load_streaming(source);${
          bringsToL2
            ? `
        if (step + L2_PREFETCH_STEPS < steps) {
          bring_to_l2(source + L2_PREFETCH_STEPS * INPUT_GATE_COUNT * HEAD_COUNT * HEAD_DIM / UNITS_PER_THREAD);
        }`
            : ""
        }
      }
      inputs[i] += INPUT_GATE_COUNT * HEAD_COUNT * HEAD_DIM;
    }
  };
  KERNELGEN_UNROLL
  for (int ahead = 0; ahead < PREFETCH_STEPS; ++ahead) {
    if (ahead < ${stepCount}) prefetch(ahead, prefetched[ahead]);
  }`;
}
