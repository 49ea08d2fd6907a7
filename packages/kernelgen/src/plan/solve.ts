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
  let fastest: Solved | undefined;
  const outcomeOf = new Map<KernelFamily, FamilyOutcome>();
  const isTight = (family: KernelFamily): boolean => family.isTight?.(problem, device) ?? false;
  const promisingFirst = candidates.toSorted((left, right) => Number(isTight(left)) - Number(isTight(right)));
  for (const family of promisingFirst) {
    const lacks = missing.get(family);
    if (lacks !== undefined) {
      outcomeOf.set(family, { family, reason: lacks });
      continue;
    }
    const limit = questions.everyFamily || questions.count ? Infinity : (fastest?.picoseconds ?? Infinity);
    const solved = solveBelow(problem, device, family, pins, asked, limit);
    outcomeOf.set(family, solved.outcome);
    if (solved.picoseconds < (fastest?.picoseconds ?? Infinity)) fastest = solved;
  }
  const outcomes = candidates.map((family) => outcomeOf.get(family)!);
  if (fastest === undefined) {
    const reasons = outcomes.map(({ family, reason }) => {
      const full = reason === withoutNumbers ? explainInfeasible(problem, device, family, pins) : reason;
      return `  ${family.name}: ${full}`;
    });
    throw new KernelgenError(
      "no-configuration",
      [`no kernel family can serve ${problemText(problem)} on ${device.name}`, ...reasons].join("\n"),
    );
  }
  const { outcome } = fastest;
  return { plan: outcome.plan!, family: outcome.family, outcomes };
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
  return solveBelow(problem, device, family, pins, questions, Infinity).outcome;
}

/** A family's outcome and the predicted time of its plan: infinite without one. */
interface Solved {
  readonly outcome: FamilyOutcome;
  readonly picoseconds: number;
}

/** Solves the tiling of one family; only tilings that are predicted faster than `most` picoseconds count. */
function solveBelow(
  problem: Problem,
  device: Device,
  family: KernelFamily,
  pins: Pins,
  { count = false, withoutReasons = false }: FamilyQuestions,
  most: number,
): Solved {
  const counted = (feasibleCount: number): { feasibleCount?: number } => (count ? { feasibleCount } : {});
  const none = (reason: string, feasibleCount = 0): Solved => ({
    outcome: { family, reason, ...counted(feasibleCount) },
    picoseconds: Infinity,
  });
  const reason = refusal(problem, device, family);
  if (reason !== undefined) return none(reason);
  const noneFaster = `no tile is faster than ${(most / picosecondsPerMicrosecond).toFixed(3)} µs a step`;
  if ((family.leastPicoseconds?.(problem, device) ?? 0) >= most) return none(noneFaster);
  const stated = stateTiling(problem, device, family, pins);
  const { model, tiling } = stated;
  const feasibleCount = count ? model.count(searchOptions(stated)).count : 0;
  if (most < Infinity) model.add(tiling.cost.lt(most), "faster than the plan at hand");
  const { solution, objective } = model.minimize(tiling.cost, searchOptions(stated));
  if (solution === undefined) {
    if (most < Infinity) return none(noneFaster);
    return none(withoutReasons ? withoutNumbers : explainInfeasible(problem, device, family, pins));
  }
  let plan: Plan | undefined;
  const outcome: FamilyOutcome = {
    family,
    // Put together when it is looked at: where another family is faster, mostly nobody does.
    get plan() {
      plan ??= planOf(stated, solution);
      return plan;
    },
    ...counted(feasibleCount),
  };
  return { outcome, picoseconds: objective! };
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
