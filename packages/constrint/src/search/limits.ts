import { SolverError } from "../error.js";

/** When to give up. Every limit is checked between nodes and, for long propagations, within them. */
export interface Limits {
  /** The most nodes of the search tree to visit, its root included. */
  readonly nodeLimit?: number | undefined;
  /** The most dead ends to run into. */
  readonly failureLimit?: number | undefined;
  /** The most seconds to spend. */
  readonly timeLimitSeconds?: number | undefined;
  /**
   * Aborts the search, which then answers with what it has, as at any other limit; `signal.throwIfAborted()` makes an exception
   * of it. While a synchronous search runs, only its own callbacks can abort it: the asynchronous ones see every abort, such as
   * that of `AbortSignal.timeout(…)`.
   */
  readonly signal?: AbortSignal | undefined;
}

/** @throws SolverError `invalid-option` for a limit that is not a number ≥ 0. */
export function checkLimits(limits: Limits): void {
  for (const name of ["nodeLimit", "failureLimit", "timeLimitSeconds"] as const) {
    const limit = limits[name];
    if (limit !== undefined && !(limit >= 0))
      throw new SolverError("invalid-option", `${name}: ${limit} is not a number ≥ 0`);
  }
}

/** Whether the time limit has passed or the signal was aborted, for work that began at this reading of `performance.now`. */
export function isOver({ timeLimitSeconds, signal }: Limits, startedAt: number): boolean {
  if (signal?.aborted) return true;
  return timeLimitSeconds !== undefined && performance.now() >= startedAt + 1000 * timeLimitSeconds;
}
