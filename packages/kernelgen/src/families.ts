import type { Device } from "hwmodels";
import { clusterFamily } from "./cuda/cluster.js";
import { directFamily } from "./cuda/direct.js";
import { gridFamily } from "./cuda/grid.js";
import { residentFamily } from "./cuda/resident.js";
import { scanFamily } from "./cuda/scan.js";
import { stepwiseCudaFamily } from "./cuda/stepwise.js";
import { KernelgenError } from "./errors.js";
import type { KernelFamily } from "./plan/family.js";
import type { Problem } from "./plan/problem.js";
import { isForRecurrence } from "./plan/refusal.js";
import { familiesOnRequest, type OnRequest } from "./wgsl/families-on-request.js";
import { residentFamily as wgslResidentFamily } from "./wgsl/resident.js";
import { scanFamily as wgslScanFamily } from "./wgsl/scan/forward.js";
import { stepwiseFamily } from "./wgsl/stepwise.js";

/** Every kernel family but those that need more than a target promises, which are considered on request alone. */
export const families: readonly KernelFamily[] = [
  residentFamily,
  clusterFamily,
  directFamily,
  gridFamily,
  stepwiseCudaFamily,
  scanFamily,
  wgslResidentFamily,
  stepwiseFamily,
  wgslScanFamily,
];

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
export function familiesNamed(
  name: string | undefined,
  device: Device,
  onRequest: OnRequest = {},
): readonly KernelFamily[] {
  const families = familiesFor(device, undefined, onRequest);
  if (name === undefined) return families;
  const named = families.filter((family) => family.name === name);
  if (named.length === 0) {
    throw new KernelgenError(
      "invalid-problem",
      `unknown family "${name}"; families for ${device.name}: ${families.map((family) => family.name).join(", ")}`,
    );
  }
  return named;
}
