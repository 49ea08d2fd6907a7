import { constant, type IntExpr, type IntVar, type Model, max, table } from "constrint";
import type { WebGpuDevice } from "hwmodels";
import { type CellDefinition, gatesWith } from "../cell/definition.js";
import type { CostTerm } from "../plan/cost-term.js";
import type { Budget } from "../plan/family.js";
import { ceilQuotient, isAny, plus, times } from "../plan/integer-expressions.js";
import type { Problem } from "../plan/problem.js";
import { barrierTerm, type StepCosts, stepCosts, subgroupTurns } from "./cost.js";

/** Inner indices that an invocation multiplies at once, and gates that lie in one vector: a `vec4f` of each. */
export const lanesPerVector = 4;
export const vectorBytes = 16;
/** Registers of a 4 × 4 matrix: the gates of a unit by four inner indices. */
export const matrixRegisters = lanesPerVector * lanesPerVector;
/** Registers of an own slot's indices: its unit, its sequence, its place among the partial sums. */
const slotIndexRegisters = 3;
/** Registers for addresses, loop counters and temporaries: what remains when all else is counted. */
export const scratchRegisters = 16;

/** The largest inner split: beyond it a unit's partial sums cost more to add than to compute. */
const maxInnerLanes = 64;

/** Bytes of the flag that tells a workgroup whether its lanes may shuffle; Dawn counts a variable of workgroup memory in vectors. */
export const shuffleFlagBytes = vectorBytes;

/** The choices of units per invocation. */
const unitsPerInvocationChoices = [1, 2, 4, 8] as const;

/** 1, 2, 4, … up to `largest`. */
export const powersOfTwo = (largest: number): number[] =>
  Array.from({ length: Math.floor(Math.log2(largest)) + 1 }, (_, exponent) => 2 ** exponent);

/**
 * How a workgroup computes R·h and the cell for its units and sequences, tiled; both WGSL families share it.
 *
 * Invocations form a grid of U unit lanes by K inner lanes. An invocation computes, for P units and all S sequences of the workgroup, all
 * gates' sums over every K-th chunk of four inner indices. The K partial sums of a unit meet in workgroup memory; then each invocation
 * adds up and finishes its own slots, a slot being one unit of one sequence. The P·U·S slots are dealt to the U·K invocations in turn.
 *
 * On a device with subgroups, F inner lanes beside each other add up their sums by shuffles first, and K/F partial sums meet.
 */
export interface WorkgroupTiling {
  /** The unknowns in the order in which they are best decided. */
  readonly unknowns: readonly IntVar[];
  /** P */
  readonly unitsPerInvocation: IntVar;
  /** U */
  readonly unitLanes: IntExpr;
  /** K */
  readonly innerLanes: IntVar;
  /** S */
  readonly batchTile: IntVar;
  readonly batchBlocks: IntExpr;
  readonly innerChunks: IntExpr;
  readonly ownSlots: IntExpr;
  /** Vectors of four gates. */
  readonly gateVectors: number;
  /** 1 if K > 1, else 0. */
  readonly splitsInner: IntExpr;
  readonly invocations: IntExpr;
  readonly unitTile: IntExpr;
  readonly partialBytes: IntExpr;
  /** 1 if lanes shuffle, else 0. */
  readonly shuffles: IntExpr;
  /** Registers of the sums that an invocation accumulates. */
  readonly sumRegisters: IntExpr;
  /** Registers of the own slots that live as long as the states: states and indices. */
  readonly slotRegisters: IntExpr;
  /** Constants of the emitted source. */
  readonly derived: Readonly<Record<string, IntExpr>>;
  readonly costs: StepCosts;
  /** The predicted time of the multiply-adds of one step of a workgroup. */
  readonly multiplyTerm: CostTerm;
  /** The predicted time of adding the partial sums and finishing the slots, barriers not counted. */
  readonly finishTerms: readonly CostTerm[];
}

/** The product that a workgroup computes in every step. */
export interface WorkgroupProduct {
  /** Chunks of the inner dimension: the operand in vectors of four. */
  readonly chunkCount: number;
  /** Vectors of four sums of one output. */
  readonly sumVectors: number;
  /** Slots (units of a sequence) that one output's sums belong to. */
  readonly slotsPerOutput: 1 | 4;
  /** Whether sums go through workgroup memory even where one invocation has all of them. */
  readonly alwaysPublishes: boolean;
}

/** R·h: an output is a unit with the sums of all its gates, four inner indices of h are a chunk. */
export const forwardProduct = ({ cell, headDim }: Problem): WorkgroupProduct => ({
  chunkCount: Math.ceil(headDim / lanesPerVector),
  sumVectors: Math.ceil(cell.gates.length / lanesPerVector),
  slotsPerOutput: 1,
  alwaysPublishes: false,
});

/** Rᵀ·du: an output is four units, one sum each; du of four gates of a unit is a chunk. */
export const backwardProduct = ({ cell, headDim }: Problem): WorkgroupProduct => ({
  chunkCount: headDim * Math.ceil(gatesWith(cell, "recurrent").length / lanesPerVector),
  sumVectors: 1,
  slotsPerOutput: lanesPerVector,
  alwaysPublishes: true,
});

/** States the tiling of a workgroup whose unit lanes are given by `unitLanesFor`: an unknown or what follows from the units of an invocation. */
export function tileWorkgroup(
  problem: Problem,
  device: WebGpuDevice,
  model: Model,
  unitLanesFor: (unitsPerInvocation: IntVar) => IntExpr,
  product: WorkgroupProduct = forwardProduct(problem),
): WorkgroupTiling {
  const { cell, headDim, heads, batch } = problem;
  const { limits, assumed } = device;
  const costs = stepCosts(problem, device);
  const { chunkCount, sumVectors: gateVectors, slotsPerOutput } = product;
  const maxInvocations = limits.maxComputeInvocationsPerWorkgroup;

  const unitsPerInvocation = model.int("unitsPerInvocation", unitsPerInvocationChoices);
  const unitLanes = unitLanesFor(unitsPerInvocation);
  const innerLanes = model.int("innerLanes", powersOfTwo(Math.min(maxInnerLanes, maxInvocations)));
  const largestBatchTile = Math.max(1, Math.floor(assumed.registersPerInvocation / (gateVectors * lanesPerVector)));
  const batchTile = model.int("batchTile", 1, Math.min(batch, largestBatchTile));

  model.add(innerLanes.le(chunkCount), "every inner lane has a chunk");
  const innerChunks = ceilQuotient(chunkCount, innerLanes);
  const batchBlocks = ceilQuotient(batch, batchTile);
  // A larger tile that leaves as many blocks would only add idle sequences.
  model.add(batchTile.minus(1).times(batchBlocks).lt(batch), "no smaller batch tile has as many blocks");

  const splitsInner = product.alwaysPublishes ? constant(1) : isAny(innerLanes.minus(1));
  const shuffles = statedShuffles(device, model, innerLanes);
  const partialLanes = shuffles?.partialLanes ?? innerLanes;
  // P·S outputs for every K invocations.
  const slotsPerUnitLane = times(unitsPerInvocation, batchTile);
  const slots = slotsPerUnitLane.times(slotsPerOutput);
  const ownSlots = ceilQuotient(slots, innerLanes);

  const invocations = times(unitLanes, innerLanes);
  const unitTile = times(unitsPerInvocation, unitLanes, slotsPerOutput);
  // One vector more than there are unit lanes, so that adjacent inner lanes write to different banks.
  const partialStride = unitLanes.plus(1);
  const partialVectors = times(splitsInner, slotsPerUnitLane, partialLanes, partialStride, gateVectors);
  const partialVectorBytes = partialVectors.times(vectorBytes);
  const partialBytes =
    shuffles === undefined ? partialVectorBytes : partialVectorBytes.plus(shuffles.shuffles.times(shuffleFlagBytes));
  const sumVectorCount = slotsPerUnitLane.times(gateVectors);
  return {
    unknowns: [
      unitsPerInvocation,
      ...(unitLanes.kind === "variable" ? [unitLanes] : []),
      innerLanes,
      batchTile,
      ...(shuffles === undefined ? [] : [shuffles.shuffleLanes]),
    ],
    unitsPerInvocation,
    unitLanes,
    innerLanes,
    batchTile,
    batchBlocks,
    innerChunks,
    ownSlots,
    gateVectors,
    splitsInner,
    invocations,
    unitTile,
    partialBytes,
    shuffles: shuffles?.shuffles ?? constant(0),
    sumRegisters: times(slotsPerUnitLane, gateVectors, lanesPerVector),
    slotRegisters: slotRegisters(cell, ownSlots),
    derived: {
      inputGateCount: constant(gatesWith(cell, "input").length),
      headDim: constant(headDim),
      headCount: constant(heads),
      batch: constant(batch),
      invocations,
      ...(unitLanes.kind === "variable" ? {} : { unitLanes }),
      unitTile,
      batchBlocks,
      innerChunks,
      ownSlots,
      partialLanes,
      partialStride,
      partialVectors,
    },
    costs,
    // The compute unit's rate bounds all invocations together, its clock each of them alone.
    multiplyTerm: {
      name: "matrix product",
      amount: times(
        max([invocations.times(costs.matrixMultiplyAdd), constant(costs.matrixMultiplyAddLatency)]),
        slotsPerUnitLane,
        innerChunks,
        gateVectors,
      ),
      price: 1,
    },
    finishTerms: [
      { name: "sums over invocations", amount: partialVectorBytes, price: 2 * costs.workgroupByte },
      { name: "sums over invocations", amount: splitsInner, price: 2 * costs.workgroupLatency },
      // A lane reads its partial sums one after the other.
      {
        name: "sums over invocations",
        amount: times(splitsInner, ownSlots, partialLanes, gateVectors),
        price: costs.workgroupReadIssue,
      },
      ...(shuffles === undefined
        ? []
        : [
            {
              name: "shuffles",
              amount: times(shuffles.rounds, sumVectorCount, subgroupTurns(device, invocations)),
              price: costs.vectorShuffle,
            },
            // A driver that computes on the processor runs both sides of a branch, also that of lanes that cannot shuffle, with its barrier.
            ...(assumed.subgroupsTakeTurns ? [barrierTerm(device, shuffles.shuffles, invocations)] : []),
          ]),
      { name: "pointwise part", amount: times(ownSlots, invocations), price: costs.pointwise },
      { name: "pointwise part", amount: ownSlots, price: costs.ownSlot },
    ],
  };
}

/** How many inner lanes add up their sums by shuffles. */
interface Shuffles {
  /** F: a power of two that divides K; 1 without shuffles. */
  readonly shuffleLanes: IntVar;
  /** log₂ F */
  readonly rounds: IntVar;
  /** K / F */
  readonly partialLanes: IntVar;
  /** 1 if F > 1, else 0. */
  readonly shuffles: IntVar;
}

/** The unknowns of shuffles; undefined on a device without subgroups. No subgroup is smaller than the device's smallest. */
function statedShuffles({ subgroupSizes }: WebGpuDevice, model: Model, innerLanes: IntVar): Shuffles | undefined {
  if (subgroupSizes === null) return undefined;
  const choices = powersOfTwo(Math.min(maxInnerLanes, subgroupSizes.min));
  const shuffleLanes = model.int("shuffleLanes", choices);
  const rounds = model.int("shuffleRounds", 0, choices.length - 1);
  const shuffles = model.int("shuffles", 0, 1);
  model.add(
    table(
      [shuffleLanes, rounds, shuffles],
      choices.map((lanes, round) => [lanes, round, lanes > 1 ? 1 : 0]),
    ),
    "F is two to the power of its rounds",
  );
  const partialLanes = model.int("partialLanes", powersOfTwo(maxInnerLanes));
  model.add(shuffleLanes.times(partialLanes).eq(innerLanes), "every inner lane shuffles");
  return { shuffleLanes, rounds, partialLanes, shuffles };
}

/** Registers of own slots that live as long as the states: states and indices. */
export const slotRegisters = (cell: CellDefinition, ownSlots: IntExpr): IntExpr =>
  ownSlots.times(cell.states.length + slotIndexRegisters);

/** Registers of an invocation, given what a family keeps beside the sums, the own slots and scratch. */
export const invocationRegisters = (tiling: WorkgroupTiling, ...others: readonly IntExpr[]): IntExpr =>
  plus(tiling.sumRegisters, tiling.slotRegisters, constant(scratchRegisters), ...others);

/** What every workgroup is bounded by. */
export function workgroupBudgets(
  device: WebGpuDevice,
  invocations: IntExpr,
  use: { readonly workgroupBytes: IntExpr; readonly registers: IntExpr; readonly largestDispatchDimension: IntExpr },
): readonly Budget[] {
  const { limits, assumed } = device;
  return [
    {
      name: "invocations per workgroup",
      need: invocations,
      allowed: Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX),
      unit: "invocations",
    },
    {
      name: "workgroup memory",
      need: use.workgroupBytes,
      allowed: limits.maxComputeWorkgroupStorageSize,
      unit: "B",
    },
    {
      name: "registers per invocation (assumed)",
      need: use.registers,
      allowed: assumed.registersPerInvocation,
      unit: "registers",
    },
    {
      name: "registers per workgroup (assumed)",
      need: use.registers.times(invocations),
      allowed: assumed.registersPerWorkgroup,
      unit: "registers",
    },
    {
      name: "workgroups per dimension",
      need: use.largestDispatchDimension,
      allowed: limits.maxComputeWorkgroupsPerDimension,
      unit: "workgroups",
    },
  ];
}
