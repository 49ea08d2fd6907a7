import { familiesNamed } from "../families.js";
import type { SourceFile } from "../plan/family.js";
import { type PlanJson, planToJson } from "../plan/plan-json.js";
import { solvePlan } from "../plan/solve.js";
import type { KernelInput } from "./kernel-input.js";

/** A kernel's plan for one device, and its source. */
export interface SolvedKernel {
  readonly input: KernelInput;
  readonly plan: PlanJson;
  readonly sources: readonly SourceFile[];
}

/** Solves a kernel for its device. Throws `KernelgenError` "no-configuration" where no tile is feasible. */
export function solveKernel(input: KernelInput): SolvedKernel {
  const { name, problem, device } = input;
  const { plan, family } = solvePlan(problem, device, familiesNamed(input.family, device));
  return { input, plan: planToJson(plan), sources: family.emit(plan, name) };
}
