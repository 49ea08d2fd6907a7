import { KernelgenError } from "../errors.js";
import { planFromJson } from "../plan/plan-json.js";
import { createForward, type WebGpuForward } from "../wgsl/runtime.js";
import type { BuiltKernel, KernelTier } from "./built-kernel.js";

/** What is asked of an adapter, or of a device. */
export interface AdapterLimits {
  readonly limits: GPUSupportedLimits;
  readonly features: ReadonlySet<string>;
}

/** What stands against a tier on an adapter, with the numbers; empty if nothing does. */
function lacks(tier: KernelTier, { limits, features }: AdapterLimits): string[] {
  const short = Object.entries(tier.requiredLimits).flatMap(([name, needed]) => {
    const allowed = (limits as unknown as Record<string, number | undefined>)[name] ?? 0;
    return allowed < needed ? [`${name}: needs ${needed}, has ${allowed}`] : [];
  });
  const missing = tier.requiredFeatures.filter((feature) => !features.has(feature));
  return [...short, ...missing.map((feature) => `feature ${feature} is missing`)];
}

/**
 * The first tier of a kernel whose plan the adapter (or device) can hold. A device has the adapter's larger limits only if they were asked
 * for: `adapter.requestDevice({ requiredLimits: tier.requiredLimits, requiredFeatures: tier.requiredFeatures })`.
 *
 * Throws `KernelgenError` "no-configuration" naming what each tier lacks.
 */
export function chooseTier(kernel: BuiltKernel, adapter: AdapterLimits): KernelTier {
  const judged = kernel.tiers.map((tier) => ({ tier, lacking: lacks(tier, adapter) }));
  const found = judged.find(({ lacking }) => lacking.length === 0);
  if (found === undefined) {
    const reasons = judged.map(({ tier, lacking }) => `  ${tier.device}: ${lacking.join("; ")}`);
    throw new KernelgenError(
      "no-configuration",
      [`no tier of kernel ${kernel.name} fits this WebGPU device`, ...reasons].join("\n"),
    );
  }
  return found.tier;
}

/**
 * The forward kernel of the best tier for a device, ready to run. Throws as `chooseTier` and `createForward` do.
 */
export function createBuiltForward(device: GPUDevice, kernel: BuiltKernel): Promise<WebGpuForward> {
  const tier = chooseTier(kernel, device);
  return createForward(device, planFromJson(tier.plan), tier.source);
}
