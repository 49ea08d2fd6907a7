import { gateInput, gatesWith, stateInput } from "../../cell/definition.js";
import { isLinear, type LinearCell, linearGraph } from "../../cell/linear.js";
import { renderScalars } from "../../cell/render.js";
import { add, constant, multiply, type Scalar, tanh, topologicalOrder } from "../../cell/scalar.js";
import { adjointInput, stepGradient } from "../../cell/step-gradient.js";
import { substitute } from "../../cell/substitute.js";
import type { DataType } from "../../plan/data-type.js";
import type { Plan } from "../../plan/plan.js";
import type { Problem } from "../../plan/problem.js";
import { fastTanhDialect, scanDialect } from "./dialect.js";
import type { SpanForm } from "./span-source.js";

/** The problem's cell. Throws TypeError if it is no linear recurrence: the family refuses those. */
export function linearCellOf({ cell }: Problem): LinearCell {
  if (!isLinear(cell)) throw new TypeError(`${cell.name} is no linear recurrence`);
  return cell;
}

/** How a problem's spans are held: sums of gradients in fp32 keep what rounding takes, those in 16 bits are rounded anyway. */
export const spanForm = (problem: Problem): SpanForm => ({
  weight: forgets(linearCellOf(problem)) ? "forget" : "decay",
  isExact: problem.pass === "backward" && problem.dataType === "fp32",
});

/** Whether the kernel composes 1 − a rather than a. */
export const forgets = (cell: LinearCell): boolean => linearGraph(cell).forget !== undefined;

const assignments = (statements: readonly string[], targets: readonly string[], results: readonly string[]): string =>
  [...statements, ...results.map((result, i) => `${targets[i]} = ${result};`)].map((line) => `  ${line}`).join("\n");

/** C++ of a step's coefficients from the pre-activations of one channel. */
function coefficientsSource(cell: LinearCell, dataType: DataType): string {
  const { decay, forget, update } = linearGraph(cell);
  const weight = forget === undefined ? "decay" : "forget";
  const inputs = Object.fromEntries(cell.gates.map((gate, g) => [gateInput(gate), `u[${g}]`]));
  const roots = [forget ?? decay, update] as const;
  const { statements, results } =
    dataType === "fp32" || hasTanh(roots[0])
      ? renderScalars(roots, inputs, scanDialect)
      : renderScalars(withFastUpdate(...roots), inputs, fastTanhDialect);
  return `
/** The step's coefficients from the pre-activations of the gates ${cell.gates.map(({ name }) => name).join(", ")}. */
KERNELGEN_DEVICE void coefficients(const float (&u)[GATE_COUNT], float& step_${weight}, float& step_update) {
${assignments(statements, [`step_${weight}`, "step_update"], results)}
}
`;
}

const hasTanh = (root: Scalar): boolean => topologicalOrder([root]).some(({ kind }) => kind === "tanh");

/**
 * The roots with σ(x) = (1 + tanh(x / 2)) / 2, one instruction of the special function unit in place of two, where it reaches the update
 * alone: what is added is averaged over as many steps as the state remembers, and an error of 2^-12 stays one. In a weight it would grow.
 */
function withFastUpdate(weight: Scalar, update: Scalar): readonly Scalar[] {
  const ofWeight = new Set(topologicalOrder([weight]));
  const half = constant(0.5);
  const replacements = new Map<Scalar, Scalar>();
  for (const node of topologicalOrder([update])) {
    if (node.kind !== "sigmoid" || ofWeight.has(node)) continue;
    replacements.set(node, add(half, multiply(half, tanh(multiply(half, node.operand)))));
  }
  return substitute([weight, update], replacements);
}

/** C++ of the gradients of a step's pre-activations, for one channel. */
function gradientSource(cell: LinearCell): string {
  const state = cell.states[0]!;
  const inputs = {
    ...Object.fromEntries(cell.gates.map((gate, g) => [gateInput(gate), `u[${g}]`])),
    [stateInput(state)]: "previous",
    [adjointInput(state)]: "adjoint",
  };
  const { statements, results } = renderScalars(stepGradient(cell).gateGradients, inputs, scanDialect);
  return `
/** The gradients of the pre-activations, given the state before the step and the adjoint of the state after it. */
KERNELGEN_DEVICE void gradients([[maybe_unused]] const float (&u)[GATE_COUNT], [[maybe_unused]] float previous, float adjoint, float (&d_u)[GATE_COUNT]) {
${assignments(
  statements,
  cell.gates.map((_, g) => `d_u[${g}]`),
  results,
)}
}
`;
}

/** The pre-activation of gate g in channel v: what is read, and the bias if it has one. */
function preActivations(cell: LinearCell): string {
  const biased = gatesWith(cell, "bias");
  return cell.gates
    .map((gate, g) => `inputs[${g}][v]${biased.includes(gate) ? ` + bias[${biased.indexOf(gate)}][v]` : ""}`)
    .join(", ");
}

const unpackInputs = `float inputs[GATE_COUNT][CHANNELS_PER_THREAD];
      KERNELGEN_UNROLL
      for (int gate = 0; gate < GATE_COUNT; ++gate) unpack(words[s][gate], inputs[gate]);`;

const biasSource = (cell: LinearCell): string =>
  gatesWith(cell, "bias").length > 0 ? "\n  float bias[BIAS_GATE_COUNT][CHANNELS_PER_THREAD];" : "";

/** C++ of `Column`: what the threads of a block read and write of one sequence, of its pass. */
export function columnSource({ problem, parameters }: Plan): string {
  const cell = linearCellOf(problem);
  return (
    coefficientsSource(cell, problem.dataType) +
    (problem.pass === "forward"
      ? forwardColumn(cell, parameters.recompute === 1)
      : gradientSource(cell) + backwardColumn(problem))
  );
}

/** @param recompute whether a step's coefficients are computed again where its state is written, rather than kept since they were read */
function forwardColumn(cell: LinearCell, recompute: boolean): string {
  const weight = forgets(cell) ? "forget" : "decay";
  const h = cell.states[0]!.name;
  return `
/** The channels of a thread in one sequence. */
struct Column {
  const Element* wx;
  Element* ${h};${biasSource(cell)}

  /** Where a word lies that step first_step + s reads. */
  KERNELGEN_DEVICE const Element* source(int first_step, int s, int word) const {
    return wx + static_cast<int64_t>(first_step) * (GATE_COUNT * CHANNELS) + (s * GATE_COUNT + word) * CHANNELS;
  }

  /** Whether it exists, for a step of the sequence. */
  KERNELGEN_DEVICE static bool has_source(int, int, int) { return true; }

  /** What a step does to the state. */
  KERNELGEN_DEVICE Span step(const Word (&words)[WORDS_PER_STEP]) const {
    float inputs[GATE_COUNT][CHANNELS_PER_THREAD];
    KERNELGEN_UNROLL
    for (int gate = 0; gate < GATE_COUNT; ++gate) unpack(words[gate], inputs[gate]);
    Span span;
    KERNELGEN_UNROLL
    for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
      const float u[GATE_COUNT] = {${preActivations(cell)}};
      coefficients(u, span.${weight}[v], span.update[v]);
    }
    return span;
  }

  /** What ${recompute ? "" : "each step does to the state, and what "}all steps do to the state; steps that are not there do nothing. */
  template <bool CHECKED>
  KERNELGEN_DEVICE Span read(const Word (&words)[STEPS_PER_THREAD][WORDS_PER_STEP], int step_count, ${recompute ? "Span (&)" : "Span (&steps)"}[STEPS_PER_THREAD]) const {
    Span all;
    KERNELGEN_UNROLL
    for (int s = 0; s < STEPS_PER_THREAD; ++s) {
      const Span one = CHECKED && s >= step_count ? no_steps() : step(words[s]);${recompute ? "" : "\n      steps[s] = one;"}
      all = s == 0 ? one : join(all, one);
    }
    return all;
  }

  /** The state after each step; zero in rows beyond the sequence's length. */
  template <bool CHECKED>
  KERNELGEN_DEVICE void write(const Word (&${recompute ? "words" : ""})[STEPS_PER_THREAD][WORDS_PER_STEP], const Span (&${recompute ? "" : "steps"})[STEPS_PER_THREAD], int first_step,
                              int step_count, int row_count, float (&state)[CHANNELS_PER_THREAD]) const {
    Element* target = ${h} + static_cast<int64_t>(first_step) * CHANNELS;
    KERNELGEN_UNROLL
    for (int s = 0; s < STEPS_PER_THREAD; ++s) {
      if (!CHECKED || s < step_count) {
        advance(${recompute ? "step(words[s])" : "steps[s]"}, state);
        store_word(target + s * CHANNELS, pack(state));
      } else if (s < row_count) {
        store_word(target + s * CHANNELS, Word{});
      }
    }
  }
};
`;
}

/** C++ of a step's update in the scan of gradients, decay · given, with what rounding takes from it. */
const exactUpdate = {
  forget: "steps[s].update[v] = two_sum(given[v], -steps[s].forget[v] * given[v], steps[s].rest[v]);",
  decay: `steps[s].decay_rest[v] = 0.0f;
        steps[s].update[v] = two_product(steps[s].decay[v], given[v], steps[s].rest[v]);`,
} as const;

function backwardColumn(problem: Problem): string {
  const cell = linearCellOf(problem);
  const { weight, isExact } = spanForm(problem);
  const h = cell.states[0]!.name;
  return `
/** The channels of a thread in one sequence. The scan runs from the last step to the first; its state is the gradient of the state that a step starts from. */
struct Column {
  const Element* wx;
  const Element* ${h};
  const Element* d_${h};
  Element* d_wx;
  float ${h}_initial[CHANNELS_PER_THREAD];${biasSource(cell)}

  /** Where a word lies that step first_step + s reads: the gates, the state before the step, the gradient of the state after it. */
  KERNELGEN_DEVICE const Element* source(int first_step, int s, int word) const {
    if (word < GATE_COUNT) {
      return wx + static_cast<int64_t>(first_step) * (GATE_COUNT * CHANNELS) + (s * GATE_COUNT + word) * CHANNELS;
    }
    const int64_t first_row = static_cast<int64_t>(first_step) * CHANNELS;
    return word == GATE_COUNT ? ${h} + first_row + (s - 1) * CHANNELS : d_${h} + first_row + s * CHANNELS;
  }

  /** Whether it exists, for a step of the sequence: the initial state is no row of ${h}. */
  KERNELGEN_DEVICE static bool has_source(int first_step, int s, int word) { return word != GATE_COUNT || s > 0 || first_step > 0; }

  /** What each step does to the gradient that comes from the step after it, and what all do, last first. */
  template <bool CHECKED>
  KERNELGEN_DEVICE Span read(const Word (&words)[STEPS_PER_THREAD][WORDS_PER_STEP], int step_count, Span (&steps)[STEPS_PER_THREAD]) const {
    Span all = no_steps();
    KERNELGEN_UNROLL
    for (int s = STEPS_PER_THREAD - 1; s >= 0; --s) {
      if (CHECKED && s >= step_count) {
        steps[s] = no_steps();
        continue;
      }
      ${unpackInputs}
      float given[CHANNELS_PER_THREAD];
      unpack(words[s][GATE_COUNT + 1], given);
      KERNELGEN_UNROLL
      for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
        const float u[GATE_COUNT] = {${preActivations(cell)}};
        [[maybe_unused]] float update;
        coefficients(u, steps[s].${weight}[v], update);
        ${isExact ? exactUpdate[weight] : `steps[s].update[v] = advance(steps[s].${weight}[v], 0.0f, given[v]);`}
      }
      all = s == STEPS_PER_THREAD - 1 ? steps[s] : join(all, steps[s]);
    }
    return all;
  }

  /** The gradients of each step's pre-activations; zero in rows beyond the sequence's length. */
  template <bool CHECKED>
  KERNELGEN_DEVICE void write(const Word (&words)[STEPS_PER_THREAD][WORDS_PER_STEP], const Span (&steps)[STEPS_PER_THREAD], int first_step,
                              int step_count, int row_count, float (&state)[CHANNELS_PER_THREAD]) const {
    Element* target = d_wx + static_cast<int64_t>(first_step) * GATE_COUNT * CHANNELS;
    KERNELGEN_UNROLL
    for (int s = STEPS_PER_THREAD - 1; s >= 0; --s) {
      if (CHECKED && s >= step_count) {
        KERNELGEN_UNROLL
        for (int gate = 0; gate < GATE_COUNT; ++gate) {
          if (s < row_count) store_word(target + (s * GATE_COUNT + gate) * CHANNELS, Word{});
        }
        continue;
      }
      ${unpackInputs}
      float given[CHANNELS_PER_THREAD];
      float previous[CHANNELS_PER_THREAD];
      unpack(words[s][GATE_COUNT], previous);
      unpack(words[s][GATE_COUNT + 1], given);
      float results[GATE_COUNT][CHANNELS_PER_THREAD];
      KERNELGEN_UNROLL
      for (int v = 0; v < CHANNELS_PER_THREAD; ++v) {
        const float u[GATE_COUNT] = {${preActivations(cell)}};
        const float adjoint = given[v] + state[v];
        float d_u[GATE_COUNT];
        gradients(u, s == 0 && first_step == 0 ? ${h}_initial[v] : previous[v], adjoint, d_u);
        KERNELGEN_UNROLL
        for (int gate = 0; gate < GATE_COUNT; ++gate) results[gate][v] = d_u[gate];
        state[v] = advance(steps[s].${weight}[v], 0.0f, adjoint);
      }
      KERNELGEN_UNROLL
      for (int gate = 0; gate < GATE_COUNT; ++gate) {
        store_word(target + (s * GATE_COUNT + gate) * CHANNELS, pack(results[gate]));
      }
    }
  }
};
`;
}
