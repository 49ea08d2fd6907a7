import { evaluator, Model, type Solution, type SolveOptions } from "constrint";
import type { Device } from "hwmodels";
import { KernelgenError } from "../errors.js";
import type { Budget, KernelFamily, Tiling } from "./family.js";
import { planHash } from "./hash.js";
import type { Plan } from "./plan.js";
import type { Problem } from "./problem.js";

/** Values that unknowns are fixed to, by name. */
export type Pins = Readonly<Record<string, number>>;

/** A family's tiling of a problem on a model that can be asked. */
export interface StatedTiling {
  readonly problem: Problem;
  readonly device: Device;
  readonly family: KernelFamily;
  readonly model: Model;
  readonly tiling: Tiling;
}

/**
 * States a family's tiling on a new model: its structure, the pins, and those of its budgets that `isKept` picks. Throws `KernelgenError`
 * "invalid-problem" if a pin is no unknown of the family, with the names of those that are.
 */
export function stateTiling(
  problem: Problem,
  device: Device,
  family: KernelFamily,
  pins: Pins = {},
  isKept: (budget: Budget) => boolean = () => true,
): StatedTiling {
  const model = new Model();
  const tiling = family.tile(problem, device, model);
  const unknowns = tiling.unknowns.map(({ name }) => name);
  const strange = Object.keys(pins).filter((name) => !unknowns.includes(name));
  if (strange.length > 0) throw new KernelgenError("invalid-problem", noSuchUnknown(family, strange, unknowns));
  for (const [name, value] of Object.entries(pins)) {
    model.add(model.variable(name)!.eq(value), `${name} is pinned to ${value}`);
  }
  // Counts before bytes, which are products of them: with the small ones bounded, the large ones stay in the exact range.
  const smallFirst = tiling.budgets.filter(isKept).toSorted((left, right) => left.allowed - right.allowed);
  for (const { name, need, allowed } of smallFirst) model.add(need.le(allowed), name);
  return { problem, device, family, model, tiling };
}

/**
 * How a tiling's model is searched: its unknowns are few, its formulas many and shared, and it is solved once, by code that has mostly not run
 * before.
 */
export const searchOptions = ({ tiling }: StatedTiling): SolveOptions => ({
  arithmetic: "graph",
  order: tiling.searchOrder,
});

/** "grid has no unknown "warps"; its unknowns: …" */
export function noSuchUnknown(family: KernelFamily, names: readonly string[], unknowns: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(" and ");
  return `${family.name} has no unknown ${quoted}; its unknowns: ${unknowns.join(", ")}`;
}

/** The plan of one solution of a stated tiling. */
export function planOf({ problem, device, family, tiling }: StatedTiling, solution: Solution): Plan {
  const value = evaluator(solution);
  const costs = new Map<string, number>();
  for (const { name, amount, price } of tiling.costTerms) {
    costs.set(name, (costs.get(name) ?? 0) + value(amount) * price);
  }
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
    predictedMicrosecondsPerStep: value(tiling.cost) / picosecondsPerMicrosecond,
    predictedParts: Object.fromEntries(
      [...costs].filter(([, cost]) => cost > 0).map(([name, cost]) => [name, cost / picosecondsPerMicrosecond]),
    ),
  };
  return Object.freeze({ ...plan, hash: planHash(plan) });
}

export const picosecondsPerMicrosecond = 1e6;
