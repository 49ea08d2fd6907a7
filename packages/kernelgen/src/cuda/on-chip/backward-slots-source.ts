import type { CellState } from "../../cell/definition.js";
import type { Problem } from "../../plan/problem.js";
import { gradientName } from "../../plan/tensors.js";
import type { BackwardStreams } from "../backward-streams.js";
import { hasOwnGradients } from "./gradient-stores-source.js";
import type { HeldStreams } from "./held-streams.js";
import { ownSlotPlace, readPlace } from "./own-slot-source.js";

/** C++ that fills one value of each unit of slot i from a state's tensor or its gradient's. */
const fill = (load: string, target: string): string => `
      ${load}
      KERNELGEN_UNROLL
      for (int unit = 0; unit < UNITS_PER_THREAD; ++unit) ${target} = values[unit];`;

/** C++ that loads what slot i starts with: the gradients of last states, and the last values of carried states. */
function firstValues({ cell, stateOutput, lengths }: Problem, carried: readonly CellState[]): string {
  const given = stateOutput === "last" ? cell.states.slice(1).filter(({ isDetached }) => !isDetached) : [];
  // Where the sequence's own last step is.
  const lastRead = lengths ? "last_read" : "reads[i]";
  return [
    ...given.map((state) =>
      fill(
        `load_floats(${gradientName(state.name)} + singles[i], values);`,
        `adjoints[i][unit][${cell.states.indexOf(state)}]`,
      ),
    ),
    ...carried.map((state, index) =>
      fill(
        state === cell.states[0]
          ? `unpack(load_streaming(reinterpret_cast<const Packed*>(${state.name} + ${lastRead})), values);`
          : `load_floats(${state.name} + ${lastRead}, values);`,
        `carried[i][unit][${index}]`,
      ),
    ),
  ].join("");
}

/**
 * C++ of a thread's slots in a backward kernel: where they are, what they start with, and `prefetch`, which loads what a step reads, for the
 * first steps.
 *
 * @param stepCount the number of steps that the block computes
 * @param bringsToL2 whether inputs are brought to L2 before they are loaded
 */
export function backwardSlotsSource(
  problem: Problem,
  { carried }: BackwardStreams,
  held: HeldStreams,
  stepCount: string,
  bringsToL2: boolean,
): string {
  const { lengths } = problem;
  const own = hasOwnGradients(problem);
  const first = firstValues(problem, carried);
  return `  // This thread's slots: where they are, the adjoints of their states, and what their first steps read.
  bool exists[OWN_SLOTS];  // all lanes of a warp agree
  bool valid[OWN_SLOTS];
  int units[OWN_SLOTS];       // within the block
  int sequences[OWN_SLOTS];   // within the block${lengths ? "\n  int own_lengths[OWN_SLOTS];  // steps of the sequences" : ""}
  int64_t reads[OWN_SLOTS];   // in [B,T,N,D], of the step that is loaded next
  int64_t writes[OWN_SLOTS];  // in [B,T,G,N,D], of the step that is computed${own ? "\n  int64_t gate_writes[OWN_SLOTS];  // in [B,T,N,D], of the step that is computed" : ""}
  int64_t singles[OWN_SLOTS];  // in [B,1,N,D]
  float adjoints[OWN_SLOTS][UNITS_PER_THREAD][STATE_COUNT] = {};${
    carried.length > 0
      ? `
  float carried[OWN_SLOTS][UNITS_PER_THREAD][${carried.length}] = {};  // ${carried.map(({ name }) => name).join(", ")} after the step`
      : ""
  }
  StepReads prefetched[PREFETCH_STEPS];
  KERNELGEN_UNROLL
  for (int i = 0; i < OWN_SLOTS; ++i) {
${ownSlotPlace}
    // A slot beyond the head or the batch reads the last that is there, and writes nothing: loads that all slots make need no branch.
${readPlace}
    singles[i] = (static_cast<int64_t>(read_sequence) * HEAD_COUNT + head) * HEAD_DIM + read_unit;
    const int64_t last_step = static_cast<int64_t>(read_sequence) * steps + ${stepCount} - 1;
    reads[i] = (last_step * HEAD_COUNT + head) * HEAD_DIM + read_unit;
    writes[i] = (last_step * INPUT_GATE_COUNT * HEAD_COUNT + head) * HEAD_DIM + read_unit;${own ? "\n    gate_writes[i] = reads[i];" : ""}${
      lengths
        ? `
    own_lengths[i] = length_of(lengths, sequence, steps);
    [[maybe_unused]] const int64_t last_read = reads[i] - static_cast<int64_t>(computed_steps - own_lengths[i]) * HEAD_COUNT * HEAD_DIM;`
        : ""
    }${
      first === ""
        ? ""
        : `
    if (valid[i]) {
      float values[UNITS_PER_THREAD];${first}
    }`
    }
  }
  const auto prefetch = [&]([[maybe_unused]] int time, StepReads& ahead) {
    KERNELGEN_UNROLL
    for (int i = 0; i < OWN_SLOTS; ++i) {
      ${held.loads(bringsToL2).join("\n      ")}
      reads[i] -= HEAD_COUNT * HEAD_DIM;
    }
  };
  KERNELGEN_UNROLL
  for (int ahead = 0; ahead < PREFETCH_STEPS; ++ahead) {
    prefetched[ahead] = StepReads{};
    if (ahead < ${stepCount}) prefetch(${stepCount} - 1 - ahead, prefetched[ahead]);
  }`;
}
