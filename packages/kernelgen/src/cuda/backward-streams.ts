import { backwardReads } from "../cell/backward-reads.js";
import type { CellState } from "../cell/definition.js";
import type { Problem } from "../plan/problem.js";
import { backwardStep } from "../plan/saved-values.js";
import { gradientName } from "../plan/tensors.js";

/** A tensor of which a backward step reads one value for each unit, loaded some steps ahead. */
export interface Stream {
  /** The tensor's name. */
  readonly name: string;
  /** The state's initial values, where the step reads the value of the step before it. */
  readonly initial?: string;
  /** Whether its elements are of the problem's data type; fp32 otherwise. */
  readonly isElement: boolean;
}

/** What a backward step reads, and what it keeps from step to step. */
export interface BackwardStreams {
  readonly streams: readonly Stream[];
  /** The states whose values before the step are read. */
  readonly previous: readonly CellState[];
  /** The states whose values after the step are read. */
  readonly next: readonly CellState[];
  /** Of these, the ones read as previous values too: what is the next value of a step was the previous value of the step after it. */
  readonly carried: readonly CellState[];
  /** The states other than the output whose gradients are given for all steps, and read: those of a detached state have no effect. */
  readonly givenSequences: readonly CellState[];
}

/** The tensors that a backward kernel streams through, in the order of its registers. */
export function backwardStreams(problem: Problem): BackwardStreams {
  const { cell } = problem;
  const step = backwardStep(problem);
  const { previous, next } = backwardReads(cell, step);
  const carried = next.filter((state) => previous.includes(state));
  const givenSequences =
    problem.stateOutput === "sequence" ? cell.states.slice(1).filter(({ isDetached }) => !isDetached) : [];
  const output = cell.states[0]!;
  const isElement = (state: CellState): boolean => state === output;
  const streams = [
    ...step.saved.map(({ name }): Stream => ({ name, isElement: true })),
    { name: gradientName(output.name), isElement: true },
    ...givenSequences.map(({ name }): Stream => ({ name: gradientName(name), isElement: false })),
    ...previous.map(
      (state): Stream => ({
        name: state.name,
        initial: `${state.name}_initial`,
        isElement: isElement(state),
      }),
    ),
    ...next
      .filter((state) => !carried.includes(state))
      .map((state): Stream => ({ name: state.name, isElement: isElement(state) })),
  ];
  return { streams, previous, next, carried, givenSequences };
}
