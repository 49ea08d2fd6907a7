import type { Device } from "hwmodels";
import { type DataType, dataTypes } from "./data-type.js";
import type { KernelFamily } from "./family.js";
import { type Problem, problemLimits } from "./problem.js";
import { refusal } from "./refusal.js";
import { searchOptions, stateTiling } from "./stated-tiling.js";

/** Sizes near those of a problem that has no plan, each with the other sizes as they are; what is left out was not found. */
export interface NearestFeasible {
  /** A multiple of `headDimStep` below the problem's head dimension that has a plan, where the next multiple has none. */
  readonly headDimBelow?: number;
  /** The smallest multiple of `headDimStep` above it that has a plan, of those looked at. */
  readonly headDimAbove?: number;
  /** The largest batch below the problem's that has a plan. */
  readonly batch?: number;
  /** The largest number of heads below the problem's that has a plan. */
  readonly heads?: number;
  /** The other data types that have a plan. */
  readonly dataTypes: readonly DataType[];
}

/** Head dimensions that are looked at. */
export const headDimStep = 8;
/** Multiples that are looked at above a head dimension: a hole in what is feasible is narrow. */
const multiplesAbove = 16;
/** Nodes of a search for any tiling. */
const searchNodes = 4000;

/** Looks for plans of other head dimensions, batches, numbers of heads and data types. */
export function nearestFeasible(problem: Problem, device: Device, families: readonly KernelFamily[]): NearestFeasible {
  const isFeasible = (sizes: Partial<Problem>): boolean => {
    const changed = { ...problem, ...sizes };
    return families.some((family) => {
      if (refusal(changed, device, family) !== undefined) return false;
      const stated = stateTiling(changed, device, family);
      return stated.model.solve({ ...searchOptions(stated), nodeLimit: searchNodes }).status === "satisfied";
    });
  };
  const multiple = Math.ceil(problem.headDim / headDimStep) - 1;
  const below = largestFeasible(multiple, (count) => isFeasible({ headDim: count * headDimStep }));
  const above = Array.from(
    { length: multiplesAbove },
    (_, index) => (Math.floor(problem.headDim / headDimStep) + 1 + index) * headDimStep,
  ).find((headDim) => headDim <= problemLimits.headDim && isFeasible({ headDim }));
  const batch = largestFeasible(problem.batch - 1, (size) => isFeasible({ batch: size }));
  const heads = largestFeasible(problem.heads - 1, (size) => isFeasible({ heads: size }));
  return {
    ...(below !== undefined && { headDimBelow: below * headDimStep }),
    ...(above !== undefined && { headDimAbove: above }),
    ...(batch !== undefined && { batch }),
    ...(heads !== undefined && { heads }),
    dataTypes: dataTypes.filter((dataType) => dataType !== problem.dataType && isFeasible({ dataType, tf32: false })),
  };
}

/** A feasible value from 1 to `most` whose successor is not feasible, or `most`; undefined if 1, 2, 4, … below `most` are not. */
function largestFeasible(most: number, isFeasible: (value: number) => boolean): number | undefined {
  if (most < 1) return undefined;
  if (isFeasible(most)) return most;
  let infeasible = most;
  let distance = 1;
  while (infeasible - distance >= 1 && !isFeasible(infeasible - distance)) {
    infeasible -= distance;
    distance *= 2;
  }
  let feasible = infeasible - distance;
  if (feasible < 1) {
    if (infeasible === 1 || !isFeasible(1)) return undefined;
    feasible = 1;
  }
  while (infeasible - feasible > 1) {
    const middle = Math.floor((feasible + infeasible) / 2);
    if (isFeasible(middle)) feasible = middle;
    else infeasible = middle;
  }
  return feasible;
}
