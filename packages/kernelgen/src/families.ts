import type { Device } from "hwmodels";
import { gridFamily } from "./cuda/grid.js";
import { residentFamily } from "./cuda/resident.js";
import type { KernelFamily } from "./plan/family.js";
import { residentFamily as wgslResidentFamily } from "./wgsl/resident.js";
import { stepwiseFamily } from "./wgsl/stepwise.js";

/** Every kernel family. */
export const families: readonly KernelFamily[] = [residentFamily, gridFamily, wgslResidentFamily, stepwiseFamily];

/** The families that run on a device. */
export function familiesFor(device: Device): readonly KernelFamily[] {
  const target = device.kind === "cuda" ? "cuda" : "wgsl";
  return families.filter((family) => family.target === target);
}
