import type { IntExpr } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { Budget } from "../plan/family.js";
import { ceilQuotient, times } from "../plan/integer-expressions.js";
import { registerBytes } from "./on-chip.js";

/** The registers that a thread may have, and those that the multiprocessor sets aside for a block. */
export function registerBudgets(
  device: CudaDevice,
  estimatedRegisters: IntExpr,
  warpsPerPart: IntExpr,
): readonly Budget[] {
  const granule = device.registerAllocationUnit / device.warpSize;
  const granules = ceilQuotient(estimatedRegisters, granule);
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
