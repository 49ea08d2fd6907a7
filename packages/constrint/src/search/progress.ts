import { SolverError } from "../error.js";
import type { Statistics } from "./statistics.js";

/** How far a search has come. */
export interface Progress extends Statistics {
  /** Decisions that stand at the moment. */
  readonly depth: number;
  /** The objective's value for the best solution so far; undefined without an objective or solution. */
  readonly objective?: number | undefined;
  /** A value that the objective is proved not to be better than; undefined without an objective, or before it is known. */
  readonly bound?: number | undefined;
}

/** Who wants to know how far a search has come. */
export interface ProgressOptions {
  /**
   * Called now and then during the search, from within it. Aborting {@link Limits.signal} from it ends the search; an exception
   * leaves the call that searches.
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** The least number of milliseconds from one call of {@link onProgress} to the next; 200 unless told. */
  readonly progressIntervalMilliseconds?: number | undefined;
}

/** {@link ProgressOptions.progressIntervalMilliseconds} where it is not given. */
export const DEFAULT_PROGRESS_INTERVAL = 200;

/** @throws SolverError `invalid-option` for an interval that is not a number ≥ 0. */
export function checkProgressOptions({ progressIntervalMilliseconds: interval }: ProgressOptions): void {
  if (interval !== undefined && !(interval >= 0)) {
    throw new SolverError("invalid-option", `progressIntervalMilliseconds: ${interval} is not a number ≥ 0`);
  }
}
