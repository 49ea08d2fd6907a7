import { constant, type IntExpr, type Model } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { Budget } from "../plan/family.js";
import { ceilQuotient, times } from "../plan/integer-expressions.js";
import { registerBytes } from "./on-chip.js";

/** Above any estimate: the budgets, not this bound, say what is too much. */
const registerEstimateLimit = 2 ** 24;

/** The registers that a thread may have, and those that the multiprocessor sets aside for a block. */
export function registerBudgets(
  device: CudaDevice,
  model: Model,
  estimatedRegisters: IntExpr,
  warpsPerPart: IntExpr,
): readonly Budget[] {
  const granule = device.registerAllocationUnit / device.warpSize;
  const granules = ceilQuotient(
    model,
    "registerGranules",
    estimatedRegisters,
    constant(granule),
    registerEstimateLimit,
  );
  // Registers are dealt to the multiprocessor's parts, so a block takes those of a whole number of warps in each.
  const allocated = times(granules, granule, warpsPerPart, device.warpAllocationGranularity * device.warpSize);
  return [
    {
      name: "registers per thread",
      need: estimatedRegisters,
      allowed: device.maxRegistersPerThread,
      unit: "registers",
    },
    {
      name: "registers per block",
      need: allocated.times(registerBytes),
      allowed: device.registersPerBlock * registerBytes,
      unit: "B",
    },
  ];
}
