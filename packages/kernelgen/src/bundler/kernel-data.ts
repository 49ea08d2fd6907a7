import { planFromJson } from "../plan/plan-json.js";
import { kernelTensors } from "../plan/tensors.js";
import { planRequirements } from "../wgsl/plan-requirements.js";
import type { BuiltKernel, BuiltNetwork } from "./built.js";
import type { Solved, SolvedKernel, SolvedNetwork } from "./solved.js";

/** The data of what was solved for some WebGPU devices: a kernel or a network, as the definition was. */
export function builtData(solved: readonly Solved[]): { kernel: BuiltKernel } | { network: BuiltNetwork } {
  const tiers = withoutRepetitions(solved);
  const kernels = tiers.filter((tier) => tier.kind === "kernel");
  return kernels.length > 0
    ? { kernel: builtKernel(kernels) }
    : { network: builtNetwork(tiers.filter((tier) => tier.kind === "network")) };
}

function builtKernel(tiers: readonly SolvedKernel[]): BuiltKernel {
  const { input, result } = tiers[0]!;
  return {
    name: input.name,
    problem: result.problem,
    tensors: kernelTensors(input.problem),
    tiers: tiers.map(({ input: { device, problem }, result: plan, sources }) => {
      const source = sources.map(({ text }) => text).join("\n");
      return { device: device.id, plan, requires: planRequirements(planFromJson(plan, problem.cell), source), source };
    }),
  };
}

const builtNetwork = (tiers: readonly SolvedNetwork[]): BuiltNetwork => ({
  name: tiers[0]!.input.name,
  tiers: tiers.map(({ input, result }) => ({
    device: input.device.id,
    program: result,
    requires: result.requires,
  })),
});

/** Without the tiers whose code a later one has too. Comments do not count: they name the device. */
function withoutRepetitions(tiers: readonly Solved[]): readonly Solved[] {
  const codes = tiers.map(({ sources }) => sources.map(({ text }) => text.replaceAll(/^\/\/.*$/gm, "")).join("\n"));
  return tiers.filter((_, index) => !codes.includes(codes[index]!, index + 1));
}
