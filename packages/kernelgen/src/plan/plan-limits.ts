import { evaluate } from "constrint";
import type { Device } from "hwmodels";
import type { KernelFamily } from "./family.js";
import type { BudgetUse, Plan } from "./plan.js";
import {
  type Pins,
  picosecondsPerMicrosecond,
  planOf,
  type StatedTiling,
  searchOptions,
  stateTiling,
} from "./stated-tiling.js";

/** How much of a budget a plan leaves, and whether it is one of those that keep the plan from being faster. */
export interface BudgetEffect extends BudgetUse {
  /** allowed − used */
  readonly slack: number;
  /** Whether it belongs to the smallest set found of budgets that together rule out every faster tiling of the family. */
  readonly binds: boolean;
}

/** What keeps a plan from being faster. */
export interface PlanLimits {
  readonly budgets: readonly BudgetEffect[];
  /**
   * The faster tiling that is nearest to being feasible: of all that are faster, the one whose largest excess over a budget, in thousandths of
   * that budget, is least. None if no tiling of the family is faster, however much of everything there were.
   */
  readonly nextBetter?: { readonly plan: Plan; readonly exceeded: readonly BudgetUse[] };
}

/** Nodes of each search: an answer to a question, not minutes; the same answer everywhere. */
const searchNodes = 4000;
/** Excess over a budget is counted in parts of it. */
const budgetParts = 1000;
/** No budget is exceeded by more than this many times itself. */
const mostExcess = 100 * budgetParts;

/** What keeps a plan from being faster, by its family's tilings with budgets left out or exceeded. */
export function planLimits(plan: Plan, device: Device, family: KernelFamily, pins: Pins = {}): PlanLimits {
  const picoseconds = Math.round(plan.predictedMicrosecondsPerStep * picosecondsPerMicrosecond);
  const faster = (kept: ReadonlySet<string>): StatedTiling => {
    const stated = stateTiling(plan.problem, device, family, pins, ({ name }) => kept.has(name));
    stated.model.add(stated.tiling.cost.lt(picoseconds), "faster than the plan");
    return stated;
  };
  const rulesOut = (kept: ReadonlySet<string>): boolean => {
    const stated = faster(kept);
    return stated.model.solve({ ...searchOptions(stated), nodeLimit: searchNodes }).status === "unsatisfiable";
  };
  const nextBetter = nearestToFeasible(faster(new Set()));
  // Budgets that are not needed to rule out what is faster are left out one after the other.
  const binding = new Set(nextBetter === undefined ? [] : plan.budgets.map(({ name }) => name));
  for (const name of [...binding]) {
    binding.delete(name);
    if (!rulesOut(binding)) binding.add(name);
  }
  return {
    budgets: plan.budgets.map((use) => ({ ...use, slack: use.allowed - use.used, binds: binding.has(use.name) })),
    ...(nextBetter && {
      nextBetter: { plan: nextBetter, exceeded: nextBetter.budgets.filter(({ used, allowed }) => used > allowed) },
    }),
  };
}

/** The tiling whose largest excess over a budget is least. */
function nearestToFeasible(stated: StatedTiling): Plan | undefined {
  const { model, tiling } = stated;
  const excess = model.int("largest excess over a budget, in thousandths", 0, mostExcess);
  for (const { need, allowed } of tiling.budgets) {
    model.add(need.times(budgetParts).le(excess.times(allowed).plus(allowed * budgetParts)));
  }
  const limited = { ...searchOptions(stated), nodeLimit: searchNodes };
  const { solution } = model.minimize(excess, limited);
  if (solution === undefined) return undefined;
  // Of those that exceed no budget by more, the fastest.
  model.add(excess.le(evaluate(excess, solution)));
  return planOf(stated, model.minimize(tiling.cost, limited).solution ?? solution);
}
