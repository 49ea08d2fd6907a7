import type { WebGpuDevice } from "hwmodels";
import { type CellDefinition, gatesWith } from "../../cell/definition.js";
import { gruResetFirst } from "../../cell/gru-reset-first.js";
import { isLinear, withoutBiases } from "../../cell/linear.js";
import { type CellVariant, variantOf } from "../../cell/variant.js";
import { KernelgenError } from "../../errors.js";
import type { KernelFamily } from "../../plan/family.js";
import { cellOf, defineProblem, type Problem } from "../../plan/problem.js";
import { solvePlan } from "../../plan/solve.js";
import { familiesOnRequest, type OnRequest } from "../families-on-request.js";
import { entryPoint } from "../module-source.js";
import { enabledFeatures } from "../plan-requirements.js";
import { type ModuleLaunch, projection } from "../product/projection.js";
import { residentFamily } from "../resident.js";
import { scanFamily } from "../scan/forward.js";
import { stepwiseFamily } from "../stepwise.js";
import { storageBuffers } from "../storage-buffers.js";
import { subgroupMatrixOf } from "../subgroup-matrix.js";
import { planTraining, trainedModules } from "./plan-training.js";
import type { ProgramCell, ProgramModule, RecurrentProgram } from "./program.js";
import { familiesNamed, recurrenceModule, withoutTensorLimits } from "./recurrence-module.js";

/** A recurrent network: what `planRecurrent` plans for. */
export interface RecurrentOptions extends OnRequest {
  /**
   * Name of the cell: "lstm", "gru", "mingru", …, or "gru_reset_first", a GRU whose reset gate applies before the recurrent product; or a
   * definition of one's own.
   */
  readonly cell: string | CellDefinition;
  /** Peepholes, coupled gates, and a bound of what gates' activations are applied to. The cell as it is defined if left out. */
  readonly variant?: CellVariant;
  /** I: features of an input vector; as many as a layer has units if left out. */
  readonly inputDim?: number;
  /** D: units of a head. */
  readonly headDim: number;
  /** N: heads; the recurrent matrix is block-diagonal. 1 if left out. */
  readonly heads?: number;
  /** B: sequences. 1 if left out. */
  readonly batch?: number;
  /** 1 if left out. */
  readonly layers?: number;
  /** False if left out. */
  readonly bidirectional?: boolean;
  /** Whether sequences are walked from their ends, where there is one direction. False if left out. */
  readonly reverse?: boolean;
  /** T: the steps that are typical. Programs run any number of steps; it decides which tile is fastest. 128 if left out. */
  readonly steps?: number;
  /** "fp32" if left out; "fp16" needs the feature shader-f16. */
  readonly dataType?: "fp16" | "fp32";
  /** Whether the network can compute gradients (`Recurrent.backward`). False if left out. */
  readonly training?: boolean;
  /**
   * The one kernel family to consider: "resident" or "stepwise", on request "grid" or "subgroup-matrix", of a linear recurrence "scan". In
   * training, those on request are for the forward pass alone. The fastest by prediction if left out.
   */
  readonly family?: string;
}

const defaults = {
  heads: 1,
  batch: 1,
  layers: 1,
  bidirectional: false,
  reverse: false,
  training: false,
  variant: {},
  steps: 128,
  dataType: "fp32",
} as const;

/** The largest value of what `problemLimits` does not bound. */
export const recurrentLimits = { layers: 256, inputDim: 65_536 } as const;

/** Cells that WGSL kernels alone run, by name. */
const webGpuCells: ReadonlyMap<string, CellDefinition> = new Map([[gruResetFirst.name, gruResetFirst]]);

const forwardFamilies: readonly KernelFamily<WebGpuDevice>[] = [residentFamily, stepwiseFamily];

/**
 * Plans a recurrent network for a WebGPU device: solves the tiling of its kernels and writes their source.
 *
 * The program runs on any device that has what `requires` says. Throws `KernelgenError` "unknown-cell", what `checkCell` throws of a cell of one's own, "invalid-problem" naming an option
 * and what is allowed, or "no-configuration" with the numbers of what stands against each family.
 */
export function planRecurrent(options: RecurrentOptions, device: WebGpuDevice): RecurrentProgram {
  const {
    layers,
    bidirectional,
    reverse,
    training,
    variant,
    assumeForwardProgress,
    subgroupMatrices,
    family: familyName,
    cell: given,
    ...sizes
  } = { ...defaults, ...definedOnly(options) };
  const known = typeof given === "string" ? webGpuCells.get(given) : undefined;
  const cell = variantOf(known ?? cellOf(given), variant);
  const phases = cell.phases ?? 1;
  const stateOutput = training ? "sequence" : "last";
  const problem: Problem = { ...defineProblem({ ...sizes, cell: "lstm", training, stateOutput }), cell };
  if (bidirectional && reverse) {
    throw new KernelgenError("invalid-problem", "reverse: a bidirectional network walks sequences both ways");
  }
  if (phases > 1 && layers > 1) {
    throw new KernelgenError("invalid-problem", `${cell.name}: networks of this cell have 1 layer, not ${layers}`);
  }
  requireSize("layers", layers, recurrentLimits.layers);
  const { headDim, heads, batch } = problem;
  const width = heads * headDim;
  const inputDim = options.inputDim ?? width;
  requireSize("input dimension", inputDim, recurrentLimits.inputDim);
  // Sequences longer than a buffer holds are computed in parts: the size of a tensor stands against no family.
  const families = isLinear(cell)
    ? [scanFamily]
    : [...forwardFamilies, ...familiesOnRequest(device, { assumeForwardProgress, subgroupMatrices })];
  // The projections of a linear recurrence add its biases.
  const recurrence: Problem = isLinear(cell) ? { ...problem, cell: withoutBiases(cell) } : problem;
  const { plan, family } = solvePlan(recurrence, withoutTensorLimits(device), familiesNamed(familyName, families));
  const inputDims = new Set([inputDim, ...(layers > 1 ? [width * (bidirectional ? 2 : 1)] : [])]);
  const trained = training ? planTraining(problem, [...inputDims], device, familyName) : undefined;
  const projections = [...inputDims].map((dim) => projection(problem, dim, device));
  const subgroupMatrix = subgroupMatrixOf(plan);
  const forward = recurrenceModule(plan, family, entryPoint(recurrence), storageBuffers(recurrence));
  return {
    cell: programCell(problem),
    inputDim,
    headDim,
    heads,
    batch,
    layers,
    bidirectional,
    reverse,
    phases,
    dataType: problem.dataType === "fp16" ? "fp16" : "fp32",
    forward,
    projections: projections.map(({ module }) => module),
    ...(trained && { training: trained.modules }),
    requires: {
      ...requirements(
        [
          forward,
          ...projections.map(({ module }) => module),
          ...(trained === undefined ? [] : trainedModules(trained.modules)),
        ],
        [
          { ...plan.launch, storageBufferCount: forward.bindings.filter(({ type }) => type !== "uniform").length },
          ...projections.map(({ launch }) => launch),
          ...(trained?.launches ?? []),
        ],
      ),
      ...(subgroupMatrix && { subgroupMatrix }),
    },
  };
}

function definedOnly<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function requireSize(what: string, value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 1 || value > limit) {
    throw new KernelgenError("invalid-problem", `${what}: ${value} is not an integer from 1 to ${limit}`);
  }
}

function programCell({ cell }: Problem): ProgramCell {
  const names = (term: "recurrent" | "input" | "bias"): string[] => gatesWith(cell, term).map(({ name }) => name);
  return {
    name: cell.name,
    recurrentGates: names("recurrent"),
    inputGates: names("input"),
    biasGates: names("bias"),
    states: cell.states.map(({ name }) => name),
  };
}

/** What a program's modules and their launches need of a device. */
function requirements(
  modules: readonly ProgramModule[],
  launches: readonly ModuleLaunch[],
): RecurrentProgram["requires"] {
  const most = (of: (launch: ModuleLaunch) => number): number => Math.max(...launches.map(of));
  return {
    features: [...new Set(modules.flatMap(({ source }) => enabledFeatures(source)))].toSorted(),
    limits: {
      maxComputeInvocationsPerWorkgroup: most(({ threadsPerBlock }) => threadsPerBlock),
      maxComputeWorkgroupSizeX: most(({ threadsPerBlock }) => threadsPerBlock),
      maxComputeWorkgroupStorageSize: most(({ sharedBytesPerBlock }) => sharedBytesPerBlock),
      maxStorageBuffersPerShaderStage: most(({ storageBufferCount }) => storageBufferCount),
    },
  };
}
