import { planFromJson } from "../plan/plan-json.js";
import { kernelTensors } from "../plan/tensors.js";
import { requiredFeatures, requiredLimits } from "../wgsl/required-limits.js";
import type { BuiltKernel, KernelTier } from "./built-kernel.js";
import type { SolvedKernel } from "./solved-kernel.js";

function tierOf({ input, plan, sources }: SolvedKernel): KernelTier {
  const source = sources.map(({ text }) => text).join("\n");
  return {
    device: input.device.id,
    plan,
    requiredLimits: requiredLimits(planFromJson(plan)) as Record<string, number>,
    requiredFeatures: requiredFeatures(source),
    source,
  };
}

/** What of a plan decides its source, but for the name of the device. */
const shape = ({ plan: { family, parameters, derived, launch } }: SolvedKernel): string =>
  JSON.stringify({ family, parameters, derived, launch });

/** The data of a kernel that was solved for some WebGPU devices. Of tiers with the same source the last stays, which asks for the least. */
export function builtKernel(solved: readonly SolvedKernel[]): BuiltKernel {
  const [first] = solved;
  return {
    name: first!.input.name,
    problem: first!.plan.problem,
    tensors: kernelTensors(first!.input.problem),
    tiers: solved
      .filter((tier, index) => !solved.slice(index + 1).some((later) => shape(later) === shape(tier)))
      .map(tierOf),
  };
}
