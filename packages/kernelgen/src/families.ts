import type { Device } from "hwmodels";
import { cudaFamilies } from "./cuda/families.js";
import type { KernelFamily } from "./plan/family.js";
import { familiesOfName } from "./plan/named-family.js";
import type { Problem } from "./plan/problem.js";
import { isForRecurrence } from "./plan/refusal.js";
import { wgslFamilies } from "./wgsl/families.js";
import { familiesOnRequest, type OnRequest } from "./wgsl/families-on-request.js";

/** Every kernel family but those that need more than a target promises, which are considered on request alone. */
export const families: readonly KernelFamily[] = [...cudaFamilies, ...wgslFamilies];

/**
 * The families that run on a device; of those, if a problem is given, the ones for its kind of recurrence. Throws as `familiesOnRequest` does.
 */
export function familiesFor(device: Device, problem?: Problem, onRequest: OnRequest = {}): readonly KernelFamily[] {
  const target = device.kind === "cuda" ? "cuda" : "wgsl";
  return [...families, ...familiesOnRequest(device, onRequest)].filter(
    (family) => family.target === target && (problem === undefined || isForRecurrence(problem, family)),
  );
}

/** The families to consider: all of the device's, or the one of that name. Throws `KernelgenError` "invalid-problem" if there is none. */
export const familiesNamed = (
  name: string | undefined,
  device: Device,
  onRequest: OnRequest = {},
): readonly KernelFamily[] => familiesOfName(familiesFor(device, undefined, onRequest), name, device);
