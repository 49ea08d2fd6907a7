import { gatesWith, statesRead, stepGraph } from "../cell/definition.js";
import type { Scalar } from "../cell/scalar.js";
import type { Problem } from "../plan/problem.js";
import { backwardStep, savedValues } from "../plan/saved-values.js";
import { backwardStreams } from "./backward-streams.js";
import { slotBiasGates } from "./gate-source.js";

/** What a step computes, reads, writes and keeps for each unit of each sequence, the product and its operand apart. */
export interface StepTraffic {
  /** What it computes. */
  readonly roots: readonly Scalar[];
  /** Values of the data type that are loaded ahead. */
  readonly elementReads: number;
  /** fp32 values that are loaded ahead. */
  readonly floatReads: number;
  /** Values written to global memory in each step. */
  readonly writes: number;
  /** Values of the data type that a thread holds from the pointwise step to where it stores them, beside a forward step's output. */
  readonly heldWrites: number;
  /** fp32 values that a thread keeps from step to step. */
  readonly keptFloats: number;
}

/** The traffic of a step of the problem's pass. */
export function stepTraffic(problem: Problem): StepTraffic {
  const { pass, cell } = problem;
  if (pass === "forward") {
    const saved = savedValues(problem)?.saved.length ?? 0;
    const sequences = problem.stateOutput === "sequence" ? cell.states.length : 1;
    return {
      roots: stepGraph(cell),
      elementReads: gatesWith(cell, "input").length,
      floatReads: 0,
      writes: sequences + saved,
      heldWrites: saved,
      keptFloats: statesRead(cell).length + slotBiasGates(cell).length,
    };
  }
  const { gateGradients, previousGradients } = backwardStep(problem);
  const { streams, carried } = backwardStreams(problem);
  const elementReads = streams.filter(({ isElement }) => isElement).length;
  return {
    roots: [...gateGradients, ...previousGradients],
    elementReads,
    floatReads: streams.length - elementReads,
    writes: cell.gates.length,
    heldWrites: cell.gates.length,
    keptFloats: cell.states.length + carried.length,
  };
}
