import { constant, type IntExpr } from "constrint";
import type { CudaDevice } from "hwmodels";
import type { CostTerm } from "../../plan/cost-term.js";
import { type Problem, usesMatrixInstructions } from "../../plan/problem.js";
import { calibratedTerm } from "../cost.js";

/** A number that every number of steps loaded ahead divides. */
const roundsShare = 240;

/**
 * Steps that inputs may be loaded ahead where no thread polls global memory. A step of a small head takes about a fifth of a microsecond, a
 * read of device memory about one. Of plain multiply-adds more unrolled steps would not fit the instruction cache.
 */
export const polledNowhere = (problem: Problem): readonly number[] =>
  usesMatrixInstructions(problem) ? [4, 6, 8, 12, 16] : [4];

/** The time of a step's share of the wait that a round of `prefetchSteps` steps begins with. */
export const prefetchWaitTerm = (device: CudaDevice, prefetchSteps: IntExpr): CostTerm =>
  calibratedTerm(device, "prefetchWaitCycles", constant(roundsShare).dividedBy(prefetchSteps), 1 / roundsShare);
