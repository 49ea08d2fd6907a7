import { evaluate, type IntExpr, Model, type Solution } from "constrint";
import type { Device } from "hwmodels";
import { KernelgenError } from "../errors.js";
import type { Budget, KernelFamily, Tiling } from "./family.js";
import { planHash } from "./hash.js";
import type { Plan } from "./plan.js";
import type { Problem } from "./problem.js";
import { problemText } from "./problem-text.js";

/** Values that unknowns are fixed to, by name. */
export type Pins = Readonly<Record<string, number>>;

/** What a family could do for a problem. */
export interface FamilyOutcome {
  readonly family: KernelFamily;
  /** Tilings that satisfy all constraints. */
  readonly feasibleCount: number;
  /** The one with the least predicted time, if there is one. */
  readonly plan?: Plan;
  /** Why there is none. */
  readonly reason?: string;
}

/** The fastest plan by prediction, and what every family that was asked could do. */
export interface PlanSearch {
  readonly plan: Plan;
  readonly family: KernelFamily;
  readonly outcomes: readonly FamilyOutcome[];
}

/**
 * Solves the tiling of each family for the device, and picks the plan with the least predicted time.
 *
 * Throws `KernelgenError` "no-configuration" with each family's reason if none can serve the problem.
 */
export function solvePlan(
  problem: Problem,
  device: Device,
  families: readonly KernelFamily[],
  pins: Pins = {},
): PlanSearch {
  const outcomes = families.map((family) => solveFamily(problem, device, family, pins));
  const solved = outcomes.filter((outcome) => outcome.plan !== undefined);
  const fastest = solved.toSorted(
    (a, b) => a.plan!.predictedMicrosecondsPerStep - b.plan!.predictedMicrosecondsPerStep,
  )[0];
  if (fastest === undefined) {
    const reasons = outcomes.map(({ family, reason }) => `  ${family.name}: ${reason}`);
    throw new KernelgenError(
      "no-configuration",
      [`no kernel family can serve ${problemText(problem)} on ${device.name}`, ...reasons].join("\n"),
    );
  }
  return { plan: fastest.plan!, family: fastest.family, outcomes };
}

/** Solves the tiling of one family. Throws `KernelgenError` "invalid-problem" if a pin is no unknown of the family. */
export function solveFamily(problem: Problem, device: Device, family: KernelFamily, pins: Pins = {}): FamilyOutcome {
  const reason = family.refuse(problem, device);
  if (reason !== undefined) return { family, feasibleCount: 0, reason };
  const { model, tiling } = state(problem, device, family, pins, () => true);
  const best = model.minimize(tiling.cost);
  if (best.solution === undefined) {
    return { family, feasibleCount: 0, reason: explainInfeasible(problem, device, family, pins) };
  }
  const { count } = model.count();
  return { family, feasibleCount: count, plan: planOf(problem, device, family, tiling, best.solution) };
}

/** A model of the tiling with its pins, and with those budgets as constraints that `isKept` picks. */
function state(
  problem: Problem,
  device: Device,
  family: KernelFamily,
  pins: Pins,
  isKept: (budget: Budget) => boolean,
): { model: Model; tiling: Tiling } {
  const model = new Model();
  const tiling = family.tile(problem, device, model);
  for (const [name, value] of Object.entries(pins)) {
    const unknown = tiling.unknowns.find((candidate) => candidate.name === name);
    if (unknown === undefined) {
      const names = tiling.unknowns.map((candidate) => candidate.name).join(", ");
      throw new KernelgenError("invalid-problem", `${family.name} has no unknown "${name}"; its unknowns: ${names}`);
    }
    model.add(unknown.eq(value), `${name} is pinned to ${value}`);
  }
  for (const budget of tiling.budgets.filter(isKept)) model.add(budget.need.le(budget.allowed), budget.name);
  return { model, tiling };
}

/**
 * Why no tile is feasible, in numbers: the budgets that cannot be met even alone, with the least that any tile needs; if there are none,
 * the budgets that cannot be met where all others are.
 */
function explainInfeasible(problem: Problem, device: Device, family: KernelFamily, pins: Pins): string {
  const { model, tiling } = state(problem, device, family, pins, () => false);
  if (model.solve().status === "unsatisfiable") {
    const pinned = Object.entries(pins).map(([name, value]) => `${name} = ${value}`);
    return `no tile of these dimensions${pinned.length > 0 ? ` has ${pinned.join(" and ")}` : ""}`;
  }
  const shortfalls = (isKept: (kept: Budget, judged: string) => boolean): string[] =>
    tiling.budgets.flatMap(
      ({ name }) =>
        shortfall(name, device, () => state(problem, device, family, pins, (kept) => isKept(kept, name))) ?? [],
    );
  const alone = shortfalls(() => false);
  if (alone.length > 0) return alone.join("; ");
  const together = shortfalls((kept, judged) => kept.name !== judged);
  if (together.length > 0) return `where all other limits are met, ${together.join("; or ")}`;
  const limits = tiling.budgets.map(({ name, allowed, unit }) => `${name} ${allowed} ${unit}`);
  return `no tile meets these limits of ${device.name} together: ${limits.join(", ")}`;
}

/** Nodes of a search for the least need of a budget: not minutes for a number in a message, and the same message everywhere. */
const leastNeedNodes = 4000;

/** How far a budget is from what the stated tiling needs; undefined if some tile meets it. */
function shortfall(name: string, device: Device, stated: () => { model: Model; tiling: Tiling }): string | undefined {
  const budgetOf = (tiling: Tiling): Budget => tiling.budgets.find((budget) => budget.name === name)!;
  const bounded = stated();
  const { need, allowed, unit } = budgetOf(bounded.tiling);
  if (bounded.model.add(need.le(allowed)).solve({ nodeLimit: leastNeedNodes }).status !== "unsatisfiable") {
    return undefined;
  }
  const { model, tiling } = stated();
  const least = model.minimize(budgetOf(tiling).need, { nodeLimit: leastNeedNodes });
  if (least.status === "unsatisfiable") return undefined;
  const amount = least.status === "optimal" ? `at least ${least.objective}` : `more than ${allowed}`;
  return `${name}: needs ${amount} ${unit}, ${device.name} allows ${allowed}`;
}

/** @internal The plan of one solution of a stated tiling. */
export function planOf(
  problem: Problem,
  device: Device,
  family: KernelFamily,
  tiling: Tiling,
  solution: Solution,
): Plan {
  const value = (expression: IntExpr): number => evaluate(expression, solution);
  const plan = {
    problem,
    target: family.target,
    deviceId: device.id,
    deviceName: device.name,
    family: family.name,
    parameters: Object.fromEntries(tiling.unknowns.map((unknown) => [unknown.name, solution[unknown.name]!])),
    derived: Object.fromEntries(Object.entries(tiling.derived).map(([name, expression]) => [name, value(expression)])),
    launch: {
      blockCount: value(tiling.launch.blockCount),
      threadsPerBlock: value(tiling.launch.threadsPerBlock),
      sharedBytesPerBlock: value(tiling.launch.sharedBytesPerBlock),
    },
    budgets: tiling.budgets.map(({ name, need, allowed, unit }) => ({ name, used: value(need), allowed, unit })),
    predictedMicrosecondsPerStep: value(tiling.cost) / 1e6,
  };
  return Object.freeze({ ...plan, hash: planHash(plan) });
}
