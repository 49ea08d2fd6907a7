import type { Device } from "hwmodels";
import type { KernelFamily } from "../plan/family.js";
import { familiesOfName } from "../plan/named-family.js";
import type { OnRequest } from "../wgsl/families-on-request.js";

/** `familiesNamed`, of which only the modules for the device's target are loaded: a process that plans one kernel spends most of its time on loading. */
export async function loadFamilies(
  name: string | undefined,
  device: Device,
  onRequest: OnRequest,
): Promise<readonly KernelFamily[]> {
  const isAsked = onRequest.assumeForwardProgress || onRequest.subgroupMatrices;
  if (device.kind === "webgpu" || isAsked)
    return (await import("../families.js")).familiesNamed(name, device, onRequest);
  return familiesOfName((await import("../cuda/families.js")).cudaFamilies, name, device);
}
