import { domainHas, type IntVar } from "constrint";
import type { Device } from "hwmodels";
import type { Budget, KernelFamily, Tiling } from "./family.js";
import type { Problem } from "./problem.js";
import { type Pins, type StatedTiling, searchOptions, stateTiling } from "./stated-tiling.js";

/**
 * Why no tile is feasible, in numbers: the budgets that cannot be met even alone, with the least that any tile needs; if there are none,
 * the budgets that cannot be met where all others are.
 */
export function explainInfeasible(problem: Problem, device: Device, family: KernelFamily, pins: Pins): string {
  const free = stateTiling(problem, device, family, pins, () => false);
  const impossible = free.tiling.unknowns.flatMap((unknown) => impossiblePin(unknown, pins[unknown.name]) ?? []);
  if (impossible.length > 0) return impossible.join("; ");
  if (free.model.solve(searchOptions(free)).status === "unsatisfiable") {
    const pinned = Object.entries(pins).map(([name, value]) => `${name} = ${value}`);
    return pinned.length > 0
      ? `no tile of these dimensions has ${pinned.join(" and ")}`
      : `heads of ${problem.headDim} units and a batch of ${problem.batch} are too small for any tile`;
  }
  const shortfalls = (isKept: (kept: Budget, judged: string) => boolean): string[] =>
    free.tiling.budgets.flatMap(
      ({ name }) =>
        shortfall(name, device, () => stateTiling(problem, device, family, pins, (kept) => isKept(kept, name))) ?? [],
    );
  const alone = shortfalls(() => false);
  if (alone.length > 0) return alone.join("; ");
  const together = shortfalls((kept, judged) => kept.name !== judged);
  if (together.length > 0) return `where all other limits are met, ${together.join("; or ")}`;
  const limits = free.tiling.budgets.map(({ name, allowed, unit }) => `${name} ${allowed} ${unit}`);
  return `no tile meets these limits of ${device.name} together: ${limits.join(", ")}`;
}

/** What an unknown can be, where it cannot be what it is pinned to: "prefetchSteps is one of 4, 6, 8, 12, 16, not 5"; undefined where it can. */
function impossiblePin({ name, domain }: IntVar, pinned: number | undefined): string | undefined {
  if (pinned === undefined || domainHas(domain, pinned)) return undefined;
  const values = domain.values === undefined ? `${domain.min} to ${domain.max}` : `one of ${domain.values.join(", ")}`;
  return `${name} is ${values}, not ${pinned}`;
}

/** Nodes of a search for the least need of a budget: not minutes for a number in a message, and the same message everywhere. */
const leastNeedNodes = 4000;

/** How far a budget is from what the stated tiling needs; undefined if some tile meets it. */
function shortfall(name: string, device: Device, stated: () => StatedTiling): string | undefined {
  const budgetOf = (tiling: Tiling): Budget => tiling.budgets.find((budget) => budget.name === name)!;
  const bounded = stated();
  const { need, allowed, unit } = budgetOf(bounded.tiling);
  if (
    bounded.model.add(need.le(allowed)).solve({ ...searchOptions(bounded), nodeLimit: leastNeedNodes }).status !==
    "unsatisfiable"
  ) {
    return undefined;
  }
  const free = stated();
  const least = free.model.minimize(budgetOf(free.tiling).need, { ...searchOptions(free), nodeLimit: leastNeedNodes });
  if (least.status === "unsatisfiable") return undefined;
  const amount = least.status === "optimal" ? `at least ${least.objective}` : `more than ${allowed}`;
  const allowedUnit = unit === "B" ? " B" : ""; // counted things have been named
  return `${name}: needs ${amount} ${unit}, ${device.name} allows ${allowed}${allowedUnit}`;
}
