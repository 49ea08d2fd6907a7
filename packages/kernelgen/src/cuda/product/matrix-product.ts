import { constant, type IntExpr, type IntVar, type Model, max, type VariableOrder } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { CostTerm } from "../../plan/cost-term.js";
import { ceilQuotient } from "../../plan/integer-expressions.js";
import type { Plan } from "../../plan/plan.js";
import type { Problem } from "../../plan/problem.js";
import type { OperandPath } from "./operand-path.js";

/**
 * How a block computes R·h for its units and sequences, tiled.
 *
 * A warp's results lie in slots: a slot of a thread is `unitsPerThread` adjacent units of one sequence, with all gates. Warps along the
 * units compute different units; warps along the inner dimension compute partial sums of the same slots.
 */
export interface ProductTiling {
  readonly unknowns: readonly IntVar[];
  /** The unknowns as they are best decided (`Tiling.searchOrder`). */
  readonly searchOrder: readonly VariableOrder[];
  readonly unitsPerThread: IntExpr;
  readonly warpsAlongUnits: IntExpr;
  readonly warpsAlongInner: IntExpr;
  /** Warps of a block in each part of a multiprocessor. */
  readonly warpsPerPart: IntExpr;
  /** Units of a block. */
  readonly unitTile: IntExpr;
  /** Sequences of a block. */
  readonly batchTile: IntExpr;
  /** A block's part of the inner dimension (units of h), rounded up to what the warps split. */
  readonly innerPadded: IntExpr;
  /** Slots of one warp. */
  readonly warpSlots: IntExpr;
  /** Slots of all warps along the units, warpsAlongUnits · warpSlots, bounded by `evenLaneUnits`. */
  readonly tileSlots: IntExpr;
  /** What the lanes of a warp hold of one slot: adjacent units, of sequences that are `slotSequenceStride` apart; lane l has sequence l mod slotSequences. */
  readonly slotUnits: IntExpr;
  readonly slotSequences: IntExpr;
  readonly slotSequenceStride: IntExpr;
  /** Registers of a thread that hold R for the whole sequence. */
  readonly matrixRegisters: IntExpr;
  /** Registers of a thread that the product needs beside R: bias, accumulators and operands on their way. */
  readonly workRegisters: IntExpr;
  /** Shared memory of a block for the part of R that is not in registers. */
  readonly matrixSharedBytes: IntExpr;
  /** Shared memory of a warp for what it has sent for of the part of R that is read in every step, where the sums of warps meet later. */
  readonly landingBytes: IntExpr;
  /** Device memory of a block for the part of R that it reads in every step. */
  readonly matrixStreamedBytes: IntExpr;
  /** Further quantities that the product's source needs as constants. */
  readonly derived: Readonly<Record<string, IntExpr>>;
  /** The predicted time of one product of a block. */
  readonly costTerms: readonly CostTerm[];
}

/** What a family makes of a product. */
export interface ProductUse {
  /** How many blocks share the inner dimension. */
  readonly blocksAlongInner: IntExpr;
  /**
   * A lane's even share of all units of all sequences, over all lanes of the device: no lane's units in the slots of all warps along the units,
   * unitsPerThread · warpsAlongUnits · warpSlots, are fewer. It follows from the number of blocks, but not by the bounds of each unknown alone;
   * quantities that are the larger one of what they are and of what follows from this show the search early which tilings are slow.
   */
  readonly evenLaneUnits: IntExpr;
  /** How the operand reaches registers. */
  readonly operand: OperandPath;
  /** Whether a part of R may be read from device memory, mostly from L2, in every step. */
  readonly streams: boolean;
}

/** A way of multiplying: states its tiling, and has the C++ of a `struct Product` with `load` and `multiply`. */
export interface MatrixProduct {
  tile(problem: Problem, device: CudaDevice, model: Model, use: ProductUse): ProductTiling;
  /** C++ at namespace scope. It uses the plan's constants by name. */
  source(plan: Plan, operand: OperandPath, streams: boolean): string;
}

/** Numbers of adjacent units that a thread may have, so that they are aligned words. */
export const adjacentUnits = (headDim: number): readonly number[] => [1, 2].filter((count) => headDim % count === 0);

/** Warps of a block that share a part of a multiprocessor: warps are dealt to the parts in turn. */
export const warpsPerPart = (device: CudaDevice, warps: IntExpr): IntExpr =>
  ceilQuotient(warps, device.warpAllocationGranularity);

/** 1 where a part of a multiprocessor has one warp of the block, which nothing relieves while it waits, else 0. */
export const isAlone = (warpsOfPart: IntExpr): IntExpr => max([constant(2).minus(warpsOfPart), 0]);
