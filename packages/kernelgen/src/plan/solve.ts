import type { Device } from "hwmodels";
import { KernelgenError } from "../errors.js";
import type { KernelFamily } from "./family.js";
import { explainInfeasible } from "./infeasible.js";
import type { Plan } from "./plan.js";
import type { Problem } from "./problem.js";
import { problemText } from "./problem-text.js";
import { isForRecurrence, refusal } from "./refusal.js";
import {
  noSuchUnknown,
  type Pins,
  picosecondsPerMicrosecond,
  planOf,
  searchOptions,
  stateTiling,
} from "./stated-tiling.js";

/** What to find out about a family beside its fastest plan. */
export interface FamilyQuestions {
  /** Also count the tilings that satisfy all constraints. */
  readonly count?: boolean;
  /** Leave out why there is no tiling: finding that out in numbers takes longer than finding a tiling. */
  readonly withoutReasons?: boolean;
}

/** What to find out beside the fastest plan of all families. */
export interface SearchQuestions extends FamilyQuestions {
  /** Also find the fastest plan of each family; otherwise a family whose tilings are all slower than a plan at hand ends there. */
  readonly everyFamily?: boolean;
}

/** What a family could do for a problem. */
export interface FamilyOutcome {
  readonly family: KernelFamily;
  /** The tiling with the least predicted time. */
  readonly plan?: Plan;
  /** Why there is none. */
  readonly reason?: string;
  /** Tilings that satisfy all constraints; where they were counted. */
  readonly feasibleCount?: number;
}

/** The fastest plan by prediction, and what every family that was asked could do. */
export interface PlanSearch {
  readonly plan: Plan;
  readonly family: KernelFamily;
  readonly outcomes: readonly FamilyOutcome[];
}

/**
 * Solves the tiling of each family for the device, and picks the plan with the least predicted time; no tiling of any of them is
 * predicted faster.
 *
 * Throws `KernelgenError` "no-configuration" with each family's reason if none can serve the problem, and "invalid-problem" if a pin is
 * no unknown of any family; those that lack one of the pins are left out.
 */
export function solvePlan(
  problem: Problem,
  device: Device,
  families: readonly KernelFamily[],
  pins: Pins = {},
  questions: SearchQuestions = {},
): PlanSearch {
  // Families for the other kind of recurrence are not worth a word, unless there are no others.
  const suitable = families.filter((family) => isForRecurrence(problem, family));
  const candidates = suitable.length > 0 ? suitable : families;
  const missing = missingUnknowns(problem, device, candidates, pins);
  // Where another family serves, few callers ask what the others lack, which takes longer than the plan.
  const asked = { withoutReasons: !questions.everyFamily, ...questions };
  let fastest: FamilyOutcome | undefined;
  const outcomeOf = new Map<KernelFamily, FamilyOutcome>();
  const isTight = (family: KernelFamily): boolean => family.isTight?.(problem, device) ?? false;
  const promisingFirst = candidates.toSorted((left, right) => Number(isTight(left)) - Number(isTight(right)));
  for (const family of promisingFirst) {
    const lacks = missing.get(family);
    const limit = questions.everyFamily || questions.count ? undefined : fastest?.plan;
    const outcome =
      lacks === undefined ? solveBelow(problem, device, family, pins, asked, limit) : { family, reason: lacks };
    outcomeOf.set(family, outcome);
    const time = outcome.plan?.predictedMicrosecondsPerStep ?? Infinity;
    if (time < (fastest?.plan?.predictedMicrosecondsPerStep ?? Infinity)) fastest = outcome;
  }
  const outcomes = candidates.map((family) => outcomeOf.get(family)!);
  if (fastest?.plan === undefined) {
    const reasons = outcomes.map(({ family, reason }) => {
      const full = reason === withoutNumbers ? explainInfeasible(problem, device, family, pins) : reason;
      return `  ${family.name}: ${full}`;
    });
    throw new KernelgenError(
      "no-configuration",
      [`no kernel family can serve ${problemText(problem)} on ${device.name}`, ...reasons].join("\n"),
    );
  }
  return { plan: fastest.plan, family: fastest.family, outcomes };
}

/** The reason of a family whose tilings were not looked into further. */
const withoutNumbers = "no tile is feasible";

/** Solves the tiling of one family. Throws `KernelgenError` "invalid-problem" if a pin is no unknown of the family. */
export function solveFamily(
  problem: Problem,
  device: Device,
  family: KernelFamily,
  pins: Pins = {},
  questions: FamilyQuestions = {},
): FamilyOutcome {
  return solveBelow(problem, device, family, pins, questions, undefined);
}

/** Solves the tiling of one family; only tilings that are predicted faster than `limit` count. */
function solveBelow(
  problem: Problem,
  device: Device,
  family: KernelFamily,
  pins: Pins,
  { count = false, withoutReasons = false }: FamilyQuestions,
  limit: Plan | undefined,
): FamilyOutcome {
  const none = (reason: string): FamilyOutcome => ({ family, reason, ...(count && { feasibleCount: 0 }) });
  const reason = refusal(problem, device, family);
  if (reason !== undefined) return none(reason);
  const most =
    limit === undefined ? Infinity : Math.round(limit.predictedMicrosecondsPerStep * picosecondsPerMicrosecond);
  const noneFaster = (): FamilyOutcome =>
    none(`no tile is faster than ${(most / picosecondsPerMicrosecond).toFixed(3)} µs a step`);
  if ((family.leastPicoseconds?.(problem, device) ?? 0) >= most) return noneFaster();
  const stated = stateTiling(problem, device, family, pins);
  const { model, tiling } = stated;
  const feasibleCount = count ? { feasibleCount: model.count(searchOptions(stated)).count } : {};
  if (most < Infinity) model.add(tiling.cost.lt(most), "faster than the plan at hand");
  const { solution } = model.minimize(tiling.cost, searchOptions(stated));
  if (solution !== undefined) return { family, plan: planOf(stated, solution), ...feasibleCount };
  if (most < Infinity) return noneFaster();
  return none(withoutReasons ? withoutNumbers : explainInfeasible(problem, device, family, pins));
}

/**
 * What families lack some of the pinned unknowns, and why. A family that refuses the problem says so itself; throws "invalid-problem" if no
 * other family has them all.
 */
function missingUnknowns(
  problem: Problem,
  device: Device,
  families: readonly KernelFamily[],
  pins: Pins,
): ReadonlyMap<KernelFamily, string> {
  const names = Object.keys(pins);
  const asked = names.length === 0 ? [] : families.filter((family) => refusal(problem, device, family) === undefined);
  const lacking = new Map<KernelFamily, string>();
  for (const family of asked) {
    const unknowns = stateTiling(problem, device, family).tiling.unknowns.map(({ name }) => name);
    const strange = names.filter((name) => !unknowns.includes(name));
    if (strange.length > 0) lacking.set(family, noSuchUnknown(family, strange, unknowns));
  }
  if (asked.length > 0 && lacking.size === asked.length) {
    throw new KernelgenError("invalid-problem", [...lacking.values()].join("\n"));
  }
  return lacking;
}
