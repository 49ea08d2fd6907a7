import type { Numbers } from "../../cell/evaluate-rows.js";
import { isLinear, type LinearCell, whyNotLinear } from "../../cell/linear.js";
import { KernelgenError } from "../../errors.js";
import type { Problem } from "../../plan/problem.js";
import { scanTensors } from "../../plan/scan-tensors.js";
import { elementCount } from "../../plan/tensors.js";
import type { ScanValues } from "./gate-rows.js";

/**
 * How a linear recurrence is computed on the CPU. All give the same numbers, up to rounding.
 *
 * - `sequential`: h' = a·h + b, one step after the other.
 * - `scan`: chunks of steps, each from a zero state, with the products of their decays; the states between chunks; then both together.
 * - `log-scan`: the same with log a and log h, after Heinsen (arXiv 2311.06281) and the paper's appendix B: no product of decays can
 *   vanish. For cells whose coefficients are positive, from states that are not negative. Forward only.
 */
export type ScanAlgorithm = (typeof scanAlgorithms)[number];

const scanAlgorithms = ["sequential", "scan", "log-scan"] as const;

/** How `scanForward` and `scanBackward` compute. */
export interface ScanOptions {
  /** "sequential" if it is not given. */
  readonly algorithm?: ScanAlgorithm;
  /** Steps of each of the B sequences, from 0 to T; T without them. Beyond its length a sequence's outputs are zero. */
  readonly lengths?: ArrayLike<number>;
  /** Steps of a chunk of a scan; 64 if it is not given. */
  readonly chunkSteps?: number;
}

/** Steps of a chunk: their rows stay in the cache between the two times that they are visited. */
const defaultChunkSteps = 64;

/** A problem of a linear recurrence. */
export type LinearProblem = Problem & { readonly cell: LinearCell };

/**
 * Checks what is given for a scan on the CPU, and completes it.
 *
 * Throws `KernelgenError` "invalid-problem" for a cell that is no linear recurrence, an algorithm that does not exist, a tensor of another size,
 * another number of lengths than sequences, or a length that is not from 0 to T.
 */
export function scanArguments(
  problem: Problem,
  values: ScanValues,
  { algorithm = "sequential", lengths, chunkSteps = defaultChunkSteps }: ScanOptions,
): { readonly linear: LinearProblem; readonly lengths: readonly number[]; readonly chunkSteps: number } {
  const { cell, batch, steps } = problem;
  if (!isLinear(cell)) {
    throw new KernelgenError("invalid-problem", whyNotLinear(cell));
  }
  if (!scanAlgorithms.includes(algorithm)) {
    throw new KernelgenError("invalid-problem", `algorithm: "${algorithm}" is not one of ${scanAlgorithms.join(", ")}`);
  }
  for (const tensor of scanTensors(problem).filter(({ role }) => role === "input")) {
    const given: Numbers | undefined = values[tensor.name];
    if (given?.length !== elementCount(tensor)) {
      throw new KernelgenError(
        "invalid-problem",
        `tensor ${tensor.name} [${tensor.shape.join(",")}]: got ${given?.length ?? "no"} values, needs ${elementCount(tensor)}`,
      );
    }
  }
  if (lengths !== undefined && lengths.length !== batch) {
    throw new KernelgenError(
      "invalid-problem",
      `lengths: got ${lengths.length}, needs one for each of ${batch} sequences`,
    );
  }
  const all = Array.from({ length: batch }, (_, b) => lengths?.[b] ?? steps);
  for (const length of all) {
    if (!Number.isInteger(length) || length < 0 || length > steps) {
      throw new KernelgenError("invalid-problem", `length: ${length} is not an integer from 0 to ${steps} steps`);
    }
  }
  if (!Number.isInteger(chunkSteps) || chunkSteps < 1) {
    throw new KernelgenError("invalid-problem", `steps of a chunk: ${chunkSteps} is not an integer from 1`);
  }
  return { linear: { ...problem, cell }, lengths: all, chunkSteps };
}

/** Zeros in the precision of other numbers. */
export const zerosLike = <Values extends Numbers>(like: Values, length: number): Values =>
  (like instanceof Float32Array ? new Float32Array(length) : new Float64Array(length)) as Values;
