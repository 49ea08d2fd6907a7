import type { CudaDevice } from "hwmodels";
import type { Problem } from "../../../packages/kernelgen/src/plan/problem.js";
import { everyStepwiseChoice, plainStepwise } from "./plain-stepwise.js";
import { allowances, type CudaFamilyName, everyChoice, fits, type Parameters, plainTiling } from "./plain-tiling.js";

// All tilings of a family for a problem, found by trying every choice of its parameters by plain arithmetic.

/** A tiling that works on a device that has room for it. */
export interface Trial {
  readonly parameters: Parameters;
  /** Whether the device has room for it. */
  fits(): boolean;
  /** What it needs of each budget, by the budget's name. */
  needs(): Parameters;
  /** The values of the model's auxiliary unknowns, by name. */
  auxiliaries(): Parameters;
}

/** A family of CUDA kernels that step through time. */
export type TriedFamily = CudaFamilyName | "stepwise";

/** The tilings that work, of at most `mostThreads` in a block, whether the device has room for them or not. */
export function* soundTilings(
  problem: Problem,
  device: CudaDevice,
  family: TriedFamily,
  mostThreads: number = device.maxThreadsPerBlock,
): Generator<Trial> {
  if (family === "stepwise") {
    for (const parameters of everyStepwiseChoice(problem)) {
      const { sound, budgets, auxiliaries } = plainStepwise({ problem, parameters }, device);
      if (!sound) continue;
      yield {
        parameters,
        fits: () => Object.values(budgets).every(([need, allowed]) => need! <= allowed!),
        needs: () => Object.fromEntries(Object.entries(budgets).map(([name, [need]]) => [name, need!])),
        auxiliaries: () => auxiliaries,
      };
    }
    return;
  }
  for (const parameters of everyChoice(problem, device, family, mostThreads)) {
    const tiling = plainTiling(problem, device, family, parameters);
    if (tiling.sound) yield { parameters, ...tiling, fits: () => fits(tiling, device, family) };
  }
}

/** What the device allows of each budget of the family. */
export function allowancesOf(problem: Problem, device: CudaDevice, family: TriedFamily): Parameters {
  if (family !== "stepwise") return allowances(device, family);
  const smallest = {
    ...{ unitTile: 1, columnGroups: 1, warpCount: 1 },
    ...{ warpsAlongUnits: 1, warpsAlongColumns: 1, chunksInFlight: 2 },
  };
  const { budgets } = plainStepwise({ problem, parameters: smallest }, device);
  return Object.fromEntries(Object.entries(budgets).map(([name, [, allowed]]) => [name, allowed!]));
}
