import type { WebGpuDevice } from "hwmodels";
import { describe, expect, it } from "vitest";
import type { KernelFamily } from "../../../../packages/kernelgen/src/plan/family.js";
import type { Plan } from "../../../../packages/kernelgen/src/plan/plan.js";
import { defineProblem, type Problem } from "../../../../packages/kernelgen/src/plan/problem.js";
import { solveFamily } from "../../../../packages/kernelgen/src/plan/solve.js";
import { referenceForward, type TensorValues } from "../../../../packages/kernelgen/src/reference/forward.js";
import { randomInputs } from "../../../../packages/kernelgen/src/reference/random-case.js";
import { gridFamily } from "../../../../packages/kernelgen/src/wgsl/grid.js";
import { projection } from "../../../../packages/kernelgen/src/wgsl/product/projection.js";
import { residentFamily } from "../../../../packages/kernelgen/src/wgsl/resident.js";
import { residentBackwardFamily } from "../../../../packages/kernelgen/src/wgsl/resident-backward.js";
import { stepwiseFamily } from "../../../../packages/kernelgen/src/wgsl/stepwise.js";
import { stepwiseBackwardFamily } from "../../../../packages/kernelgen/src/wgsl/stepwise-backward.js";
import { subgroupMatrixFamily } from "../../../../packages/kernelgen/src/wgsl/subgroup-matrix.js";
import { problemOf, seed, webGpuDevice, withMatrices, withSubgroups } from "../tilings.js";
import { type RunResult, runModule } from "./run-module.js";
import { runPlan } from "./run-plan.js";

interface Case {
  readonly name: string;
  readonly family: KernelFamily<WebGpuDevice>;
  readonly pins: Readonly<Record<string, number>>;
  readonly subgroupSize?: number;
  readonly device?: WebGpuDevice;
}

const defaultDevice = webGpuDevice("webgpu-default");
const steps = 3;
const forwardCases: readonly Case[] = [
  {
    name: "resident, the inner dimension split",
    family: residentFamily,
    pins: { innerLanes: 2, chunksInWorkgroup: 1 },
  },
  { name: "resident, not split", family: residentFamily, pins: { innerLanes: 1 } },
  { name: "resident, shuffles", family: residentFamily, pins: { innerLanes: 2, shuffleLanes: 2 }, subgroupSize: 4 },
  { name: "resident, in turns", family: residentFamily, pins: { innerLanes: 2, shuffleLanes: 2 }, subgroupSize: 1 },
  { name: "stepwise, split", family: stepwiseFamily, pins: { innerLanes: 2 } },
  { name: "stepwise, shuffles", family: stepwiseFamily, pins: { innerLanes: 2, shuffleLanes: 2 }, subgroupSize: 2 },
  { name: "stepwise, in turns", family: stepwiseFamily, pins: { innerLanes: 2, shuffleLanes: 2 }, subgroupSize: 1 },
  {
    name: "subgroup matrices, in registers",
    family: subgroupMatrixFamily,
    pins: { subgroups: 2, matrixRows: 2, columnTiles: 2 },
    device: withMatrices(4),
  },
  {
    name: "subgroup matrices, some of R in storage, subgroups smaller than the largest",
    family: subgroupMatrixFamily,
    pins: { subgroups: 3, matrixRows: 4, innerTilesInRegisters: 1 },
    device: withMatrices(8),
  },
  // Of a head of 7 units two workgroups that wait for each other.
  { name: "grid, split", family: gridFamily, pins: { innerLanes: 2, unitsPerInvocation: 1, unitLanes: 4 } },
  { name: "grid, not split", family: gridFamily, pins: { innerLanes: 1, unitsPerInvocation: 2, unitLanes: 2 } },
];
const backwardCases: readonly Case[] = [
  { name: "resident backward", family: residentBackwardFamily, pins: {} },
  { name: "stepwise backward", family: stepwiseBackwardFamily, pins: {} },
  {
    name: "resident backward, shuffles",
    family: residentBackwardFamily,
    pins: { innerLanes: 4, shuffleLanes: 2 },
    subgroupSize: 4,
  },
  {
    name: "stepwise backward, in turns",
    family: stepwiseBackwardFamily,
    pins: { innerLanes: 4, shuffleLanes: 2 },
    subgroupSize: 1,
  },
];

function planned(
  { family, pins, subgroupSize, device: given }: Case,
  problem: Problem,
): { plan: Plan; source: string } {
  const device = given ?? (subgroupSize === undefined ? defaultDevice : withSubgroups(2));
  const { plan, reason } = solveFamily(problem, device, family, pins);
  expect(reason).toBeUndefined();
  // Waits that fail, in kernels without a barrier, fail soon.
  return { plan: plan!, source: family.emit(plan!)[0]!.text.replace(/MOST_LOOKS = \d+u/, "MOST_LOOKS = 20u") };
}

const run = ({ subgroupSize = 4 }: Case, plan: Plan, source: string, inputs: TensorValues = {}): RunResult =>
  runPlan(plan, source, inputs, { subgroupSize });

/** The source without one of its barriers, for each of them. */
const withoutBarriers = (source: string): readonly string[] =>
  [...source.matchAll(/workgroupBarrier\(\);/g)].map(
    ({ 0: text, index }) => source.slice(0, index) + source.slice(index + text.length),
  );

/** Whether a module without one of its barriers is found to race. */
function isNoticed(runMutant: () => RunResult): boolean {
  try {
    return runMutant().races.length > 0;
  } catch (error) {
    // Without it, some wait where others are done.
    return error instanceof Error && error.message.includes("wait at different places");
  }
}

/** Barriers that a workgroup does not reach: of those of shuffles and of turns, it reaches one. */
const unreached = ({ subgroupSize }: Case): number => (subgroupSize === undefined ? 0 : 1);

describe.each(forwardCases)("$name", (given) => {
  const problem = problemOf({ cell: "gru", headDim: given.device === undefined ? 7 : 8, batch: 3, steps });
  const { plan, source } = planned(given, problem);
  const inputs = randomInputs(problem, seed % 1000);

  it("has no race, and computes what the reference does", () => {
    const { races, storage } = run(given, plan, source, inputs);
    expect(races).toEqual([]);
    referenceForward(problem, inputs).h!.forEach((value, index) => {
      expect(storage.h![index], `h[${index}]`).toBeCloseTo(value, 5);
    });
  });

  it("without any one of its barriers that it reaches, it has one", () => {
    const mutants = withoutBarriers(source);
    expect(mutants.length).toBeGreaterThan(0);
    // The barrier at the end of a step of a grid kernel orders no memory; it is there so that none waits for what its own workgroup sends.
    const orderingSchedules = given.family === gridFamily ? 1 : 0;
    const unnoticed = mutants.filter((mutant) => !isNoticed(() => run(given, plan, mutant, inputs)));
    expect(unnoticed.length).toBeLessThanOrEqual(unreached(given) + orderingSchedules);
  });
});

describe.each(backwardCases)("$name", (given) => {
  const problem = defineProblem({ pass: "backward", cell: "lstm", headDim: 5, batch: 2, steps, dataType: "fp32" });

  it("has no race, and without any one of its barriers that it reaches it has one", () => {
    const { plan, source } = planned(given, problem);
    expect(run(given, plan, source).races).toEqual([]);
    const mutants = withoutBarriers(source);
    expect(mutants.length).toBeGreaterThan(0);
    const unnoticed = mutants.filter((mutant) => !isNoticed(() => run(given, plan, mutant)));
    expect(unnoticed.length).toBeLessThanOrEqual(unreached(given));
  });
});

it("the input product has no race, and without any one of its barriers it has one", () => {
  const problem = problemOf({ headDim: 5, batch: 2, steps });
  const inputDim = 40;
  const { module } = projection(problem, inputDim, defaultDevice);
  const rows = 2 * steps;
  const tiles: [number, number, number] = [
    Math.ceil(module.columns / module.columnTile),
    Math.ceil(rows / module.rowTile),
    1,
  ];
  const racesOf = (source: string): number => {
    const filled = (count: number): number[] => new Array<number>(count).fill(0.5);
    const storage = { x: filled(rows * inputDim), weights: filled(20 * inputDim), wx: filled(rows * 20) };
    const result = runModule(source, tiles, storage, { uniforms: { run: { rows: BigInt(rows) } }, subgroupSize: 4 });
    if (source === module.source) expect(result.storage.wx).toEqual(filled(rows * 20).map(() => 0.25 * inputDim));
    return result.races.length;
  };
  expect(racesOf(module.source)).toBe(0);
  for (const mutant of withoutBarriers(module.source)) expect(racesOf(mutant)).toBeGreaterThan(0);
});

describe("workgroups that wait for one another", () => {
  // Some that run when others do not, in an order that follows from a number: any order must give the same.
  const isRunning = (draw: number) => (workgroup: number, round: number) =>
    (Math.imul(draw + workgroup * 7919 + Math.floor(round / 3) * 104_729, 0x9e3779b1) >>> 29) % 3 !== 0;
  const problem = problemOf({ cell: "gru", headDim: 7, batch: 2, steps: 6 });
  const pins = { innerLanes: 1, unitsPerInvocation: 1, unitLanes: 2 };
  const { plan } = solveFamily(problem, defaultDevice, gridFamily, pins);
  const source = gridFamily.emit(plan!)[0]!.text;

  it("compute the same whichever of them runs when", () => {
    expect(plan!.derived.unitBlocks).toBe(4);
    const inputs = randomInputs(problem, seed % 1000);
    const expected = referenceForward(problem, inputs).h!;
    for (let draw = 0; draw < 4; draw++) {
      const { races, storage } = runPlan(plan!, source, inputs, { subgroupSize: 4, isRunning: isRunning(draw) });
      expect(races).toEqual([]);
      for (const [index, value] of expected.entries()) expect(storage.h![index], `h[${index}]`).toBeCloseTo(value, 5);
      expect(storage.exchange![0], "reads that gave up").toBe(0n);
    }
  });

  it("give up where one of them does not run, and say how often", () => {
    const impatient = source.replace(/MOST_LOOKS = \d+u/, "MOST_LOOKS = 20u");
    // The last one begins when the others have long waited for it.
    const late = (workgroup: number, round: number): boolean =>
      workgroup !== plan!.launch.blockCount - 1 || round > 500;
    const { storage } = runPlan(plan!, impatient, {}, { subgroupSize: 4, isRunning: late });
    expect(storage.exchange![0]).toBeGreaterThan(0n);
  });
});
