import type { Device } from "hwmodels";
import { isLinear, whyNotLinear } from "../cell/linear.js";
import type { KernelFamily } from "./family.js";
import type { Problem } from "./problem.js";

/** Whether a family is for a problem's kind of recurrence: the scan for linear ones, the others for those with a product R·h. */
export const isForRecurrence = ({ cell }: Problem, family: KernelFamily): boolean =>
  isLinear(cell) === (family.name === "scan");

/** Why no tile of a family can serve a problem, its kind of recurrence or its sizes; undefined if one might. */
export function refusal(problem: Problem, device: Device, family: KernelFamily): string | undefined {
  const { cell } = problem;
  if (isForRecurrence(problem, family)) return family.refuse(problem, device);
  return isLinear(cell)
    ? `${cell.name} is a linear recurrence, without R; the family scan runs those`
    : whyNotLinear(cell);
}
