import type { Engine } from "../engine/engine.js";
import { SolverError } from "../error.js";
import type { Branching } from "../search/branching/branching.js";
import { InputOrder } from "../search/branching/input-order.js";
import { Phase } from "../search/branching/phase.js";
import { intervalValues } from "../search/branching/value/interval-values.js";
import { largestValue } from "../search/branching/value/largest-value.js";
import { medianValue } from "../search/branching/value/median-value.js";
import { middleValue } from "../search/branching/value/middle-value.js";
import { RandomValue } from "../search/branching/value/random-value.js";
import { reverseSplitValues } from "../search/branching/value/reverse-split-values.js";
import { smallestValue } from "../search/branching/value/smallest-value.js";
import { splitValues } from "../search/branching/value/split-values.js";
import type { ValueChoice as ValueRule } from "../search/branching/value/value-choice.js";
import { Activity } from "../search/branching/variable/activity.js";
import { antiFirstFail } from "../search/branching/variable/anti-first-fail.js";
import { firstFail } from "../search/branching/variable/first-fail.js";
import { largestMaximum } from "../search/branching/variable/largest-maximum.js";
import { maxRegret } from "../search/branching/variable/max-regret.js";
import { MostConstrained } from "../search/branching/variable/most-constrained.js";
import { Occurrence } from "../search/branching/variable/occurrence.js";
import { smallestMinimum } from "../search/branching/variable/smallest-minimum.js";
import type { VariableScore } from "../search/branching/variable/variable-score.js";
import { WeightedDegree } from "../search/branching/variable/weighted-degree.js";
import { Random } from "../search/random.js";
import { type CustomBranching, CustomBranchingAdapter } from "./custom-branching.js";
import type { IntVar } from "./expression.js";

/** How each choice of a variable scores them; `input-order` needs no score. */
const SCORES = {
  "input-order": undefined,
  "first-fail": () => firstFail,
  "anti-first-fail": () => antiFirstFail,
  smallest: () => smallestMinimum,
  largest: () => largestMaximum,
  occurrence: (engine: Engine) => new Occurrence(engine),
  "most-constrained": (engine: Engine) => new MostConstrained(engine),
  "max-regret": () => maxRegret,
  "dom-wdeg": (engine: Engine) => new WeightedDegree(engine),
  activity: (engine: Engine) => new Activity(engine),
} satisfies Record<string, ((engine: Engine) => VariableScore) | undefined>;

const VALUE_RULES = {
  smallest: () => smallestValue,
  largest: () => largestValue,
  median: () => medianValue,
  middle: () => middleValue,
  split: () => splitValues,
  "reverse-split": () => reverseSplitValues,
  interval: () => intervalValues,
  random: (random: Random) => new RandomValue(random),
} satisfies Record<string, (random: Random) => ValueRule>;

/**
 * Which variable of a phase is decided next; of several, the first in the list.
 *
 * - `input-order`: the first that is not fixed
 * - `first-fail`: the fewest values
 * - `anti-first-fail`: the most values
 * - `smallest`: the smallest value in its domain
 * - `largest`: the largest value in its domain
 * - `occurrence`: the most propagators on it
 * - `most-constrained`: the fewest values, then the most propagators
 * - `max-regret`: the largest distance between its two smallest values
 * - `dom-wdeg`: the smallest quotient of number of values and failures of its propagators
 * - `activity`: the largest quotient of how often it was narrowed, lately above all, and number of values
 */
export type VariableChoice = keyof typeof SCORES;

/**
 * Which values of the chosen variable are tried first. The others follow when those are refuted, by a new choice.
 *
 * - `smallest`, `largest`
 * - `median`: the middle one of the values
 * - `middle`: the one closest to the middle between smallest and largest
 * - `split`: all up to that middle
 * - `reverse-split`: all above that middle
 * - `interval`: the first run of neighbouring values, or without gaps `split`
 * - `random`: each equally likely
 *
 * `median`, `middle` and `random` try a single value where at most {@link EXPLICIT_VALUES_LIMIT} values were left after the
 * first propagation, and otherwise all values up to that one.
 */
export type ValueChoice = keyof typeof VALUE_RULES;

/** The names of {@link VariableChoice}. */
export const VARIABLE_CHOICES = Object.keys(SCORES) as readonly VariableChoice[];

/** The names of {@link ValueChoice}. */
export const VALUE_CHOICES = Object.keys(VALUE_RULES) as readonly ValueChoice[];

/** Variables to decide, and how; those of a phase are all fixed before the next one begins. */
export interface BranchingPhase {
  readonly variables: readonly IntVar[];
  /** `input-order` unless told. */
  readonly choose?: VariableChoice | undefined;
  /** `smallest` unless told. */
  readonly value?: ValueChoice | undefined;
}

/** The engine of a model and its variables' numbers there. @internal */
export interface CompiledVariables {
  readonly engine: Engine;
  /** @throws SolverError `unknown-variable` for a variable of another model. */
  numberOf(variable: IntVar): number;
}

/**
 * What decides each phase, in the same order.
 *
 * @throws SolverError `invalid-option` for an unknown choice, `unknown-variable`.
 * @internal
 */
export function compileBranching(
  compiled: CompiledVariables,
  variables: readonly IntVar[],
  phases: readonly (BranchingPhase | CustomBranching)[],
  seed: number,
): Branching[] {
  const random = new Random(seed);
  return phases.map((phase) =>
    typeof phase === "function"
      ? new CustomBranchingAdapter(compiled, variables, phase)
      : compilePhase(compiled, phase, random),
  );
}

function compilePhase(compiled: CompiledVariables, phase: BranchingPhase, random: Random): Branching {
  const { engine } = compiled;
  const { choose = "input-order", value = "smallest" } = phase;
  requireName("choice of a variable", choose, VARIABLE_CHOICES);
  requireName("choice of a value", value, VALUE_CHOICES);
  const variables = [...new Set(phase.variables.map((variable) => compiled.numberOf(variable)))];
  const rule = VALUE_RULES[value](random);
  const score = SCORES[choose]?.(engine);
  return score === undefined
    ? new InputOrder(engine.store, variables, rule)
    : new Phase(engine.store, variables, score, rule);
}

function requireName(what: string, name: string, allowed: readonly string[]): void {
  if (allowed.includes(name)) return;
  throw new SolverError(
    "invalid-option",
    `branching: the ${what} ${JSON.stringify(name)} is none of ${allowed.join(", ")}`,
  );
}
