import type { WebGpuDevice } from "hwmodels";
import { type GateTerm, gatesWith } from "../../cell/definition.js";
import { isLinear, withoutBiases } from "../../cell/linear.js";
import { KernelgenError } from "../../errors.js";
import type { KernelFamily } from "../../plan/family.js";
import { defineProblem, type Problem } from "../../plan/problem.js";
import { backwardStep } from "../../plan/saved-values.js";
import { solvePlan } from "../../plan/solve.js";
import { backwardBuffers } from "../backward-buffers.js";
import { entryPoint } from "../module-source.js";
import { biasGradient, inputGradient, recurrentGradient, weightGradient } from "../product/gradients.js";
import type { ModuleLaunch } from "../product/projection.js";
import { backwardEntryPoint, residentBackwardFamily } from "../resident-backward.js";
import { scanBackwardFamily } from "../scan/backward.js";
import { stepwiseBackwardFamily } from "../stepwise-backward.js";
import type { ProgramModule, TrainingModules } from "./program.js";
import { recurrenceModule, withoutTensorLimits } from "./recurrence-module.js";

/** All modules of training. */
export const trainedModules = (modules: TrainingModules): readonly ProgramModule[] => [
  modules.backward,
  ...modules.inputGradients,
  ...modules.weightGradients,
  ...(modules.recurrentGradient === undefined ? [] : [modules.recurrentGradient]),
  ...(modules.biasGradient === undefined ? [] : [modules.biasGradient]),
];

const backwardFamilies: readonly KernelFamily<WebGpuDevice>[] = [residentBackwardFamily, stepwiseBackwardFamily];

/**
 * Plans what training needs beside the forward pass: the backward kernel, and a product for each gradient. Throws as `planRecurrent` does.
 */
export function planTraining(
  { cell, headDim, heads, batch, steps, dataType }: Problem,
  inputDims: readonly number[],
  device: WebGpuDevice,
  familyName: string | undefined,
): { readonly modules: TrainingModules; readonly launches: readonly ModuleLaunch[] } {
  if (cell.phases !== undefined) {
    throw new KernelgenError("invalid-problem", `training: ${cell.name} has no backward kernel, its steps have phases`);
  }
  const sizes = { headDim, heads, batch, steps, dataType };
  // The cell may be a variant, which no name finds.
  const problem: Problem = { ...defineProblem({ pass: "backward", cell: "lstm", ...sizes }), cell };
  const isScan = isLinear(cell);
  // The projections of a linear recurrence add its biases.
  const recurrence: Problem = isScan ? { ...problem, cell: withoutBiases(cell) } : problem;
  const all = isScan ? [scanBackwardFamily] : backwardFamilies;
  // Families of forward passes alone leave the backward pass its choice.
  const named = all.filter(({ name }) => name === familyName);
  const families = named.length > 0 ? named : all;
  const { plan, family } = solvePlan(recurrence, withoutTensorLimits(device), families);
  const buffers = backwardBuffers(recurrence);
  const inputGradients = inputDims.map((dim) => inputGradient(problem, dim, device));
  const weightGradients = inputDims.map((dim) => weightGradient(problem, dim, device));
  const has = (term: GateTerm): boolean => gatesWith(cell, term).length > 0;
  const ofRecurrent = has("recurrent") ? recurrentGradient(problem, device) : undefined;
  const ofBias = has("bias") ? biasGradient(problem, device) : undefined;
  return {
    modules: {
      // A scan computes its gates again.
      savedCount: isScan ? 0 : backwardStep(problem).saved.length,
      gateCount: cell.gates.length,
      backward: recurrenceModule(plan, family, isScan ? entryPoint(recurrence) : backwardEntryPoint(plan), buffers),
      inputGradients: inputGradients.map(({ module }) => module),
      weightGradients: weightGradients.map(({ module }) => module),
      ...(ofRecurrent && { recurrentGradient: ofRecurrent.module }),
      ...(ofBias && { biasGradient: ofBias.module }),
    },
    launches: [
      { ...plan.launch, storageBufferCount: buffers.length },
      ...[...inputGradients, ...weightGradients].map(({ launch }) => launch),
      ...[ofRecurrent, ofBias].flatMap((product) => (product === undefined ? [] : [product.launch])),
    ],
  };
}
