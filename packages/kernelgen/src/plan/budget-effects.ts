import { evaluate } from "constrint";
import type { Device } from "hwmodels";
import type { Budget, KernelFamily } from "./family.js";
import type { BudgetUse, Plan } from "./plan.js";
import { type Pins, picosecondsPerMicrosecond, planOf, stateTiling } from "./stated-tiling.js";

/** What a budget means for a plan: how much of it is left, and what more of it would give. */
export interface BudgetEffect extends BudgetUse {
  /** allowed − used */
  readonly slack: number;
  /** Whether some tiling within all other budgets is predicted faster than the plan. */
  readonly binds: boolean;
  /** The fastest plan within all other budgets, if that is faster, and what it needs of this one. */
  readonly fastestWithout?: { readonly plan: Plan; readonly needed: number };
  /** The plan that is faster and needs the least of this budget, and how much that is. */
  readonly nextBetter?: { readonly plan: Plan; readonly needed: number };
}

/** Nodes of each of the searches: an answer to a question, not minutes; the same answer everywhere. */
const searchNodes = 4000;

/** What each budget of a plan means for it: its family's tilings with one budget after the other left out. */
export function budgetEffects(
  plan: Plan,
  device: Device,
  family: KernelFamily,
  pins: Pins = {},
): readonly BudgetEffect[] {
  const picoseconds = Math.round(plan.predictedMicrosecondsPerStep * picosecondsPerMicrosecond);
  return plan.budgets.map((use, index) => {
    const { name } = use;
    // A search for the tiling that makes an expression least among those that are faster and keep to all other budgets.
    const leastWithout = (wanted: "time" | "need"): { plan: Plan; needed: number } | undefined => {
      const stated = stateTiling(plan.problem, device, family, pins, (budget) => budget.name !== name);
      const { model, tiling } = stated;
      const budget: Budget = tiling.budgets[index]!;
      model.add(tiling.cost.lt(picoseconds));
      const { solution } = model.minimize(wanted === "time" ? tiling.cost : budget.need, { nodeLimit: searchNodes });
      return solution && { plan: planOf(stated, solution), needed: evaluate(budget.need, solution) };
    };
    const fastestWithout = leastWithout("time");
    const nextBetter = fastestWithout && leastWithout("need");
    return {
      ...use,
      slack: use.allowed - use.used,
      binds: fastestWithout !== undefined,
      ...(fastestWithout && { fastestWithout }),
      ...(nextBetter && { nextBetter }),
    };
  });
}
