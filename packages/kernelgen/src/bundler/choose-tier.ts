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

/**
 * The first tier of a kernel or network that the adapter (or device) can hold. Throws `KernelgenError` "no-configuration" naming what each
 * tier lacks, with the numbers.
 */
export function chooseTier<T extends Tier>(
  { name, tiers }: { readonly name: string; readonly tiers: readonly T[] },
  adapter: AdapterLimits,
): T {
  const judged = tiers.map((tier) => ({ tier, unmet: unmetRequirements(tier, adapter) }));
  const found = judged.find(({ unmet }) => unmet.length === 0);
  if (found === undefined) {
    const reasons = judged.map(({ tier, unmet }) => `  ${tier.device}: ${unmet.join("; ")}`);
    throw new KernelgenError("no-configuration", [`no tier of ${name} fits this WebGPU device`, ...reasons].join("\n"));
  }
  return found.tier;
}

/**
 * A device with all that a tier requires. A device has an adapter's larger limits only if they are asked for. Rejects as
 * `GPUAdapter.requestDevice` does.
 */
export const requestDeviceFor = ({ requires }: Tier, adapter: GPUAdapter): Promise<GPUDevice> =>
  adapter.requestDevice({
    requiredLimits: { ...requires.limits },
    requiredFeatures: requires.features as GPUFeatureName[],
  });

/** The forward kernel of the best tier for a device, ready to run. Throws as `chooseTier` and `createForward` do. */
export function createBuiltForward(device: GPUDevice, kernel: BuiltKernel): Promise<WebGpuForward> {
  const tier = chooseTier(kernel, device);
  return createForward(device, planFromJson(tier.plan), tier.source);
}
