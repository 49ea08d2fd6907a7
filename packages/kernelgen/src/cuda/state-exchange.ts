import type { IntExpr, Model } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { CostTerm } from "../plan/cost-term.js";
import type { Budget } from "../plan/family.js";
import type { Problem } from "../plan/problem.js";
import type { ExchangeText } from "./forward-source.js";

/** What an exchange knows of the tiling around it. */
export interface ExchangeContext {
  readonly batchBlocks: IntExpr;
  readonly blockCount: IntExpr;
  readonly batchTile: IntExpr;
  readonly threadsPerBlock: IntExpr;
  /** Bytes of R that a block holds. */
  readonly matrixBytes: IntExpr;
}

/** How the new state reaches the threads that need it in the next step; what makes a family. */
export interface StateExchange {
  /** Why this exchange can't serve the problem on the device whatever the tile; undefined if it might. */
  refuse(problem: Problem, device: CudaDevice): string | undefined;
  /** Units that the blocks of a head cover together: the head, or more where padding must be written too. */
  coveredUnits(problem: Problem): number;
  /** Whether the units of a head may be spread over blocks. */
  readonly spreadsHead: boolean;
  /** Steps that inputs are loaded ahead. */
  readonly prefetchSteps: number;
  /** Registers of a thread that the exchange needs for itself. */
  readonly registers: number;
  /** Blocks must all be resident at once. */
  readonly cooperative: boolean;
  tile(
    problem: Problem,
    device: CudaDevice,
    model: Model,
    context: ExchangeContext,
  ): {
    readonly derived: Readonly<Record<string, IntExpr>>;
    readonly budgets: readonly Budget[];
    /** The predicted time of a step's exchange. */
    readonly costTerms: readonly CostTerm[];
  };
  /** C++ with `struct Exchange`. */
  source(problem: Problem): string;
  readonly text: ExchangeText;
}
