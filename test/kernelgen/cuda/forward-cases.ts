import { evaluate, Model } from "constrint";
import { type CudaDevice, findDevice, maxRegistersPerThread } from "hwmodels";
import { clusterFamily } from "../../../packages/kernelgen/src/cuda/on-chip/cluster.js";
import { directFamily } from "../../../packages/kernelgen/src/cuda/on-chip/direct.js";
import { gridFamily } from "../../../packages/kernelgen/src/cuda/on-chip/grid.js";
import { residentFamily } from "../../../packages/kernelgen/src/cuda/on-chip/resident.js";
import { stepwiseCudaFamily } from "../../../packages/kernelgen/src/cuda/stepwise/stepwise.js";
import type { KernelFamily } from "../../../packages/kernelgen/src/plan/family.js";
import type { Plan } from "../../../packages/kernelgen/src/plan/plan.js";
import { defineProblem, type Problem, type ProblemOptions } from "../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily } from "../../../packages/kernelgen/src/plan/solve.js";
import type { Pins } from "../../../packages/kernelgen/src/plan/stated-tiling.js";

export const cudaFamilies = {
  resident: residentFamily,
  cluster: clusterFamily,
  grid: gridFamily,
  direct: directFamily,
  stepwise: stepwiseCudaFamily,
} as const;

const h200 = findDevice("h200") as CudaDevice;
/** A device that small heads fill: a part of R has to be read in every step, or the blocks run in several launches. */
export const smallDevice: CudaDevice = {
  ...h200,
  multiprocessorCount: 4,
  registersPerBlock: 32_768,
  sharedBytesPerBlockOptin: 8192,
};

/** The fastest plan with these pins on an H200, where there is room for every shape, unless another device is given. */
export function plan(
  family: keyof typeof cudaFamilies,
  sizes: Omit<ProblemOptions, "cell"> & { cell?: string },
  pins: Pins = {},
  device: CudaDevice = h200,
): Plan {
  const outcome = solveFamily(defineProblem({ cell: "lstm", ...sizes }), device, cudaFamilies[family], pins);
  if (outcome.plan === undefined) throw new Error(`${family} ${JSON.stringify(sizes)}: ${outcome.reason}`);
  return outcome.plan;
}

/**
 * Forward kernels of every shape: dimensions that divide nothing, one sequence, one step, steps that are no multiple of those loaded
 * ahead (4 in resident, 2 in grid), and pins that force each way of splitting the work.
 */
export const forwardCases = {
  "resident bf16, 48x5": plan("resident", { headDim: 48, heads: 5, batch: 3, steps: 7 }),
  "resident bf16, one unit tile for two column groups of two columns": plan(
    "resident",
    { headDim: 64, heads: 2, batch: 11, steps: 5 },
    { unitsPerThread: 2, columnsPerThread: 2, unitGroups: 1, columnGroups: 2 },
  ),
  "resident bf16, inner dimension over three warps": plan(
    "resident",
    { headDim: 33, heads: 3, batch: 5, steps: 6 },
    { warpsAlongInner: 3 },
  ),
  "resident bf16, part of R in shared memory, last c, lengths": plan(
    "resident",
    { headDim: 50, heads: 2, batch: 9, steps: 6, stateOutput: "last", lengths: true },
    { unitsPerThread: 2, warpsAlongInner: 2, innerTilesInRegisters: 1 },
  ),
  "resident bf16, one sequence, one step": plan("resident", { headDim: 7, batch: 1, steps: 1 }),
  "resident fp32, lanes along the inner dimension": plan(
    "resident",
    { headDim: 20, heads: 2, batch: 3, steps: 9, dataType: "fp32" },
    { lanesAlongInner: 4, sequencesPerLane: 1 },
  ),
  "resident fp32, part of R in shared memory": plan(
    "resident",
    { headDim: 48, heads: 5, batch: 3, steps: 7, dataType: "fp32" },
    { unitsPerThread: 2, lanesAlongInner: 2, sequencesPerLane: 2, warpsAlongInner: 2, chunksInRegisters: 1 },
  ),
  "resident fp32, inner dimension over three warps, last c": plan(
    "resident",
    { headDim: 33, heads: 3, batch: 5, steps: 3, dataType: "fp32", stateOutput: "last" },
    { lanesAlongInner: 1, sequencesPerLane: 5, warpsAlongInner: 3 },
  ),
  "cluster bf16, 48x5, six blocks": plan("cluster", { headDim: 48, heads: 5, batch: 3, steps: 7 }),
  "cluster bf16, units beyond the head, two columns, last c": plan(
    "cluster",
    { headDim: 50, heads: 2, batch: 9, steps: 6, stateOutput: "last" },
    { unitsPerThread: 2, columnsPerThread: 2, unitGroups: 1, columnGroups: 2, warpsAlongUnits: 1, warpsAlongInner: 1 },
  ),
  "cluster bf16 GRU, inner dimension over three warps, one without a slot": plan(
    "cluster",
    { cell: "gru", headDim: 33, batch: 5, steps: 5 },
    { warpsAlongInner: 3, unitGroups: 2, columnsPerThread: 1, columnGroups: 1 },
  ),
  "cluster fp16 sLSTM, training, lengths": plan("cluster", {
    lengths: true,
    cell: "slstm",
    headDim: 40,
    heads: 2,
    batch: 3,
    steps: 6,
    dataType: "fp16",
    training: true,
  }),
  "cluster fp32 Elman, lanes along the inner dimension, part of R in shared memory": plan(
    "cluster",
    { cell: "elman", headDim: 50, batch: 5, steps: 6, dataType: "fp32" },
    { unitsPerThread: 1, lanesAlongInner: 2, sequencesPerLane: 2, warpsAlongInner: 2, chunksInRegisters: 1 },
  ),
  "cluster fp32, one step": plan("cluster", { headDim: 20, heads: 2, batch: 3, steps: 1, dataType: "fp32" }),
  "grid bf16, 48x5": plan(
    "grid",
    { headDim: 48, heads: 5, batch: 3, steps: 7 },
    { unitsPerThread: 2, columnsPerThread: 2 },
  ),
  "grid bf16, inner dimension over two blocks and three warps": plan(
    "grid",
    { headDim: 50, heads: 2, batch: 9, steps: 7 },
    { blocksAlongInner: 2, warpsAlongInner: 3, unitGroups: 2, columnsPerThread: 2 },
  ),
  "grid fp32 GRU, inner dimension over eight blocks, of which some have none": plan(
    "grid",
    { cell: "gru", headDim: 20, batch: 3, steps: 5, dataType: "fp32" },
    { blocksAlongInner: 8 },
  ),
  "grid bf16, units that end within a word, lengths": plan(
    "grid",
    { headDim: 50, heads: 2, batch: 5, steps: 6, stateOutput: "last", lengths: true },
    { warpsAlongUnits: 1, unitGroups: 1, columnsPerThread: 1, columnGroups: 1, blocksAlongInner: 1 },
  ),
  "grid bf16, inner dimension over three warps": plan(
    "grid",
    { headDim: 33, heads: 1, batch: 6, steps: 5 },
    { warpsAlongInner: 3, columnGroups: 2 },
  ),
  "grid fp32, 20x2": plan(
    "grid",
    { headDim: 20, heads: 2, batch: 3, steps: 7, dataType: "fp32" },
    { lanesAlongInner: 8, sequencesPerLane: 1 },
  ),
  "grid fp32, part of R in shared memory, last c": plan(
    "grid",
    { headDim: 50, heads: 2, batch: 5, steps: 6, dataType: "fp32", stateOutput: "last" },
    { unitsPerThread: 2, warpsAlongInner: 2, chunksInRegisters: 1 },
  ),
  "grid fp32, one sequence, one step": plan("grid", { headDim: 7, batch: 1, steps: 1, dataType: "fp32" }),
  "direct bf16, pairs of tiles in registers and in shared memory, more than are on their way, lengths": plan(
    "direct",
    { headDim: 250, batch: 9, steps: 4, lengths: true },
    {
      unitsPerThread: 1,
      columnsPerThread: 2,
      columnGroups: 2,
      warpsAlongUnits: 1,
      warpsAlongInner: 1,
      innerTilesInRegisters: 2,
      blocksAlongInner: 1,
    },
  ),
  "direct fp16 GRU, h scaled, four blocks along the inner dimension that add their sums through L2, training": plan(
    "direct",
    { cell: "gru", headDim: 50, heads: 2, batch: 5, steps: 5, dataType: "fp16", training: true },
    { warpsAlongInner: 2, blocksAlongInner: 4 },
  ),
  "stepwise bf16, rows of whole words, inner dimension over three warps, last c, lengths, states clipped": plan(
    "stepwise",
    { headDim: 48, heads: 2, batch: 5, steps: 6, stateOutput: "last", lengths: true, forwardClip: 0.3 },
    { unitTile: 10, warpCount: 3 },
  ),
  "stepwise fp32 GRU, two column groups, more warps than chunks, training, lengths": plan(
    "stepwise",
    { cell: "gru", headDim: 33, heads: 2, batch: 9, steps: 4, dataType: "fp32", training: true, lengths: true },
    { unitTile: 7, columnGroups: 2, warpCount: 12 },
  ),
  "stepwise bf16, eight warps that share chunks of rows and columns, more units than a thread holds, training": plan(
    "stepwise",
    { headDim: 40, heads: 2, batch: 60, steps: 4, training: true },
    { unitTile: 24, columnGroups: 8, warpCount: 8, warpsAlongUnits: 2, warpsAlongColumns: 4, chunksInFlight: 4 },
  ),
  "stepwise fp16 sLSTM, last states, one step": plan("stepwise", {
    cell: "slstm",
    headDim: 20,
    batch: 3,
    steps: 1,
    dataType: "fp16",
    stateOutput: "last",
  }),
  "resident fp16, 50x2": plan(
    "resident",
    { headDim: 50, heads: 2, batch: 3, steps: 7, dataType: "fp16" },
    { unitsPerThread: 2 },
  ),
  "grid fp16 GRU, training, lengths, states clipped": plan(
    "grid",
    { cell: "gru", headDim: 33, batch: 3, steps: 7, dataType: "fp16", training: true, lengths: true, forwardClip: 0.5 },
    { unitsPerThread: 1 },
  ),
  // Other cells: one gate and three, whose rows fill fragments and do not, a gate outside of R, h that no cell bounds, four states.
  "resident bf16 GRU, half a fragment empty, inner dimension over two warps": plan(
    "resident",
    { cell: "gru", headDim: 33, heads: 2, batch: 5, steps: 6 },
    { unitsPerThread: 1, unitGroups: 1, warpsAlongInner: 2 },
  ),
  "grid fp32 GRU": plan(
    "grid",
    { cell: "gru", headDim: 20, batch: 3, steps: 7, dataType: "fp32" },
    { unitsPerThread: 2 },
  ),
  "grid bf16 sLSTM, last states": plan(
    "grid",
    { cell: "slstm", headDim: 50, batch: 5, steps: 6, stateOutput: "last" },
    { unitsPerThread: 2 },
  ),
  "resident fp32 sLSTM, training": plan("resident", {
    cell: "slstm",
    headDim: 20,
    heads: 2,
    batch: 3,
    steps: 9,
    dataType: "fp32",
    training: true,
  }),
  "resident tf32, part of R in shared memory": plan(
    "resident",
    { headDim: 50, heads: 2, batch: 5, steps: 5, dataType: "fp32", tf32: true },
    { unitsPerThread: 2, warpsAlongInner: 2, innerTilesInRegisters: 1 },
  ),
  "cluster tf32 GRU": plan("cluster", { cell: "gru", headDim: 36, batch: 3, steps: 4, dataType: "fp32", tf32: true }),
  "direct bf16, two lanes a unit, R in registers, in shared memory and read in every step, lengths": plan(
    "direct",
    { headDim: 480, batch: 7, steps: 2, lengths: true },
    {
      lanesPerUnit: 2,
      unitGroups: 8,
      columnGroups: 1,
      warpsAlongUnits: 1,
      warpsAlongInner: 4,
      innerTilesInRegisters: 2,
      innerTilesStreamed: 4,
      blocksAlongInner: 1,
    },
    { ...smallDevice, multiprocessorCount: 15, sharedBytesPerBlockOptin: 65_536 },
  ),
  "grid fp16 sLSTM, three tiles of R read in every step, lengths": plan(
    "grid",
    { cell: "slstm", headDim: 150, batch: 3, steps: 3, dataType: "fp16", lengths: true },
    { innerTilesStreamed: 3 },
    smallDevice,
  ),
  "grid bf16, two blocks along the inner dimension, one tile of R read in every step": plan(
    "grid",
    { headDim: 200, batch: 3, steps: 3 },
    { innerTilesStreamed: 1, blocksAlongInner: 2 },
    { ...smallDevice, multiprocessorCount: 8, sharedBytesPerBlockOptin: 16_384 },
  ),
  "grid fp32, one chunk of R read in every step, training": plan(
    "grid",
    { headDim: 90, batch: 3, steps: 3, dataType: "fp32", training: true },
    { chunksStreamed: 1 },
    smallDevice,
  ),
  "grid tf32, most of R read in every step, in three launches": plan(
    "grid",
    { headDim: 100, heads: 5, batch: 2, steps: 3, dataType: "fp32", tf32: true },
    {},
    smallDevice,
  ),
  "grid bf16 Elman, half a fragment empty": plan(
    "grid",
    { cell: "elman", headDim: 48, batch: 3, steps: 6 },
    { unitsPerThread: 1, unitGroups: 1, innerTilesInRegisters: 1 },
  ),
  "resident fp32 Elman": plan("resident", {
    cell: "elman",
    headDim: 33,
    heads: 2,
    batch: 2,
    steps: 5,
    dataType: "fp32",
  }),
  "resident bf16 CIFG, training, states clipped": plan(
    "resident",
    { cell: "cifg", headDim: 50, heads: 2, batch: 9, steps: 6, training: true, forwardClip: 0.25 },
    { unitsPerThread: 2 },
  ),
} as const satisfies Record<string, Plan>;

/** One of all tilings that are feasible, fast or not. */
interface FeasibleTiling {
  readonly pins: Pins;
  /** Registers that the model expects a thread to need, and what the launch bounds leave it. */
  readonly registersNeeded: number;
  readonly registersLeft: number;
}

/** Every feasible tiling of a family. */
export function feasibleTilings(
  problem: Problem,
  device: CudaDevice,
  family: KernelFamily<CudaDevice>,
): readonly FeasibleTiling[] {
  const model = new Model();
  const tiling = family.tile(problem, device, model);
  for (const { name, need, allowed } of tiling.budgets) model.add(need.le(allowed), name);
  return [...model.solutions()].map((solution) => ({
    pins: Object.fromEntries(tiling.unknowns.map(({ name }) => [name, solution[name]!])),
    registersNeeded: evaluate(tiling.derived.estimatedRegisters!, solution),
    registersLeft: maxRegistersPerThread(device, evaluate(tiling.launch.threadsPerBlock, solution)),
  }));
}
