import type { CellDefinition } from "../cell/definition.js";
import { KernelgenError } from "../errors.js";
import { planFromJson } from "../plan/plan-json.js";
import { type Capabilities, type ProgramRequirements, unmetRequirements } from "../wgsl/recurrent/program.js";
import { createForward, type WebGpuForward } from "../wgsl/runtime.js";
import type { BuiltKernel } from "./built.js";

/** What is asked of an adapter, or of a device. */
export interface AdapterLimits extends Capabilities {
  readonly limits: GPUSupportedLimits;
}

/** What the tiers of kernels and of networks have in common. */
interface Tier {
  readonly device: string;
  readonly requires: ProgramRequirements;
}

/** The adapter; throws `KernelgenError` "no-webgpu-device" where there is none, as `requestAdapter` may answer. */
function present<T>(adapter: T | null | undefined): T {
  if (adapter !== null && adapter !== undefined) return adapter;
  throw new KernelgenError(
    "no-webgpu-device",
    "no WebGPU adapter: this browser has no WebGPU for this page (it needs HTTPS or localhost), or allows none of its GPUs",
  );
}

/**
 * The first tier of a kernel or network that the adapter (or device) can hold. Throws `KernelgenError` "no-configuration" naming what each
 * tier lacks, with the numbers, and "no-webgpu-device" where there is no adapter.
 */
export function chooseTier<T extends Tier>(
  { name, tiers }: { readonly name: string; readonly tiers: readonly T[] },
  adapter: AdapterLimits | null | undefined,
): T {
  const able = present(adapter);
  const judged = tiers.map((tier) => ({ tier, unmet: unmetRequirements(tier, able) }));
  const found = judged.find(({ unmet }) => unmet.length === 0);
  if (found === undefined) {
    const reasons = judged.map(({ tier, unmet }) => `  ${tier.device}: ${unmet.join("; ")}`);
    throw new KernelgenError("no-configuration", [`no tier of ${name} fits this WebGPU device`, ...reasons].join("\n"));
  }
  return found.tier;
}

/**
 * A device with all that a tier requires. A device has an adapter's larger limits only if they are asked for. Rejects as
 * `GPUAdapter.requestDevice` does, and with `KernelgenError` "no-webgpu-device" where there is no adapter.
 */
export async function requestDeviceFor({ requires }: Tier, adapter: GPUAdapter | null | undefined): Promise<GPUDevice> {
  return present(adapter).requestDevice({
    requiredLimits: { ...requires.limits },
    requiredFeatures: requires.features as GPUFeatureName[],
  });
}

/**
 * The forward kernel of the best tier for a device, ready to run. Throws as `chooseTier`, `planFromJson` and `createForward` do.
 *
 * @param ownCell the kernel's cell, where its name is not that of a known one
 */
export async function createBuiltForward(
  device: GPUDevice,
  kernel: BuiltKernel,
  ownCell?: CellDefinition,
): Promise<WebGpuForward> {
  const tier = chooseTier(kernel, device);
  return createForward(device, planFromJson(tier.plan, ownCell), tier.source);
}
