import type { CudaDevice } from "hwmodels";
import type { CellDefinition } from "../cell/definition.js";
import { cells, linearCells } from "../cell/index.js";
import { isLinear, withoutBiases } from "../cell/linear.js";
import { KernelgenError } from "../errors.js";
import { familiesFor } from "../families.js";
import { checkKernelName, kernelName } from "../plan/kernel-name.js";
import type { Plan } from "../plan/plan.js";
import { defineProblem, type Problem, type ProblemExtras, type ProblemOptions, passes } from "../plan/problem.js";
import { solvePlan } from "../plan/solve.js";
import { kernelTensors, type Tensor } from "../plan/tensors.js";

/**
 * What a kernel of a set is for. Inference keeps the last step of the states other than h, training all that a backward pass reads.
 * `backward` is given the gradients of h and of the last step of the other states, `backward_sequence` those of all steps of all states.
 */
export type KernelUse = "inference" | "training" | "backward" | "backward_sequence";

/** One kernel of a set: a plan, and its source under a name that no other kernel of the set has. */
export interface SetKernel {
  /** C identifier: the namespace of the source, and the name of its file. */
  readonly name: string;
  readonly use: KernelUse;
  readonly plan: Plan;
  readonly device: CudaDevice;
  /** The kernel and the function that launches it, in the namespace `name`; includes "prelude.cuh". */
  readonly source: string;
  /** What the launch function takes, in its order. */
  readonly tensors: readonly Tensor[];
}

/** A scan of a set: of a linear recurrence whose inputs have their biases already, for any batch and number of steps; the tile is the best for the plan's. */
export interface ScanKernel {
  /** C identifier: the namespace of the source, and the name of its file. */
  readonly name: string;
  readonly plan: Plan;
  readonly device: CudaDevice;
  /** The kernel and the functions that launch it, in the namespace `name`; includes "prelude.cuh". */
  readonly source: string;
}

/** A kernel that no family can serve, and why. */
export interface LeftOutKernel {
  readonly name: string;
  readonly deviceId: string;
  readonly reason: string;
}

/** Kernels of several problems and devices, to be compiled together. */
export interface KernelSet {
  readonly kernels: readonly SetKernel[];
  /** The kernels of linear recurrences. */
  readonly scans: readonly ScanKernel[];
  readonly leftOut: readonly LeftOutKernel[];
}

/** What a set is given of a problem: sizes, types and extras; those of the recurrent gradient are for its backward kernels alone. */
export type SetProblem = Pick<Problem, "cell" | "headDim" | "heads" | "batch" | "dataType" | "tf32"> & ProblemExtras;

/**
 * Solves the kernels of every problem for every device. A kernel that no family can serve is left out with the reason; the others are
 * there.
 *
 * Throws `KernelgenError` "no-configuration" with every reason if there is none at all, "invalid-problem" if two cells have one name.
 *
 * @param training whether kernels for training are wanted beside those for inference; of a linear recurrence, its backward pass
 * @param onKernel called with the name of each kernel before it is solved, for progress
 */
export function solveKernelSet(
  problems: readonly SetProblem[],
  devices: readonly CudaDevice[],
  training: boolean,
  onKernel: (name: string, device: CudaDevice) => void = () => undefined,
): KernelSet {
  const kernels: SetKernel[] = [];
  const scans: ScanKernel[] = [];
  const leftOut: LeftOutKernel[] = [];
  const solve = (problem: Problem, givenName: string, device: CudaDevice): Omit<SetKernel, "use"> | undefined => {
    const name = kernelName(problem, givenName);
    onKernel(name, device);
    try {
      const { plan, family } = solvePlan(problem, device, familiesFor(device));
      const source = family.emit(plan, givenName)[0].text;
      return { name, plan, device, source, tensors: kernelTensors(problem) };
    } catch (error) {
      if (!(error instanceof KernelgenError) || error.code !== "no-configuration") throw error;
      leftOut.push({ name, deviceId: device.id, reason: error.message });
      return undefined;
    }
  };
  requireOneCellOfAName(problems);
  for (const device of devices) {
    for (const sizes of problems) {
      if (isLinear(sizes.cell)) {
        for (const pass of training ? passes : passes.slice(0, 1)) {
          const problem = defineProblem({
            ...namedSizes(sizes),
            cell: withoutBiases(sizes.cell),
            tf32: false,
            pass,
            steps: scanSteps,
          });
          const kernel = solve(problem, nameOf(problem, "scan"), device);
          if (kernel !== undefined) scans.push(kernel);
        }
        continue;
      }
      for (const use of usesOf(sizes.cell, training)) {
        const problem = setProblem(sizes, use);
        const kernel = solve(problem, nameOf(problem, useWord(use)), device);
        if (kernel !== undefined) kernels.push({ ...kernel, use });
      }
    }
  }
  if (kernels.length + scans.length === 0) {
    throw new KernelgenError("no-configuration", leftOut.map(({ reason }) => reason).join("\n"));
  }
  return { kernels, scans, leftOut };
}

/** Kernels are told apart by their cells' names. */
function requireOneCellOfAName(problems: readonly SetProblem[]): void {
  const linear = new Map<string, CellDefinition>(linearCells);
  for (const { cell } of problems) {
    if (!isLinear(cell)) continue;
    const other = linear.get(cell.name) ?? cells.get(cell.name) ?? cell;
    if (other !== cell) throw new KernelgenError("invalid-problem", `two cells are called ${cell.name}`);
    linear.set(cell.name, cell);
  }
}

function usesOf(cell: CellDefinition, training: boolean): readonly KernelUse[] {
  if (!training) return ["inference"];
  // Of a single state, all steps are given in any case.
  return ["inference", "training", "backward", ...(cell.states.length > 1 ? (["backward_sequence"] as const) : [])];
}

/** A use as a problem's options, and as a word in the kernel's name, which the pass follows. */
const useOptions = {
  inference: { word: "inference", pass: "forward", training: false, stateOutput: "last" },
  training: { word: "training", pass: "forward", training: true, stateOutput: "sequence" },
  backward: { word: "last", pass: "backward", training: true, stateOutput: "last" },
  backward_sequence: { word: "sequence", pass: "backward", training: true, stateOutput: "sequence" },
} as const satisfies Record<KernelUse, unknown>;

/** The word for a use in a kernel's name. */
export const useWord = (use: KernelUse): string => useOptions[use].word;

/** Steps that the tile of a scan is chosen for; it runs any number. */
const scanSteps = 4096;

const namedSizes = ({ cell, headDim, heads, batch, dataType, tf32 }: SetProblem): ProblemOptions => ({
  cell: cell.name,
  headDim,
  heads,
  batch,
  dataType,
  tf32,
});

/** The problem of a kernel for a use. */
export function setProblem(sizes: SetProblem, use: KernelUse): Problem {
  const { forwardClip, lengths, recurrentGradientClip, recurrentGradientCut } = sizes;
  const { word: _, ...options } = useOptions[use];
  return defineProblem({
    ...namedSizes(sizes),
    ...options,
    ...(forwardClip !== undefined && { forwardClip }),
    ...(lengths && { lengths }),
    ...(options.pass === "backward" && recurrentGradientClip !== undefined && { recurrentGradientClip }),
    ...(options.pass === "backward" && recurrentGradientCut && { recurrentGradientCut }),
  });
}

/** What tells a kernel from all others of a set, for example `lstm_64x12_b16_bf16_training`. */
const nameOf = ({ cell, headDim, heads, batch, dataType, tf32 }: Problem, word: string): string =>
  checkKernelName(`${cell.name}_${headDim}x${heads}_b${batch}_${tf32 ? "tf32" : dataType}_${word}`);
